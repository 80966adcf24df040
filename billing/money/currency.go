// Package money owns what an amount is: a decimal and the asset it counts.
//
// An asset is an ISO 4217 currency, a credit type, or the usage credit of a meter. Which currencies exist, and how many
// decimals they and the payment provider give them, comes from a generated table whose sources the CSV files beside it
// name; it is never typed by hand and never guessed from a locale.
//
// Invariants. An amount is exact until package invoicing rounds it: Round, half away from zero to the currency's minor
// unit, once per invoice line, is called there and nowhere else. Ledger entries have LedgerScale decimals (ToLedger).
// Allocate gives away exactly what it was given. What is written as JSON is read back as the same value.
//
// It refuses text that is not a plain decimal, before parsing it, because a long enough number is an attack; JSON
// numbers, which have passed through somebody's float; and provider amounts that would lose or invent a fraction
// (ToMinor). It has no arithmetic between different assets: converting is a dated price, not a property of money.
package money

//go:generate go run ./internal/gen

import "strings"

// Asset names what an amount counts: "EUR", "CREDIT", or "unit:" and a meter's code.
type Asset string

// Currency is a row of the ISO 4217 table with what Stripe makes of it.
type Currency struct {
	Code           string
	Numeric        string
	Name           string
	Exponent       int32 // decimals of the minor unit
	StripeExponent int32 // decimals between the currency and Stripe's integer amount
	StripeStep     int64 // Stripe's integer amount must be a multiple of this
	StripeMinimum  int64 // Stripe's smallest integer amount of a charge; 0 where none is documented
}

// Lookup finds an active currency by its upper-case code.
func Lookup(code string) (Currency, bool) {
	c, ok := currencies[code]
	return c, ok
}

// UnitAsset is the asset of usage credits that reduce a meter's quantity before it is priced.
func UnitAsset(meterCode string) Asset { return Asset(unitPrefix + meterCode) }

const unitPrefix = "unit:"

// IsCurrency reports whether the asset is an ISO 4217 currency.
func (a Asset) IsCurrency() bool {
	_, ok := currencies[string(a)]
	return ok
}

// Meter gives the meter whose usage credit this asset is.
func (a Asset) Meter() (code string, ok bool) { return strings.CutPrefix(string(a), unitPrefix) }
