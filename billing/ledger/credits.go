package ledger

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Kinds of postings: stable words, stored on the ledger transaction.
const (
	KindCreditsIssued      = "credits_issued"
	KindCreditsPurchased   = "credits_purchased"
	KindUsageSettled       = "usage_settled"
	KindInvoiceFinalized   = "invoice_finalized"
	KindPaymentSucceeded   = "payment_succeeded"
	KindPaidOutOfBand      = "paid_out_of_band"
	KindProviderFee        = "provider_fee"
	KindPeriodClosed       = "period_closed"
	KindLotExpired         = "lot_expired"
	KindLotVoided          = "lot_voided"
	KindAccountCreditGiven = "account_credit_given"
	KindAccountCreditUsed  = "account_credit_used"
	KindRefunded           = "refunded"
	KindDisputeOpened      = "dispute_opened"
	KindDisputeWon         = "dispute_won"
	KindDisputeLost        = "dispute_lost"
	KindUncollectible      = "uncollectible"
	KindUnappliedCash      = "unapplied_cash"
	KindReversal           = "reversal"
)

// CreditsGranted posts plan credits at the boundary they become effective, or a grant. Nothing was paid for them.
func CreditsGranted(ba string, asset money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindCreditsIssued)
	d.move(asset, amount, CreditsIssued, Wallet(ba))
	return d.posting()
}

// LotValue is a number of credits and the fiat that was paid for them; Cost is zero for credits that were given.
type LotValue struct {
	Asset    money.Asset
	Amount   decimal.Decimal
	Currency money.Asset
	Cost     decimal.Decimal
}

// CreditsPurchased posts bought credits and the money for them, which is deferred until they are used or expire. The
// caller keeps the cost basis on the lot.
func CreditsPurchased(ba string, bought LotValue) (Posting, error) {
	d := newDraft(KindCreditsPurchased)
	d.move(bought.Asset, bought.Amount, CreditsIssued, Wallet(ba))
	d.moveFiat(bought.Currency, bought.Cost, StripeClearing, DeferredRevenue)
	return d.posting()
}

// UsagePart is what one rating, or several of one price, adds to a settlement. All amounts are telescoped to ledger
// scale by the caller (Telescope); PaidCostPosted is the cost basis of what paid lots covered.
type UsagePart struct {
	CreditAsset    money.Asset
	CoveredPosted  decimal.Decimal
	Currency       money.Asset
	PaidCostPosted decimal.Decimal
	OveragePosted  decimal.Decimal
}

// UsageSettled posts many ratings of one billing account at once: what lots covered, the revenue that was deferred for
// paid lots, and the overage to be invoiced. A waived rating must not be among them.
func UsageSettled(ba string, parts []UsagePart) (Posting, error) {
	d := newDraft(KindUsageSettled)
	for _, p := range parts {
		d.move(p.CreditAsset, p.CoveredPosted, Wallet(ba), CreditsUsed)
		d.moveFiat(p.Currency, p.PaidCostPosted, DeferredRevenue, RevenueUsage)
		d.moveFiat(p.Currency, p.OveragePosted, Unbilled(ba), RevenueUsage)
	}
	return d.posting()
}

// LotExpired posts what was left of a lot as breakage; what was paid for that rest becomes revenue.
func LotExpired(ba string, rest LotValue) (Posting, error) {
	d := newDraft(KindLotExpired)
	d.move(rest.Asset, rest.Amount, Wallet(ba), Breakage)
	d.moveFiat(rest.Currency, rest.Cost, DeferredRevenue, RevenueBreakage)
	return d.posting()
}

// LotVoided takes back what is left of a lot as if it had never been issued. Money is given back by Refunded.
func LotVoided(ba string, asset money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindLotVoided)
	d.move(asset, amount, Wallet(ba), CreditsIssued)
	return d.posting()
}
