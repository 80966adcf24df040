package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Lines shows everything that can be observed of the world, one fact a line, sorted.
func (w *World) Lines() []string {
	p := &printer{}
	for _, a := range w.accounts {
		w.accountLines(p, a)
	}
	w.planLines(p)
	for _, l := range w.leases {
		p.line("lease %s %s %s until=%s holds=%s bounds=%s", l.account.Name, l.key, l.status, stamp(l.until), amounts(l.holds), amounts(l.bounds))
	}
	w.usageLinesOf(p)
	w.bookLines(p)
	w.billLines(p)
	slices.Sort(p.lines)
	return p.lines
}

type printer struct{ lines []string }

func (p *printer) line(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

func (w *World) assets() []string { return append(slices.Clone(w.catalog.Credits), "EUR", "USD") }

// left is what the account's lots in force still have.
func (w *World) left(a *Account, asset string) decimal.Decimal {
	sum := decimal.Zero
	for _, l := range w.lots {
		if l.account == a && l.asset == asset && l.counts() {
			sum = sum.Add(l.remaining)
		}
	}
	return sum
}

func (w *World) accountLines(p *printer, a *Account) {
	p.line("account %s %s %s", a.Name, a.status, a.currency)
	for _, asset := range w.assets() {
		if held := w.held(a, asset); !held.IsZero() || !w.left(a, asset).IsZero() {
			p.line("funds %s %s available=%s held=%s", a.Name, asset, w.left(a, asset).Sub(held), held)
		}
	}
	from := &a.created
	for _, o := range w.bases(a) {
		if from != nil && from.Before(o.start) {
			p.line("phase %s base %s %s %s", a.Name, w.catalog.Free, stamp(*from), stamp(o.start))
		}
		p.line("phase %s base %s %s %s", a.Name, o.plan.Code, stamp(o.start), stampOr(o.end))
		from = o.end
	}
	if from != nil {
		p.line("phase %s base %s %s -", a.Name, w.catalog.Free, stamp(*from))
	}
	for _, o := range w.assignments {
		if o.account == a && o.plan.Kind != "base" && (o.end == nil || o.end.After(o.start)) {
			p.line("phase %s %s %s %s %s", a.Name, o.plan.Kind, o.plan.Code, stamp(o.start), stampOr(o.end))
		}
	}
}

// Balance shows what an account has in each asset, by the books and by what decides the next call.
func (w *World) Balance(name string) []string {
	p, a := &printer{}, w.account(name)
	for _, asset := range w.assets() {
		posted, pending := w.balance(a, "wallet", asset).Neg(), w.drawn(a, asset)
		held := w.held(a, asset)
		if posted.IsZero() && pending.IsZero() && held.IsZero() && w.left(a, asset).IsZero() {
			continue
		}
		p.line("balance %s posted=%s pending=%s available=%s held=%s spendable=%s", asset, posted, pending, w.left(a, asset).Sub(held), held,
			w.spendable(a, asset))
	}
	return p.lines
}

// drawn is what is taken from lots and not in the books yet, less what is in use before its issuance is.
func (w *World) drawn(a *Account, asset string) decimal.Decimal {
	sum := decimal.Zero
	for _, r := range w.unsettled(a) {
		if r.asset == asset {
			sum = sum.Add(r.covered)
		}
	}
	for _, l := range w.lots {
		if l.account == a && l.asset == asset && !l.posted && (l.counts() || l.status == "expired") {
			sum = sum.Sub(l.issued)
		}
	}
	return sum
}

func (w *World) planLines(p *printer) {
	for _, a := range w.assignments {
		p.line("assignment %s %s %s %s end=%s", a.account.Name, a.ref, a.plan.Code, a.status, stampOr(a.end))
	}
	for _, o := range w.periods {
		p.line("period %s %d %s %s grace=%s %s fee=%s", o.of.ref, o.index, stamp(o.start), stamp(o.end), stamp(o.grace), o.status, o.fee)
	}
	for _, l := range w.lots {
		p.line("lot %s %s %s %s issued=%s remaining=%s consumed=%s expired=%s voided=%s from=%s until=%s posted=%t", l.account.Name, l.ref, l.asset,
			l.status, l.issued, l.remaining, l.consumed, l.expired, l.voided, stamp(l.from), stampOr(l.until), l.posted)
	}
}

func (w *World) usageLinesOf(p *printer) {
	for key, a := range w.answers {
		if name, ask, is := strings.Cut(key, "/ask/"); is {
			verdict, _, _ := strings.Cut(a.said, " estimate")
			p.line("ask %s %s %s", name, ask, verdict)
		}
		if key, commit, is := strings.Cut(key, "/commit/"); is {
			p.line("commit %s/%s", key, commit)
		}
	}
	for _, e := range w.events {
		p.line("event %s %s %s %s at=%s %s %s", e.account.Name, e.source, e.meter, e.quantity, stamp(e.at), e.status, e.reason)
	}
	for _, k := range w.quarantine {
		p.line("quarantine %s %s %s %s at=%s %s", k.account.Name, k.source, k.meter, k.quantity, stamp(k.at), k.reason)
	}
	for c, quantity := range w.counters {
		if quantity.IsZero() {
			continue
		}
		p.line("counter %s %s %s %s %s", c.account.Name, c.meter, c.price, stamp(c.start), quantity)
	}
	for _, r := range w.ratings {
		kind := "billed"
		if r.waived {
			kind = "waived"
		}
		p.line("rating %s %s %s %s of %s@%s at=%s [%s %s) before=%s amount=%s covered=%s overage=%s fiat=%s %s settled=%t", r.account.Name, r.source,
			r.meter, kind, r.quantity, r.price, stamp(r.at), stamp(r.start), stamp(r.end), r.before, r.amount, r.covered, r.overage, r.fiat, r.currency,
			r.settled)
		for i, part := range r.parts {
			by := "overage"
			if part.lot != nil {
				by = part.lot.ref
			}
			p.line("paid %s %s %d %s %s fiat=%s", r.source, r.meter, i+1, by, part.amount, part.fiat)
		}
	}
}

func (w *World) bookLines(p *printer) {
	sums, counts := map[string]decimal.Decimal{}, map[string]int{}
	for _, t := range w.journal {
		counts[t.Of.Name+" "+t.Kind]++
		for _, e := range t.Entries {
			key := t.Of.Name + " " + e.Account + " " + e.Asset
			sums[key] = sums[key].Add(e.Amount)
		}
	}
	for _, key := range sortedKeys(sums) {
		if !sums[key].IsZero() {
			p.line("ledger %s %s", key, sums[key])
		}
	}
	for _, key := range sortedKeys(counts) {
		p.line("transactions %s %d", key, counts[key])
	}
}

func (w *World) billLines(p *printer) {
	for _, r := range w.runs {
		p.line("run %s %s", r.account.Name, stamp(r.boundary))
	}
	for _, i := range w.invoices {
		to := "-"
		if i.carriedTo != nil {
			to = i.carriedTo.Ref()
		}
		p.line("invoice %s %s %s %s by=%s total=%s credit=%s carried=%s to=%s rounding=%s final=%s number=%s attempts=%d next=%s", i.Ref(), i.currency,
			i.status, i.collection, i.by, i.total(), i.credit, i.carriedIn, to, i.rounding(), stamp(i.final), i.numbered(), i.attempts, stampOr(i.next))
		for _, l := range i.lines {
			p.line("line %s %s %s [%s %s) quantity=%s covered=%s overage=%s exact=%s amount=%s", i.Ref(), l.meter, l.asset, stamp(l.start),
				stamp(l.end), l.quantity, l.covered, l.overage, l.exact, l.amount())
		}
	}
	for _, m := range w.payments {
		of := "-"
		if m.of != nil {
			of = m.of.Ref()
		}
		p.line("payment %s %s %s %s %s attempt=%d of=%s", m.account.Name, m.ref, m.status, m.amount, m.currency, m.attempt, of)
	}
}

func (i *invoice) rounding() decimal.Decimal {
	sum := decimal.Zero
	for _, l := range i.lines {
		sum = sum.Add(l.amount().Sub(l.exact))
	}
	return sum
}

func (i *invoice) numbered() string {
	if i.number == 0 {
		return ""
	}
	return fmt.Sprintf("INV-%06d", i.number)
}

// Boundaries are the instants at which something begins or ends for an account, and those around now.
func (w *World) Boundaries(name string) []time.Time {
	a, out := w.account(name), []time.Time{w.Now}
	for _, o := range w.assignments {
		if o.account == a && w.Now.After(o.start.AddDate(0, 0, -30)) {
			span := o.spanAt(w.Now)
			out = append(out, o.start, span.Start, span.End)
			if o.end != nil {
				out = append(out, *o.end)
			}
		}
	}
	return out
}
