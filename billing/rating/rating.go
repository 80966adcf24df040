// Package rating turns one measured usage into a billable decision: what it costs, which lots pay, what is left over.
//
// It owns the order units → price → lots → overage → fiat. Lots of the meter's own unit (unit:{meter}) reduce the quantity before
// it is priced; lots of the price's asset pay the amount; what is left is overage, and becomes fiat at the credit's value.
//
// Amounts are exact and telescope: the price of a usage is P(before + quantity) − P(before), so the ratings of a period sum to the
// price of its total, however it is cut: rating a and then b draws and leaves over what rating a + b does. Before counts what
// was priced, not what unit lots paid. Where a price falls with the total (volume), the next usage may cost less than nothing; what it
// gives back goes to the overage of the period first and then to the lots that paid last.
//
// Everything is decided by the time the usage happened; the caller passes the price, the credit value and the lots of that time.
// Covered plus overage is the amount, unless the rating is waived: then the amount is kept for reports and nothing is drawn or due.
// A rating is never edited: Reverse takes all of it back, Correct a part, last used first. Parts says which lot paid which part.
// The package refuses to round, to read a clock, and to guess: overage without a credit value is the fault price_missing, never zero.
package rating

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
)

// Kind says what a rating means for the account's funds.
type Kind string

// A billed rating draws lots and makes overage; a waived one is only shown; an adjustment takes a part of an earlier one back, a
// reversal all of it.
const (
	Billed     Kind = "billed"
	Waived     Kind = "waived"
	Adjustment Kind = "adjustment"
	Reversal   Kind = "reversal"
)

// Stable codes of what Rate refuses.
const (
	CodePriceMissing = "price_missing"
	CodeCurrency     = "currency_mismatch"
	CodeOutOfRange   = "out_of_range"
)

// Input is everything a rating depends on. Before is the period's priced quantity ahead of this usage. Lots of other assets
// than Asset and UnitAsset are ignored; without a UnitAsset no lot pays in units. Order is the Standard one if empty. Paid and Over are
// what lots and overage took in the period so far, oldest first: a price that falls with the total gives back from them. CreditValue is fiat per one credit at OccurredAt, nil when Asset is a currency.
type Input struct {
	Price       pricing.Price
	Asset       money.Asset
	Before      decimal.Decimal
	Quantity    decimal.Decimal
	OccurredAt  time.Time
	Lots        []credit.Lot
	CreditValue *decimal.Decimal
	Currency    money.Asset
	Waived      bool
	UnitAsset   money.Asset
	Feature     string
	Meter       string
	Order       credit.Order
	Paid        []credit.Draw
	Over        decimal.Decimal
}

// Result is the decision. Amount, Covered and Overage are in the price's asset, OverageFiat in the account's currency; Units is the
// part of the quantity that UnitDraws paid. All are exact. Returned and UnitReturned are given back, last used first: they make
// Amount, Covered and Units negative.
type Result struct {
	Amount      decimal.Decimal
	Draws       []credit.Draw
	Covered     decimal.Decimal
	Overage     decimal.Decimal
	OverageFiat decimal.Decimal
	Kind        Kind

	Units        decimal.Decimal
	UnitDraws    []credit.Draw
	Returned     []credit.Draw
	UnitReturned []credit.Draw
}

// Rate prices one usage and says who pays for it.
func Rate(in Input) (Result, error) {
	if in.Quantity.IsNegative() || in.Before.IsNegative() {
		return Result{}, fault.New(fault.Invalid, CodeOutOfRange, "A usage cannot be rated with a negative quantity.")
	}
	units, unitDraws := decimal.Zero, []credit.Draw(nil)
	if in.UnitAsset != "" && !in.Waived {
		var rest decimal.Decimal
		unitDraws, rest = in.burn(in.Quantity, in.UnitAsset)
		units = in.Quantity.Sub(rest)
	}
	amount, err := in.Price.Delta(in.Before, in.Quantity.Sub(units))
	if err != nil {
		return Result{}, err
	}
	if in.Waived {
		return Result{Amount: amount, Kind: Waived}, nil
	}
	if amount.IsNegative() {
		return in.giveBack(Result{Amount: amount, Kind: Billed, Units: units, UnitDraws: unitDraws}, in.Paid, in.Over)
	}
	draws, overage := in.burn(amount, in.Asset)
	fiat, err := in.fiat(overage)
	if err != nil {
		return Result{}, err
	}
	return Result{Amount: amount, Draws: draws, Covered: amount.Sub(overage), Overage: overage, OverageFiat: fiat,
		Kind: Billed, Units: units, UnitDraws: unitDraws}, nil
}

func (in Input) burn(need decimal.Decimal, asset money.Asset) ([]credit.Draw, decimal.Decimal) {
	order := in.Order
	if len(order) == 0 {
		order = credit.Standard()
	}
	return order.Burn(need, credit.Of(in.Lots, asset), credit.Usage{At: in.OccurredAt, Feature: in.Feature, Meter: in.Meter})
}

// fiat converts overage exactly; rounding is the invoice line's.
func (in Input) fiat(overage decimal.Decimal) (decimal.Decimal, error) {
	switch {
	case overage.IsZero():
		return decimal.Zero, nil
	case in.Asset == in.Currency:
		return overage, nil
	case in.Asset.IsCurrency():
		return decimal.Zero, fault.New(fault.Invalid, CodeCurrency, "A price in %s cannot be billed in %s.", in.Asset,
			in.Currency)
	case in.CreditValue == nil:
		return decimal.Zero, fault.New(fault.Invalid, CodePriceMissing, "%s has no value in %s.", in.Asset, in.Currency)
	case in.CreditValue.IsNegative():
		return decimal.Zero, fault.New(fault.Invalid, CodeOutOfRange, "The value of %s is negative.", in.Asset)
	}
	return overage.Mul(*in.CreditValue), nil
}
