// Package rating turns one measured usage into a billable decision: what it costs, which lots pay, what is left over.
//
// It owns the order price → lots → overage → fiat. Amounts are exact and telescope: the price of a usage is P(before +
// quantity) − P(before), so the ratings of a period sum to the price of its total. Everything is decided by the time
// the usage happened; the caller passes the price, the credit value and the lots of that time. Covered plus overage is
// the amount, unless the rating is waived: then the amount is kept for reports and nothing is drawn or due. The
// package refuses to round, to read a clock, and to guess: overage without a credit value is the fault price_missing,
// never zero.
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

// A billed rating draws lots and makes overage; a waived one is only shown.
const (
	Billed Kind = "billed"
	Waived Kind = "waived"
)

// Stable codes of what Rate refuses.
const (
	CodePriceMissing = "price_missing"
	CodeCurrency     = "currency_mismatch"
	CodeOutOfRange   = "out_of_range"
)

// Input is everything a rating depends on. Before is the period's quantity ahead of this usage. Lots of other assets
// than Asset are ignored. CreditValue is fiat per one credit at OccurredAt, nil when Asset is a currency.
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
}

// Result is the decision. Amount, Covered and Overage are in the price's asset, OverageFiat in the account's currency;
// all are exact.
type Result struct {
	Amount      decimal.Decimal
	Draws       []credit.Draw
	Covered     decimal.Decimal
	Overage     decimal.Decimal
	OverageFiat decimal.Decimal
	Kind        Kind
}

// Rate prices one usage and says who pays for it.
func Rate(in Input) (Result, error) {
	if in.Quantity.IsNegative() || in.Before.IsNegative() {
		return Result{}, fault.New(fault.Invalid, CodeOutOfRange, "A usage cannot be rated with a negative quantity.")
	}
	amount, err := in.Price.Delta(in.Before, in.Quantity)
	if err != nil {
		return Result{}, err
	}
	if in.Waived {
		return Result{Amount: amount, Kind: Waived}, nil
	}
	draws, overage := credit.Burn(amount, credit.Of(in.Lots, in.Asset), in.OccurredAt)
	fiat, err := in.fiat(overage)
	if err != nil {
		return Result{}, err
	}
	return Result{Amount: amount, Draws: draws, Covered: amount.Sub(overage), Overage: overage, OverageFiat: fiat,
		Kind: Billed}, nil
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
