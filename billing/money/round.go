package money

import (
	"github.com/shopspring/decimal"
)

// LedgerScale is how many decimals a ledger entry has.
const LedgerScale = 9

// Round rounds half away from zero to the currency's minor unit; other assets keep LedgerScale decimals. Package
// invoicing calls it once per line, and nobody else does: rounding twice is how cents go missing.
func Round(v decimal.Decimal, a Asset) decimal.Decimal {
	if c, ok := currencies[string(a)]; ok {
		return v.Round(c.Exponent)
	}
	return v.Round(LedgerScale)
}

// ToLedger rounds half away from zero to LedgerScale. Postings of a running total telescope with it: post the
// difference of two rounded totals, never a rounded difference.
func ToLedger(v decimal.Decimal) decimal.Decimal { return v.Round(LedgerScale) }
