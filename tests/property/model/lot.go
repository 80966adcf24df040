package model

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// lot is an amount of credits with a beginning, an end and a rank.
type lot struct {
	ref     string
	account *Account
	of      *assignment // nil: bought
	rule    string
	index   int
	asset   string
	status  string
	posted  bool

	issued, remaining, consumed, expired, voided decimal.Decimal
	cost                                         decimal.Decimal

	priority int
	promo    bool
	from     time.Time
	until    *time.Time
}

// counts says whether what is left of the lot is among the account's funds.
func (l *lot) counts() bool { return l.status == "active" || l.status == "exhausted" }

func (l *lot) covers(at time.Time) bool {
	return (l.status == "active" || l.status == "scheduled") && l.remaining.IsPositive() && !at.Before(l.from) && (l.until == nil || at.Before(*l.until))
}

// before says whether the lot pays before another: priority, then the end that comes first, promotional, the older.
func (l *lot) before(o *lot) bool {
	switch {
	case l.priority != o.priority:
		return l.priority < o.priority
	case (l.until == nil) != (o.until == nil):
		return l.until != nil
	case l.until != nil && !l.until.Equal(*o.until):
		return l.until.Before(*o.until)
	case l.promo != o.promo:
		return l.promo
	}
	return l.from.Before(o.from) // a tie goes to the lot that was made first: lots are asked in that order
}

func (w *World) scheduleLot(a *assignment, g Grant, k int) {
	span := a.span(k)
	there := slices.ContainsFunc(w.lots, func(l *lot) bool { return l.of == a && l.rule == g.Rule && l.index == k })
	if there || a.end != nil && !span.Start.Before(*a.end) {
		return
	}
	l := &lot{ref: fmt.Sprintf("%s/%s/%d", a.ref, g.Rule, k), account: a.account, of: a, rule: g.Rule, index: k, asset: g.Asset, status: "scheduled",
		issued: g.Amount, remaining: g.Amount, priority: g.Priority, promo: g.Promo, from: span.Start}
	if g.PeriodEnd {
		l.until = &span.End
		if a.isOver() && a.end.Before(span.End) {
			l.until = a.end
		}
	}
	w.lots = append(w.lots, l)
}

// catchUp writes what issuance still owes by an instant at which lots of an asset are asked for.
func (w *World) catchUp(a *Account, asset string, at time.Time) {
	for _, l := range slices.Clone(w.lots) {
		if l.account != a || l.asset != asset || l.of == nil || l.posted || l.status == "voided" || l.from.After(at) {
			continue
		}
		for _, g := range l.of.plan.Grants {
			for k := l.index + 1; g.Rule == l.rule && !l.of.span(k).Start.After(at); k++ {
				w.scheduleLot(l.of, g, k)
			}
		}
	}
}

// nextLot is the first lot of a rule that is not in the ledger yet.
func (w *World) nextLot(a *assignment, rule string) *lot {
	for _, l := range w.lots {
		if l.of == a && l.rule == rule && !l.posted && l.status != "voided" {
			return l
		}
	}
	return nil
}

func (w *World) issue(op Op) Outcome {
	a := w.assignment(op.Of)
	l := w.nextLot(a, op.Rule)
	if l == nil || l.index != op.Index || w.Now.Before(l.from) {
		return nothing("nothing to issue")
	}
	w.activate(l)
	w.postIssuance(l)
	if l.until != nil && !l.until.After(w.Now) {
		w.expireLots(a.account, l.from)
	}
	for _, g := range a.plan.Grants {
		if g.Rule == op.Rule {
			w.scheduleLot(a, g, op.Index+1)
		}
	}
	return said("issued %s", l.ref)
}

func (w *World) activate(l *lot) {
	if l.status == "scheduled" {
		l.status = "active"
	}
}

func (w *World) postIssuance(l *lot) {
	l.posted = true
	w.post(l.account, "credits_issued", move(l.asset, l.issued, "credits_issued", "wallet"))
}

// voidScheduled takes back what would begin at or after the assignment's end.
func (w *World) voidScheduled(a *assignment) {
	for _, l := range w.lots {
		if l.of == a && l.status == "scheduled" && !l.from.Before(*a.end) {
			l.status, l.voided, l.remaining = "voided", l.remaining, decimal.Zero
		}
	}
}

// voidBegun takes back what is left of lots that began at the instant of the end.
func (w *World) voidBegun(a *assignment) {
	for _, l := range w.lots {
		if l.of == a && l.status == "active" && !l.from.Before(*a.end) {
			if !l.posted {
				w.postIssuance(l)
			}
			left := l.remaining
			l.status, l.voided, l.remaining = "voided", left, decimal.Zero
			w.post(l.account, "lot_voided", move(l.asset, w.telescope(l.account, "wallet", l.asset, left), "wallet", "credits_issued"))
		}
	}
}

// cutLots lets what ends with the period end with it.
func (w *World) cutLots(a *assignment, at time.Time) {
	for _, l := range w.lots {
		if l.of == a && (l.status == "scheduled" || l.counts()) && l.until != nil && l.until.After(at) && l.from.Before(at) {
			l.until = &at
		}
	}
}

// expireLots ends what is over by the last boundary that was closed and what no unclosed period could still use.
func (w *World) expireLots(a *Account, boundary time.Time) {
	for _, p := range w.periods {
		if p.of.account == a && p.status == "closed" && p.end.After(boundary) {
			boundary = p.end
		}
	}
	for _, l := range w.lots {
		if l.account != a || !l.counts() || l.until == nil || l.until.After(boundary) || w.needed(l) {
			continue
		}
		left := l.remaining
		l.status, l.expired, l.remaining = "expired", left, decimal.Zero
		w.post(a, "lot_expired", move(l.asset, w.telescope(a, "wallet", l.asset, left), "wallet", "breakage"))
	}
}

func (w *World) needed(l *lot) bool {
	for _, p := range w.periods {
		if p.of.account == l.account && p.status != "closed" && p.start.Before(*l.until) {
			return true
		}
	}
	return false
}

// checkout is a purchase that was offered.
type checkout struct {
	ref      string
	account  *Account
	asset    string
	quantity decimal.Decimal
	amount   decimal.Decimal
	done     bool
}

func (w *World) openCheckout(op Op) Outcome {
	a := w.account(op.Account)
	if a.currency == "" {
		return refuse("state_conflict")
	}
	v := w.value(op.Asset, a.currency, w.Now)
	if v == nil {
		return refuse("validation_failed")
	}
	amount := op.Amount.Mul(v.Value).Round(2)
	if !amount.IsPositive() {
		return refuse("validation_failed")
	}
	w.checkouts = append(w.checkouts, &checkout{ref: op.Ref, account: a, asset: op.Asset, quantity: op.Amount, amount: amount})
	return said("offered for %s", amount)
}

// purchase is money that came for a checkout.
func (w *World) purchase(op Op) Outcome {
	c := w.checkout(op.Of)
	if c == nil {
		return refuse("not_found")
	}
	if w.isPaid("topup", op.Ref) {
		return nothing("known")
	}
	w.payments = append(w.payments, payment{effect: "topup", ref: op.Ref, account: c.account, status: "succeeded", amount: op.Amount,
		currency: c.account.currency, attempt: 1})
	if !op.Amount.Equal(c.amount) || c.done {
		w.post(c.account, "unapplied_cash", move(c.account.currency, op.Amount, "stripe_clearing", "unapplied_cash"))
		w.park(c.account)
		return said("unapplied")
	}
	c.done = true
	w.lots = append(w.lots, &lot{ref: op.Ref, account: c.account, asset: c.asset, status: "active", posted: true, issued: c.quantity,
		remaining: c.quantity, cost: c.amount, priority: 100, from: w.Now})
	w.post(c.account, "credits_purchased", append(move(c.asset, c.quantity, "credits_issued", "wallet"),
		move(c.account.currency, c.amount, "stripe_clearing", "deferred_revenue")...))
	return said("bought")
}

func (w *World) checkout(ref string) *checkout {
	for _, c := range w.checkouts {
		if c.ref == ref {
			return c
		}
	}
	return nil
}

func (w *World) isPaid(effect, ref string) bool {
	for _, p := range w.payments {
		if p.effect == effect && p.ref == ref {
			return true
		}
	}
	return false
}
