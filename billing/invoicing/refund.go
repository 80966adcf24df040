package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// RefundRequest pays money back. Adjustment is how much less the invoice charges from then on: a refund without one
// re-opens the invoice's balance.
type RefundRequest struct {
	Amount     decimal.Decimal
	Adjustment decimal.Decimal
}

// Refund is a refund that was made, or with a Rejected code one that changed nothing. Balance is what is open after it.
type Refund struct {
	Rejected   string
	Amount     decimal.Decimal
	Adjustment decimal.Decimal
	Balance    decimal.Decimal
}

// Settlement is where the invoice stands after payment, credit notes and refunds.
type Settlement struct {
	Charged       decimal.Decimal // the total less offsets, refunds of credit notes and adjustments
	Refunded      decimal.Decimal
	Balance       decimal.Decimal // still to be paid; refunds without adjustment re-open it
	AccountCredit decimal.Decimal // given by credit notes and by a negative sum
}

// settle issues the credit notes and makes the refunds, in order.
func (b *Bill) settle(d Draft) {
	k, s := newBooks(b, d), &b.Settled
	s.Charged, s.AccountCredit = b.Total, b.ToAccountCredit
	for _, r := range d.Issue {
		note := k.issue(r)
		s.Charged = s.Charged.Sub(note.Refund).Sub(note.Offset)
		s.Refunded = s.Refunded.Add(note.Refund)
		s.AccountCredit = s.AccountCredit.Add(note.AccountCredit)
		b.Notes = append(b.Notes, note)
	}
	for _, r := range d.Refunds {
		refund := k.refund(r, s.Charged)
		s.Charged = s.Charged.Sub(refund.Adjustment)
		s.Refunded = s.Refunded.Add(refund.Amount)
		b.Refunds = append(b.Refunds, refund)
	}
	s.Balance = k.open
}

// refund gives back at most what was paid, and lowers the charge at most to what is paid for it.
func (k *books) refund(r RefundRequest, charged decimal.Decimal) Refund {
	amount, adjustment := money.Round(r.Amount, k.bill.Currency), money.Round(r.Adjustment, k.bill.Currency)
	open := k.open.Add(amount).Sub(adjustment)
	switch {
	case amount.GreaterThan(k.paid):
		return Refund{Rejected: RejectedRefund, Balance: k.open}
	case open.IsNegative() || adjustment.GreaterThan(charged):
		return Refund{Rejected: RejectedAdjustment, Balance: k.open}
	}
	k.open, k.paid = open, k.paid.Sub(amount)
	return Refund{Amount: amount, Adjustment: adjustment, Balance: open}
}
