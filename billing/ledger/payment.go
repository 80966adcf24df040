package ledger

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// PaymentSucceeded posts money the provider collected for an invoice.
func PaymentSucceeded(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindPaymentSucceeded)
	d.moveFiat(currency, amount, StripeClearing, Receivable(ba))
	return d.posting()
}

// PaidOutOfBand posts money for an invoice that did not come through the provider.
func PaidOutOfBand(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindPaidOutOfBand)
	d.moveFiat(currency, amount, Cash, Receivable(ba))
	return d.posting()
}

// ProviderFee posts what the provider kept for itself.
func ProviderFee(currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindProviderFee)
	d.moveFiat(currency, amount, StripeFees, StripeClearing)
	return d.posting()
}

// Refunded posts money given back: from opens the receivable again (Receivable(ba)) or gives back what was deferred
// (deferred_revenue) for credits whose unspent part LotVoided took back.
func Refunded(ba string, currency money.Asset, amount decimal.Decimal, from string) (Posting, error) {
	if from != Receivable(ba) && from != DeferredRevenue {
		return Posting{}, fault.New(fault.Internal, CodeAccount, "a refund cannot come from %q", from)
	}
	d := newDraft(KindRefunded)
	d.moveFiat(currency, amount, from, StripeClearing)
	return d.posting()
}

// DisputeOpened posts money the provider took back until the dispute ends. Freezing the lots it paid is no entry.
func DisputeOpened(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindDisputeOpened)
	d.moveFiat(currency, amount, DisputeHold(ba), StripeClearing)
	return d.posting()
}

// DisputeWon posts the money back.
func DisputeWon(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindDisputeWon)
	d.moveFiat(currency, amount, StripeClearing, DisputeHold(ba))
	return d.posting()
}

// DisputeLost writes the money off.
func DisputeLost(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindDisputeLost)
	d.moveFiat(currency, amount, BadDebt, DisputeHold(ba))
	return d.posting()
}

// CashUnapplied posts money that arrived and matches nothing we know.
func CashUnapplied(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindUnappliedCash)
	d.moveFiat(currency, amount, StripeClearing, UnappliedCash(ba))
	return d.posting()
}
