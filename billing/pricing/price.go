// Package pricing says how much a quantity of a meter costs.
//
// A Price is a value: the same Go type in the pure functions here, in the jsonb column of the price row (which is why
// it carries a version) and in requests. Every model lives in a file of its own and is one function P from a
// cumulative quantity to an amount.
//
// Invariants. P(0) is 0 and P never falls when the quantity grows. What a single rating costs is a difference,
// P(before + q) − P(before), so that the ratings of a period add up to P of the period's total whatever way the usage
// was cut into events: packages fill up across events, free units are given once. Nothing is rounded to money here. A
// price is an amount per so many units and the unit price is never computed, so 1e-14 per unit × 1e14 units is exactly
// 1; only a quotient that needs more than QuotientScale decimals is rounded, there, and being a function of
// the cumulative quantity it telescopes all the same.
//
// It refuses prices that are not well formed (Validate, pointing into the price object), negative quantities, and
// the choice of which price applies: the caller resolved that from contract, plan and meter.
package pricing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// Model names the function from quantity to amount.
type Model string

// The models there are.
const (
	ModelPerUnit Model = "per_unit"
	ModelPackage Model = "package"
)

// QuotientScale is how many decimals a quotient keeps; it is also the most a price's own numbers may have.
const QuotientScale = 20

// Version is the version of the Price object that this code writes.
const Version = 1

// Price is an immutable price: an amount, in the asset its row names, for PerUnits units of the meter.
type Price struct {
	Version   int             `json:"version"`
	Model     Model           `json:"model"`
	Amount    decimal.Decimal `json:"amount"`
	PerUnits  decimal.Decimal `json:"per_units"`
	FreeUnits decimal.Decimal `json:"free_units"`
}

// Of gives P(quantity): the exact price of the first quantity units of a period.
func (p Price) Of(quantity decimal.Decimal) (decimal.Decimal, error) {
	if err := p.check(quantity); err != nil {
		return decimal.Zero, err
	}
	return p.of(quantity), nil
}

// Delta gives what quantity more units cost when before units of the period have been priced already. Both are ≥ 0.
func (p Price) Delta(before, quantity decimal.Decimal) (decimal.Decimal, error) {
	if err := p.check(before, quantity); err != nil {
		return decimal.Zero, err
	}
	return p.of(before.Add(quantity)).Sub(p.of(before)), nil
}

func (p Price) of(quantity decimal.Decimal) decimal.Decimal {
	chargeable := p.chargeable(quantity)
	switch p.Model {
	case ModelPackage:
		return p.packages(chargeable).Mul(p.Amount)
	case ModelPerUnit:
		return p.perUnit(chargeable)
	}
	panic("pricing: a model that Validate let through has no function: " + string(p.Model))
}

// chargeable is the quantity above the free units.
func (p Price) chargeable(quantity decimal.Decimal) decimal.Decimal {
	return decimal.Max(quantity.Sub(p.FreeUnits), decimal.Zero)
}

func (p Price) check(quantities ...decimal.Decimal) error {
	for _, q := range quantities {
		if q.IsNegative() {
			return fault.New(fault.Invalid, "quantity_negative", "A negative quantity has no price.")
		}
	}
	return p.Validate()
}
