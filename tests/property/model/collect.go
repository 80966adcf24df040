package model

import "github.com/shopspring/decimal"

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
		return refuse("state_conflict")
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
	switch {
	case inv.total().IsZero():
		inv.status = "paid"
	case inv.by == "stripe":
		inv.collection = "collecting"
	case inv.by == "manual":
		inv.collection = "due"
	}
	return said("%s %s", inv.status, inv.total())
}

func (w *World) attempt(op Op) Outcome {
	inv := w.invoice(op.Of)
	if inv.status == "open" && inv.collection == "collecting" {
		inv.attempts++
		inv.collection = "unknown"
	}
	return said("attempt %d %t", inv.attempts, inv.status == "open" && inv.collection == "unknown")
}

// pay is money that came for an invoice: the exact total of one that is open, or money that matches nothing.
func (w *World) pay(op Op) Outcome {
	inv := w.invoice(op.Of)
	if w.isPaid("paid", op.Ref) {
		return nothing("known")
	}
	matches := op.Amount.Equal(inv.total()) && inv.status != "paid"
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
	inv.status, inv.collection = "paid", "none"
	return said("paid")
}

// decline is a failed attempt: news of an earlier one says nothing about the one under way.
func (w *World) decline(op Op) Outcome {
	inv := w.invoice(op.Of)
	if inv.status != "open" {
		return nothing("%s", inv.status)
	}
	attempt := max(inv.attempts, 1)
	for _, p := range w.payments {
		if p.ref == op.Ref {
			if p.attempt < inv.attempts {
				return nothing("declined")
			}
			inv.collection = "failed"
			return said("declined")
		}
	}
	w.payments = append(w.payments, payment{ref: op.Ref, account: inv.account, of: inv, status: "failed", amount: inv.total(), currency: inv.currency,
		attempt: attempt})
	inv.collection = "failed"
	return said("declined")
}
