package model

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// run is the billing of an account at a boundary that was sent for. Over says that it has closed since.
type run struct {
	account  *Account
	boundary time.Time
	over     bool
}

// invoice is what an account owes at a boundary.
type invoice struct {
	account    *Account
	boundary   time.Time
	final      time.Time
	currency   string
	status     string
	collection string
	by         string
	number     int
	attempts   int
	next       *time.Time // when a declined one is tried again
	credit     decimal.Decimal
	carriedIn  decimal.Decimal
	carriedTo  *invoice
	lines      []*line
}

// owed is what account credit has left to pay; due adds what is collected for others.
func (i *invoice) owed() decimal.Decimal { return i.total().Sub(i.credit) }

func (i *invoice) due() decimal.Decimal { return i.owed().Add(i.carriedIn) }

// line is one rounded amount. Fees have no meter.
type line struct {
	meter      string
	asset      string
	start, end time.Time
	quantity   decimal.Decimal
	covered    decimal.Decimal
	overage    decimal.Decimal
	exact      decimal.Decimal
}

func (l *line) amount() decimal.Decimal { return l.exact.Round(2) }

func (i *invoice) total() decimal.Decimal {
	sum := decimal.Zero
	for _, l := range i.lines {
		sum = sum.Add(l.amount())
	}
	return sum
}

// Ref names an invoice: an account has one for each boundary.
func (i *invoice) Ref() string { return i.account.Name + "/" + stamp(i.boundary) }

type payment struct {
	effect   string
	ref      string
	account  *Account
	of       *invoice
	status   string
	amount   decimal.Decimal
	currency string
	attempt  int
	at       time.Time
}

// send asks for a run; one that is over may be asked for again.
func (w *World) send(a *Account, boundary time.Time) {
	if r := w.run(a, boundary); r != nil {
		r.over = false
		return
	}
	w.runs = append(w.runs, &run{account: a, boundary: boundary})
}

func (w *World) run(a *Account, boundary time.Time) *run {
	for _, r := range w.runs {
		if r.account == a && r.boundary.Equal(boundary) {
			return r
		}
	}
	return nil
}

// runForOverage sends for the end of the calendar month when nothing else is going to bill the account.
func (w *World) runForOverage(a *Account) {
	for _, o := range w.assignments {
		if o.account == a && !o.isOver() {
			return
		}
	}
	for _, p := range w.periods {
		if p.of.account == a && p.status != "closed" {
			return
		}
	}
	if end := must(calendar.MonthOf(a.Zone, w.Now)).End; w.run(a, end) == nil {
		w.send(a, end)
	}
}

func (w *World) nextRun(a *Account) {
	for _, r := range w.ratings {
		if r.account == a && r.overage.IsPositive() && !r.invoiced {
			w.runForOverage(a)
			return
		}
	}
}

// dueAt is when a run may close: its boundary, or when the longest grace of what ends there is over.
func (w *World) dueAt(a *Account, boundary time.Time) time.Time {
	due := boundary
	for _, p := range w.periods {
		if p.of.account == a && p.end.Equal(boundary) && p.grace.After(due) {
			due = p.grace
		}
	}
	return due
}

func (w *World) freeze(op Op) Outcome {
	a, frozen := w.account(op.Account), 0
	for _, p := range w.periods {
		if p.of.account == a && p.end.Equal(*op.At) && (p.status == "open" || p.status == "grace") {
			p.status = "frozen"
			frozen++
		}
	}
	if frozen == 0 {
		return nothing("frozen, %d pending", w.pending(a, *op.At))
	}
	return said("frozen, %d pending", w.pending(a, *op.At))
}

// pending counts usage before the boundary that is not in the books.
func (w *World) pending(a *Account, boundary time.Time) int {
	n := 0
	for _, e := range w.accepted(a) {
		if e.at.Before(boundary) {
			n++
		}
	}
	for _, r := range w.unsettled(a) {
		if r.at.Before(boundary) {
			n++
		}
	}
	return n
}

// turnsBefore counts the assignments that have something to do until the boundary.
func (w *World) turnsBefore(a *Account, boundary time.Time) int {
	n := 0
	for _, o := range w.assignments {
		if o.account != a || o.isOver() {
			continue
		}
		due := o.start
		if o.status == "active" {
			due = w.lastPeriod(o).end
			if o.end != nil && o.end.Before(due) {
				due = *o.end
			}
		}
		if !due.After(boundary) {
			n++
		}
	}
	return n
}

func (w *World) closeRun(op Op) Outcome {
	a, boundary := w.account(op.Account), *op.At
	if w.Now.Before(w.dueAt(a, boundary)) {
		return nothing("made 0, closed 0")
	}
	if n := w.pending(a, boundary); n > 0 {
		return nothing("%d pending", n)
	}
	if n := w.turnsBefore(a, boundary); n > 0 {
		return nothing("%d pending", n)
	}
	made := w.draft(a, boundary)
	closed := 0
	for _, p := range w.periods {
		if p.of.account != a || p.end.After(boundary) || p.status != "frozen" {
			continue
		}
		p.status = "closed"
		closed++
		if p.billed {
			w.post(a, "period_closed", move(p.of.plan.Currency, p.fee, "deferred_revenue", "revenue:fees"))
		}
	}
	w.expireLots(a, boundary)
	if r := w.run(a, boundary); r != nil {
		r.over = true
	}
	w.nextRun(a)
	return said("made %d, closed %d", made, closed)
}

// draft puts everything that is owed by the boundary and on no line yet onto the boundary's invoice, if it has none.
func (w *World) draft(a *Account, boundary time.Time) int {
	inv := &invoice{account: a, boundary: boundary, final: w.dueAt(a, boundary), currency: a.currency, status: "draft", collection: "none",
		by: w.collectBy(a, boundary)}
	for _, other := range w.invoices {
		if other.account == a && other.boundary.Equal(boundary) {
			return 0
		}
	}
	w.usageLines(inv)
	for _, p := range w.periods {
		if p.of.account == a && !p.billed && !p.start.After(boundary) && p.fee.IsPositive() {
			p.billed = true
			inv.lines = append(inv.lines, &line{start: p.start, end: p.end, quantity: decimal.NewFromInt(1), exact: p.fee})
		}
	}
	if len(inv.lines) == 0 {
		return 0
	}
	w.invoices = append(w.invoices, inv)
	return 1
}

func (w *World) usageLines(inv *invoice) {
	for _, r := range w.ratings {
		end := w.endOf(r)
		if r.account != inv.account || r.waived || r.invoiced || r.currency == "" || end.After(inv.boundary) {
			continue
		}
		i := slices.IndexFunc(inv.lines, func(l *line) bool {
			return l.meter == r.meter && l.asset == r.asset && l.start.Equal(r.start) && l.end.Equal(end)
		})
		if i < 0 {
			i = len(inv.lines)
			inv.lines = append(inv.lines, &line{meter: r.meter, asset: r.asset, start: r.start, end: end})
		}
		l := inv.lines[i]
		l.quantity, l.covered, l.overage, l.exact = l.quantity.Add(r.quantity), l.covered.Add(r.covered), l.overage.Add(r.overage), l.exact.Add(r.fiat)
		r.invoiced = true
	}
}

// endOf is the end of a rating's period as it stands: a cancellation may have cut it.
func (w *World) endOf(r *rating) time.Time {
	for _, p := range w.periods {
		if p.of == r.of && p.start.Equal(r.start) {
			return p.end
		}
	}
	return r.end
}

// collectBy is how the periods of the boundary are collected; without any, as the account's last one was.
func (w *World) collectBy(a *Account, boundary time.Time) string {
	var at []*period
	var last *period
	for _, p := range w.periods {
		if p.of.account != a {
			continue
		}
		if p.end.Equal(boundary) || p.start.Equal(boundary) {
			at = append(at, p)
		}
		if last == nil || p.end.After(last.end) || p.end.Equal(last.end) && (p.of.plan.Collect != "none" || last.of.plan.Collect == "none") {
			last = p
		}
	}
	slices.SortStableFunc(at, func(x, y *period) int { return x.start.Compare(y.start) })
	by := "none"
	switch {
	case len(at) == 0 && last == nil:
		return w.catalog.plan(w.catalog.Free).Collect
	case len(at) == 0:
		return last.of.plan.Collect
	}
	for _, p := range at {
		if p.of.plan.Collect != "none" {
			by = p.of.plan.Collect
		}
	}
	return by
}
