package ledger

import "strings"

// House accounts belong to the realm: they have entries only and no balance row.
const (
	CreditsIssued    = "credits_issued"
	CreditsUsed      = "credits_used"
	Breakage         = "breakage"
	StripeClearing   = "stripe_clearing"
	DeferredRevenue  = "deferred_revenue"
	RevenueUsage     = "revenue:usage"
	RevenueFees      = "revenue:fees"
	RevenueBreakage  = "revenue:breakage"
	Rounding         = "rounding"
	TaxPayable       = "tax_payable"
	StripeFees       = "stripe_fees"
	BadDebt          = "bad_debt"
	Cash             = "cash"
	walletPrefix     = "wallet:"
	unbilledPrefix   = "unbilled:"
	receivablePrefix = "ar:"
	creditPrefix     = "account_credit:"
	disputePrefix    = "dispute_hold:"
	unappliedPrefix  = "unapplied_cash:"
)

// Wallet holds the credits a billing account may still spend, as a credit balance per asset.
func Wallet(ba string) string { return walletPrefix + ba }

// Unbilled holds usage that was earned and is on no invoice yet.
func Unbilled(ba string) string { return unbilledPrefix + ba }

// Receivable holds what was invoiced and not paid.
func Receivable(ba string) string { return receivablePrefix + ba }

// AccountCredit holds money we owe the account, to be used by its next invoices.
func AccountCredit(ba string) string { return creditPrefix + ba }

// DisputeHold holds money the provider took back while a dispute is open.
func DisputeHold(ba string) string { return disputePrefix + ba }

// UnappliedCash holds money that arrived and matches nothing.
func UnappliedCash(ba string) string { return unappliedPrefix + ba }

// IsOwned says whether the account belongs to one billing account and therefore has a balance row.
func IsOwned(code string) bool { return Owner(code) != "" }

// Owner gives the billing account of an owned account code, or "" for a house account or an unknown code.
func Owner(code string) string {
	for _, prefix := range [...]string{walletPrefix, unbilledPrefix, receivablePrefix, creditPrefix, disputePrefix,
		unappliedPrefix} {
		if ba, found := strings.CutPrefix(code, prefix); found {
			return ba
		}
	}
	return ""
}

// IsKnown says whether the code is in the chart of accounts.
func IsKnown(code string) bool {
	switch code {
	case CreditsIssued, CreditsUsed, Breakage, StripeClearing, DeferredRevenue, RevenueUsage, RevenueFees,
		RevenueBreakage, Rounding, TaxPayable, StripeFees, BadDebt, Cash:
		return true
	default:
		return IsOwned(code)
	}
}
