package model

import (
	"fmt"

	"github.com/shopspring/decimal"
)

var (
	dust     = decimal.New(1, -9)
	halfCent = decimal.New(5, -3)
)

// Check names the invariants that do not hold, which should be none.
func (w *World) Check() []string {
	p := &printer{}
	w.checkBooks(p)
	w.checkLots(p)
	w.checkLeases(p)
	w.checkRatings(p)
	w.checkPlans(p)
	w.checkInvoices(p)
	return p.lines
}

func (p *printer) hold(is bool, invariant, format string, args ...any) {
	if !is {
		p.line("%s: %s", invariant, fmt.Sprintf(format, args...))
	}
}

// checkBooks: every transaction balances by asset (I-01); funds are what the books say (I-02).
func (w *World) checkBooks(p *printer) {
	for i, t := range w.journal {
		sums := map[string]decimal.Decimal{}
		for _, e := range t.Entries {
			sums[e.Asset] = sums[e.Asset].Add(e.Amount)
			p.hold(!e.Amount.IsZero() && e.Amount.Equal(e.Amount.Round(9)), "I-01", "transaction %d has an entry of %s", i, e.Amount)
		}
		p.hold(amounts(sums) == "" && len(t.Entries) > 1, "I-01", "transaction %d %s leaves %s", i, t.Kind, amounts(sums))
	}
	for _, a := range w.accounts {
		for _, asset := range w.catalog.Credits {
			books := w.balance(a, "wallet", asset).Neg().Sub(w.drawn(a, asset))
			p.hold(books.Sub(w.left(a, asset)).Abs().LessThanOrEqual(dust), "I-02", "%s has %s %s, posted - pending is %s", a.Name, w.left(a, asset), asset, books)
			p.hold(!w.held(a, asset).IsNegative() && !w.left(a, asset).IsNegative(), "I-04", "%s has or holds less than nothing of %s", a.Name, asset)
		}
	}
}

// checkLots: a lot is what became of it (I-10); recurring lots are numbered without a gap (I-09).
func (w *World) checkLots(p *printer) {
	drawn, next := map[*lot]decimal.Decimal{}, map[string]int{}
	for _, r := range w.ratings {
		for _, x := range r.parts {
			if x.lot != nil {
				drawn[x.lot] = drawn[x.lot].Add(x.amount)
				p.hold(!r.at.Before(x.lot.from) && x.lot.asset == r.asset && x.lot.account == r.account, "I-10", "%s pays %s", x.lot.ref, r.source)
			}
		}
	}
	for _, l := range w.lots {
		whole := l.remaining.Add(l.consumed).Add(l.expired).Add(l.voided)
		p.hold(l.issued.Equal(whole) && !l.remaining.IsNegative() && l.consumed.Equal(drawn[l]), "I-10", "%s is not the sum of its parts", l.ref)
		p.hold(l.remaining.IsZero() || l.status == "scheduled" || l.status == "active", "I-10", "%s is %s with %s left", l.ref, l.status, l.remaining)
		p.hold(l.status != "scheduled" || l.remaining.Equal(l.issued), "I-10", "%s is scheduled and used", l.ref)
		if l.of != nil {
			key := l.of.ref + "/" + l.rule
			p.hold(l.index == next[key], "I-09", "%s is not number %d", l.ref, next[key])
			next[key]++
		}
	}
	w.checkCredits(p)
}

// checkCredits: what was issued and neither taken back nor lost is what the books say (I-22).
func (w *World) checkCredits(p *printer) {
	sums := map[string]decimal.Decimal{}
	for _, l := range w.lots {
		if l.posted {
			key := l.account.Name + " " + l.asset
			sums[key] = sums[key].Add(l.issued).Sub(l.voided).Sub(l.expired)
		}
	}
	slack := dust.Mul(decimal.NewFromInt(int64(1 + len(w.lots)))) // a lot that ends is telescoped beside the usage
	for _, a := range w.accounts {
		for _, asset := range w.catalog.Credits {
			net := w.balance(a, "credits_issued", asset).Add(w.balance(a, "breakage", asset))
			p.hold(net.Sub(sums[a.Name+" "+asset]).Abs().LessThanOrEqual(slack), "I-22", "%s: the books gave %s %s net of what ended, the lots %s",
				a.Name, net, asset, sums[a.Name+" "+asset])
		}
	}
}

// checkLeases: a lease ends once, and only an open one holds (I-08).
func (w *World) checkLeases(p *printer) {
	for _, l := range w.leases {
		p.hold((l.status == "active") == (l.ended == 0) && l.ended < 2, "I-08", "%s is %s and ended %d times", l.key, l.status, l.ended)
		for asset, amount := range l.holds {
			p.hold(!amount.IsNegative(), "I-08", "%s holds %s %s", l.key, amount, asset)
		}
	}
}

// checkRatings: one rating a source and meter (I-07), paid exactly (I-06), adding up to the price of the whole (telescoping),
// and nothing due where nothing is owed (I-24).
func (w *World) checkRatings(p *printer) {
	seen, totals, quantities, prices := map[string]bool{}, map[counter]decimal.Decimal{}, map[counter]decimal.Decimal{}, map[string]Price{}
	for _, x := range w.prices {
		prices[x.Meter+x.key()] = x
	}
	for _, r := range w.ratings {
		key := r.account.Name + r.source + r.meter
		p.hold(!seen[key], "I-07", "%s is rated twice", key)
		seen[key] = true
		paid := decimal.Zero
		for _, x := range r.parts {
			p.hold(x.amount.IsPositive(), "I-06", "%s is paid with %s", key, x.amount)
			paid = paid.Add(x.amount)
		}
		p.hold(r.waived && len(r.parts) == 0 && !r.settled || !r.waived && paid.Equal(r.amount) && r.covered.Add(r.overage).Equal(r.amount), "I-06",
			"%s costs %s and is paid %s", key, r.amount, paid)
		p.hold(!r.waived || r.covered.IsZero() && r.overage.IsZero(), "I-24", "%s is waived and owed", key)
		c := counter{r.account, r.meter, r.price, r.start}
		totals[c], quantities[c] = totals[c].Add(r.amount), quantities[c].Add(r.quantity)
	}
	for c, total := range totals {
		p.hold(w.counters[c].Equal(quantities[c]) && prices[c.meter+c.price].of(quantities[c]).Equal(total), "telescoping",
			"%s %s cost %s in parts", quantities[c], c.meter, total)
	}
}

// checkPlans: base plans do not overlap (I-15); periods are contiguous and numbered.
func (w *World) checkPlans(p *printer) {
	for _, a := range w.accounts {
		bases := w.bases(a)
		for i := 1; i < len(bases); i++ {
			p.hold(bases[i-1].end != nil && !bases[i].start.Before(*bases[i-1].end), "I-15", "%s overlaps %s", bases[i-1].ref, bases[i].ref)
		}
	}
	last := map[*assignment]*period{}
	for _, x := range w.periods {
		if before := last[x.of]; before != nil {
			p.hold(x.index == before.index+1 && x.start.Equal(before.end), "periods", "%s %d does not follow", x.of.ref, x.index)
		} else {
			p.hold(x.index == 0 && x.start.Equal(x.of.start), "periods", "%s begins with %d", x.of.ref, x.index)
		}
		last[x.of] = x
	}
}

// checkInvoices: lines are in minor units and rounding explains the difference (I-11, I-27); an unbilled balance is what no
// final invoice has, and a receivable what nobody has paid.
func (w *World) checkInvoices(p *printer) {
	due, earned := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, i := range w.invoices {
		p.hold(i.rounding().Abs().LessThanOrEqual(halfCent.Mul(decimal.NewFromInt(int64(len(i.lines))))), "I-27", "%s rounds by %s", i.Ref(), i.rounding())
		if i.status == "open" {
			due[i.account.Name] = due[i.account.Name].Add(i.owed())
		}
		for _, l := range i.lines {
			if l.meter != "" && i.status != "draft" {
				earned[i.account.Name] = earned[i.account.Name].Sub(l.exact)
			}
		}
	}
	for _, r := range w.ratings {
		if r.settled {
			earned[r.account.Name] = earned[r.account.Name].Add(r.fiat)
		}
	}
	for _, a := range w.accounts {
		ar, unbilled := w.balance(a, "ar", a.currency), w.balance(a, "unbilled", a.currency)
		p.hold(!w.balance(a, "account_credit", a.currency).IsPositive(), "I-04", "%s has used more account credit than it was given", a.Name)
		p.hold(ar.Equal(due[a.Name]), "I-11", "%s owes %s, the books say %s", a.Name, due[a.Name], ar)
		p.hold(unbilled.Sub(earned[a.Name]).Abs().LessThanOrEqual(dust), "I-11", "%s has %s unbilled, the books say %s", a.Name, earned[a.Name], unbilled)
	}
}
