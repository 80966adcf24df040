package model

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

func (w *World) invoice(ref string) *invoice {
	for _, i := range w.invoices {
		if i.Ref() == ref {
			return i
		}
	}
	return nil
}

func (w *World) finalize(op Op) Outcome {
	inv := w.invoice(op.Of)
	if inv.status != "draft" {
		return nothing("%s", inv.status)
	}
	if w.Now.Before(inv.final) {
		return nothing("%s %s", inv.status, inv.total())
	}
	w.numbers++
	inv.number, inv.status = w.numbers, "open"
	fees, overage := decimal.Zero, decimal.Zero
	for _, l := range inv.lines {
		if l.meter == "" {
			fees = fees.Add(l.exact)
		} else {
			overage = overage.Add(l.exact)
		}
	}
	overage = w.telescope(inv.account, "billed", inv.currency, overage)
	entries := append(move(inv.currency, fees, "ar", "deferred_revenue"), move(inv.currency, overage, "ar", "unbilled")...)
	w.post(inv.account, "invoice_finalized", append(entries, move(inv.currency, inv.total().Sub(fees).Sub(overage), "ar", "rounding")...))
	inv.credit = decimal.Max(decimal.Zero, decimal.Min(inv.total(), w.creditAt(inv.account, inv.final).Truncate(2)))
	w.postAt(inv.account, "account_credit_used", inv.final, move(inv.currency, inv.credit, "account_credit", "ar"))
	w.collect(inv)
	return said("%s %s", inv.status, inv.total())
}

var minimum = decimal.New(50, -2) // of the provider, in EUR and USD

// collect says how what is left is paid: what is too small for the provider waits for another invoice to take it along.
func (w *World) collect(inv *invoice) {
	var waiting []*invoice
	due := inv.owed()
	for _, i := range w.invoices {
		if i.account == inv.account && i.status == "open" && i.collection == "carried" && i.carriedTo == nil {
			waiting = append(waiting, i)
			due = due.Add(i.owed())
		}
	}
	small := inv.by == "stripe" && due.LessThan(minimum)
	switch {
	case due.IsZero(), inv.owed().IsZero() && (small || inv.by == "none"):
		inv.status = "paid"
		return
	case inv.by == "none":
		return
	case small:
		inv.collection = "carried"
		return
	case inv.by == "stripe":
		inv.collection = "collecting"
	default:
		inv.collection = "due"
	}
	for _, i := range waiting {
		i.carriedTo = inv
	}
	inv.carriedIn = due.Sub(inv.owed())
}

func (w *World) attempt(op Op) Outcome {
	inv := w.invoice(op.Of)
	again := inv.collection == "failed" && inv.next != nil && !w.Now.Before(*inv.next)
	if inv.status != "open" || inv.collection != "collecting" && !again {
		return nothing("attempt %d %t", inv.attempts, inv.status == "open" && inv.collection == "unknown")
	}
	inv.attempts++
	inv.collection, inv.next = "unknown", nil
	return said("attempt %d true", inv.attempts)
}

// pay is money that came for an invoice: the exact total of one that is open, or money that matches nothing.
func (w *World) pay(op Op) Outcome {
	inv := w.invoice(op.Of)
	if w.isPaid("paid", op.Ref) {
		return nothing("known")
	}
	matches := op.Amount.Equal(inv.due()) && inv.status != "paid"
	if matches && inv.status == "draft" {
		return refuse("state_conflict")
	}
	p := payment{effect: "paid", ref: op.Ref, account: inv.account, status: "succeeded", amount: op.Amount, currency: inv.currency,
		attempt: max(inv.attempts, 1)}
	if !matches {
		w.payments = append(w.payments, p)
		w.post(inv.account, "unapplied_cash", move(inv.currency, op.Amount, "stripe_clearing", "unapplied_cash"))
		w.park(inv.account)
		return said("unapplied")
	}
	p.of = inv
	w.payments = append(w.payments, p)
	kind, from := "payment_succeeded", "stripe_clearing"
	if op.Now {
		kind, from = "paid_out_of_band", "cash"
	}
	w.post(inv.account, kind, move(inv.currency, op.Amount, from, "ar"))
	for _, i := range append(w.carriedBy(inv), inv) {
		i.status, i.collection, i.next = "paid", "none", nil
	}
	return said("paid")
}

func (w *World) carriedBy(inv *invoice) []*invoice {
	var out []*invoice
	for _, i := range w.invoices {
		if i.carriedTo == inv {
			out = append(out, i)
		}
	}
	return out
}

// decline is a failed attempt: news of an earlier one says nothing about the one under way.
func (w *World) decline(op Op) Outcome {
	inv := w.invoice(op.Of)
	if inv.status != "open" {
		return nothing("%s", inv.status)
	}
	known := slices.IndexFunc(w.payments, func(p payment) bool { return p.ref == op.Ref })
	if known >= 0 && w.payments[known].attempt < inv.attempts {
		return nothing("declined")
	}
	if known < 0 {
		w.payments = append(w.payments, payment{ref: op.Ref, account: inv.account, of: inv, status: "failed", amount: inv.due(), currency: inv.currency,
			attempt: max(inv.attempts, 1), at: w.Now})
	}
	inv.collection, inv.next = "failed", w.retryAt(inv)
	return said("declined")
}

// retryAt is three, five and seven days after the first decline, and a day after the latest at least.
func (w *World) retryAt(inv *invoice) *time.Time {
	days := map[int]int{1: 3, 2: 5, 3: 7}[inv.attempts]
	if days == 0 || inv.by != "stripe" {
		return nil
	}
	var first, latest time.Time
	for _, p := range w.payments {
		if p.of == inv && p.status == "failed" {
			if first.IsZero() {
				first = p.at
			}
			latest = p.at
		}
	}
	at := first.Add(time.Duration(days) * 24 * time.Hour)
	if soonest := latest.Add(24 * time.Hour); at.Before(soonest) {
		at = soonest
	}
	return &at
}
