package model

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// assignment puts a plan on an account for [start, end).
type assignment struct {
	ref     string
	account *Account
	plan    Plan
	status  string
	start   time.Time
	end     *time.Time
	made    time.Time
}

func (a *assignment) isOver() bool { return a.status == "ended" || a.status == "canceled" }

func (a *assignment) applies(at time.Time) bool {
	return !at.Before(a.start) && (a.end == nil || at.Before(*a.end))
}

func (a *assignment) grid() calendar.Anchor {
	return calendar.Anchor{At: a.start, Zone: a.account.Zone, Cadence: a.plan.Cadence}
}

func (a *assignment) span(k int) calendar.Interval { return must(a.grid().Period(k)) }

func (a *assignment) spanAt(at time.Time) calendar.Interval { return a.span(must(a.grid().Index(at))) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// period is one billing period of an assignment.
type period struct {
	of         *assignment
	index      int
	start, end time.Time
	grace      time.Time
	status     string
	fee        decimal.Decimal
	billed     bool // its fee is on a line
}

func (w *World) assignment(ref string) *assignment {
	i := slices.IndexFunc(w.assignments, func(a *assignment) bool { return a.ref == ref })
	if i < 0 {
		return nil
	}
	return w.assignments[i]
}

func (w *World) assign(op Op) Outcome {
	a, plan := w.account(op.Account), w.catalog.plan(op.Plan)
	next := &assignment{ref: op.Ref, account: a, plan: plan, status: "scheduled", start: w.Now, end: op.Until, made: w.Now}
	if op.At != nil {
		next.start = *op.At
	}
	currency := a.currency
	if currency == "" {
		currency = plan.Currency
	}
	switch {
	case a.status != "active":
		return refuse("account_" + a.status)
	case next.start.Before(w.Now), next.end != nil && !next.end.After(next.start):
		return refuse("validation_failed")
	case plan.Currency != "" && plan.Currency != currency:
		return refuse("validation_failed")
	}
	for _, g := range plan.Grants {
		if currency != "" && w.value(g.Asset, currency, next.start) == nil {
			return refuse("validation_failed")
		}
	}
	if w.assignment(op.Ref) != nil {
		return refuse("already_exists")
	}
	if plan.Kind == "base" && w.baseBetween(a, next.start, next.end) {
		return refuse("overlap_conflict")
	}
	a.currency = currency
	w.assignments = append(w.assignments, next)
	for _, g := range plan.Grants {
		w.scheduleLot(next, g, 0)
	}
	return said("assigned from %s", stamp(next.start))
}

// baseBetween says whether a paid base plan applies somewhere in [start, end).
func (w *World) baseBetween(a *Account, start time.Time, end *time.Time) bool {
	for _, o := range w.bases(a) {
		if (o.end == nil || start.Before(*o.end)) && (end == nil || o.start.Before(*end)) {
			return true
		}
	}
	return false
}

// bases are the account's paid base assignments that apply at some instant, in the order of time.
func (w *World) bases(a *Account) []*assignment {
	var out []*assignment
	for _, o := range w.assignments {
		if o.account == a && o.plan.Kind == "base" && (o.end == nil || o.end.After(o.start)) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y *assignment) int { return x.start.Compare(y.start) })
	return out
}

// owner is who a usage belongs to: an assignment, or nil for the free plan; ok is false when no plan of the instant allows it.
func (w *World) owner(a *Account, at time.Time, feature, meter string) (o *assignment, plan Plan, ok bool) {
	for _, kind := range []string{"addon", "promo", "base"} {
		for _, o := range w.assignments {
			if o.account == a && o.plan.Kind == kind && o.applies(at) && w.allows(o.plan, feature, meter) {
				return o, o.plan, true
			}
		}
	}
	for _, o := range w.bases(a) {
		if o.applies(at) {
			return nil, Plan{}, false
		}
	}
	free := w.catalog.plan(w.catalog.Free)
	return nil, free, !at.Before(a.created) && w.allows(free, feature, meter)
}

func (w *World) allows(p Plan, feature, meter string) bool {
	for _, f := range p.Features {
		if (feature == "" || f == feature) && (meter == "" || slices.Contains(w.catalog.Features[f], meter)) {
			return true
		}
	}
	return false
}

// usagePeriod is the period that an owner counts a usage in: the free plan counts by the calendar month.
func (w *World) usagePeriod(a *Account, o *assignment, at time.Time) calendar.Interval {
	if o == nil {
		return must(calendar.MonthOf(a.Zone, at))
	}
	span := o.spanAt(at)
	if o.end != nil && o.end.After(span.Start) && o.end.Before(span.End) {
		span.End = *o.end
	}
	return span
}

func (w *World) cancel(op Op) Outcome {
	a := w.assignment(op.Of)
	if a.isOver() {
		return refuse("state_conflict")
	}
	at := w.Now
	if last := w.lastPeriod(a); a.status == "scheduled" && w.Now.Before(a.start) {
		at = a.start
	} else if !op.Now {
		at = a.spanAt(w.Now).End
		if last != nil && last.end.After(w.Now) {
			at = last.end
		}
	}
	if a.end != nil && a.end.Before(at) {
		at = *a.end
	}
	a.end = &at
	w.voidScheduled(a)
	return said("ends at %s", stamp(at))
}

func (w *World) lastPeriod(a *assignment) *period {
	var last *period
	for _, p := range w.periods {
		if p.of == a {
			last = p
		}
	}
	return last
}

// next is what an assignment does next, and when.
func (w *World) next(a *assignment) (what string, due time.Time, index int) {
	last := w.lastPeriod(a)
	switch {
	case a.isOver():
		return "over", time.Time{}, 0
	case a.status == "scheduled" && a.end != nil && !a.end.After(a.start):
		return "end", a.made, 0
	case a.status == "scheduled":
		return "start", a.start, 0
	case a.end != nil && !a.end.After(last.end):
		return "end", *a.end, 0
	}
	return "turn", last.end, last.index + 1
}

func (w *World) turn(op Op) Outcome {
	a := w.assignment(op.Of)
	what, due, index := w.next(a)
	if what == "over" {
		return nothing("over")
	}
	if w.Now.Before(due) {
		return nothing("%s %d of %s", what, index, stamp(due))
	}
	switch what {
	case "start":
		a.status = "active"
		w.openPeriod(a, 0)
	case "turn":
		w.leave(w.lastPeriod(a))
		w.openPeriod(a, index)
	case "end":
		w.endAssignment(a)
	}
	return said("%s %d of %s", what, index, stamp(due))
}

func (w *World) openPeriod(a *assignment, k int) {
	span := a.span(k)
	w.periods = append(w.periods, &period{of: a, index: k, start: span.Start, end: span.End, grace: span.End.Add(a.plan.Grace), status: "open",
		fee: a.plan.Fee})
	w.send(a.account, span.Start)
}

func (w *World) leave(p *period) {
	if p.status == "open" {
		p.status = "grace"
	}
}

func (w *World) endAssignment(a *assignment) {
	w.voidScheduled(a)
	w.voidBegun(a)
	if a.status == "scheduled" {
		a.status = "canceled"
		w.nextRun(a.account)
		return
	}
	a.status = "ended"
	p, at := w.lastPeriod(a), *a.end
	if p.end.After(at) {
		w.giveUnusedBack(p, at)
		w.cutLots(a, at)
		p.grace = at.Add(p.grace.Sub(p.end))
		p.end = at
	}
	w.leave(p)
	w.send(a.account, at)
}

// giveUnusedBack takes the seconds after at off the fee; what is on a line already becomes account credit.
func (w *World) giveUnusedBack(p *period, at time.Time) {
	rest, whole := int64(p.end.Sub(at)/time.Second), int64(p.end.Sub(p.start)/time.Second)
	if at.Before(p.start) {
		rest = whole
	}
	unused := p.fee.Mul(decimal.NewFromInt(rest)).DivRound(decimal.NewFromInt(whole), 2)
	p.fee = p.fee.Sub(unused)
	if p.billed {
		w.postAt(p.of.account, "account_credit_given", at, move(p.of.plan.Currency, unused, "deferred_revenue", "account_credit"))
	}
}
