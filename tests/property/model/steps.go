package model

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Step is a worker's operation and the instant from which it can be done; zero is now.
type Step struct {
	Op  Op
	Due time.Time
}

// Steps are all the things that workers have to do, now or later.
func (w *World) Steps() []Step {
	var out []Step
	add := func(due time.Time, op Op) { out = append(out, Step{op, due}) }
	for _, a := range w.accounts {
		if len(w.accepted(a)) > 0 {
			add(time.Time{}, Op{Kind: Rate, Account: a.Name, Limit: 3})
		}
		if len(w.unsettled(a)) > 0 {
			add(time.Time{}, Op{Kind: Settle, Account: a.Name, Limit: 3})
		}
	}
	for _, l := range w.leases {
		if l.status == "active" {
			add(l.until.Add(time.Second), Op{Kind: Reap, Limit: 10})
		}
	}
	for _, a := range w.assignments {
		if what, due, index := w.next(a); what != "over" {
			add(due, Op{Kind: Turn, Of: a.ref, Index: index})
		}
		for _, g := range a.plan.Grants {
			if l := w.nextLot(a, g.Rule); l != nil {
				add(l.from, Op{Kind: Issue, Of: a.ref, Rule: g.Rule, Index: l.index})
			}
		}
	}
	w.billSteps(add)
	return slices.DeleteFunc(out, func(s Step) bool { return w.waits(s.Op) })
}

func (w *World) billSteps(add func(time.Time, Op)) {
	for _, r := range w.runs {
		if !r.over {
			w.runSteps(r, add)
		}
	}
	for _, i := range w.invoices {
		switch {
		case i.status == "draft":
			add(i.final, Op{Kind: Finalize, Of: i.Ref()})
		case i.collection == "collecting":
			add(time.Time{}, Op{Kind: Attempt, Of: i.Ref()})
		case i.next != nil:
			add(*i.next, Op{Kind: Attempt, Of: i.Ref()})
		}
	}
}

func (w *World) runSteps(r *run, add func(time.Time, Op)) {
	due := w.dueAt(r.account, r.boundary)
	for _, p := range w.periods {
		if p.of.account == r.account && p.end.Equal(r.boundary) && (p.status == "open" || p.status == "grace") {
			add(due, Op{Kind: Freeze, Account: r.account.Name, At: &r.boundary})
			return
		}
	}
	if w.pending(r.account, r.boundary) == 0 && w.turnsBefore(r.account, r.boundary) == 0 {
		add(due, Op{Kind: CloseRun, Account: r.account.Name, At: &r.boundary})
	}
}

// Done says what would still have to be so when nothing goes on any more: no hold, no unbilled usage, no fee that nobody billed
// or earned.
func (w *World) Done() []string {
	p := &printer{}
	for _, l := range w.leases {
		p.hold(l.status != "active", "done", "%s holds funds for ever", l.key)
	}
	for _, r := range w.ratings {
		p.hold(r.waived || r.settled, "done", "%s is not settled", r.source)
		p.hold(r.invoiced || !r.overage.IsPositive(), "done", "%s is not billed", r.source)
	}
	for _, x := range w.periods {
		p.hold(x.status == "closed" && (x.billed || !x.fee.IsPositive()), "done", "period %s %d is %s, billed %t", x.of.ref, x.index, x.status, x.billed)
	}
	for _, l := range w.lots {
		p.hold(l.status != "scheduled" && (l.status != "active" || l.until == nil || l.until.After(w.Now)), "done", "%s is %s", l.ref, l.status)
	}
	w.doneDeferred(p)
	return p.lines
}

// doneDeferred: what is deferred at the end was paid for credits that are left.
func (w *World) doneDeferred(p *printer) {
	for _, a := range w.accounts {
		deferred := decimal.Zero
		for _, l := range w.lots {
			if l.account == a && l.cost.IsPositive() {
				deferred = deferred.Add(l.cost.Mul(l.remaining).DivRound(l.issued, 20))
			}
		}
		books := w.balance(a, "deferred_revenue", a.currency).Neg()
		p.hold(books.Sub(deferred).Abs().LessThanOrEqual(dust), "done", "%s has %s deferred for %s", a.Name, books, deferred)
	}
}

// Names of what exists, for a stream that wants to refer to it.
func (w *World) Names() (assignments, leases, invoices, checkouts []string) {
	for _, a := range w.assignments {
		assignments = append(assignments, a.ref)
	}
	for _, l := range w.leases {
		leases = append(leases, l.key)
	}
	for _, i := range w.invoices {
		invoices = append(invoices, i.Ref())
	}
	for _, c := range w.checkouts {
		checkouts = append(checkouts, c.ref)
	}
	return assignments, leases, invoices, checkouts
}

// Due is what is collected by way of an invoice; ok is false for one that is collected with another, which nobody pays alone.
func (w *World) Due(invoice string) (due decimal.Decimal, ok bool) {
	i := w.invoice(invoice)
	return i.due(), i.collection != "carried"
}

// Offered is the price of a checkout.
func (w *World) Offered(checkout string) decimal.Decimal { return w.checkout(checkout).amount }

// Bounds are what is left of a lease, for a commit that fits it.
func (w *World) Bounds(lease string) []Use {
	var out []Use
	l := w.lease(lease)
	for _, meter := range sortedKeys(l.bounds) {
		out = append(out, Use{meter, l.bounds[meter]})
	}
	return out
}

// Open are the leases that are active.
func (w *World) Open() []string {
	var out []string
	for _, l := range w.leases {
		if l.status == "active" {
			out = append(out, l.key)
		}
	}
	return out
}

// Parked names the accounts that wait for an operator.
func (w *World) Parked() []string {
	var out []string
	for _, a := range w.accounts {
		if a.status == "parked" {
			out = append(out, a.Name)
		}
	}
	return out
}

// Status of an account.
func (w *World) Status(account string) string { return w.account(account).status }

// Entitled are the features that an account may use now.
func (w *World) Entitled(account string) []string {
	var out []string
	for _, f := range sortedKeys(w.catalog.Features) {
		if _, _, ok := w.owner(w.account(account), w.Now, f, ""); ok {
			out = append(out, f)
		}
	}
	return out
}

// Until is when a lease's time is over.
func (w *World) Until(lease string) time.Time { return w.lease(lease).until }
