package pricing

import (
	"encoding/json"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// Price is an immutable price in the asset its row names. A model has the fields that Model.Fields lists; of the others
// none may be set. A nil pointer is a field that was not given, where zero would mean something else.
type Price struct {
	Version int   `json:"version"`
	Model   Model `json:"model"`

	Amount    decimal.Decimal `json:"amount"`     // for PerUnits units; of a flat price, for the period
	PerUnits  decimal.Decimal `json:"per_units"`  // also the size of a package
	FreeUnits decimal.Decimal `json:"free_units"` // in each period, before anything is charged
	Round     Rounding        `json:"round,omitempty"`

	Tiers         []Tier `json:"tiers,omitempty"`
	FlatFeeAtZero bool   `json:"flat_fee_at_zero,omitempty"`

	RatePercent        *decimal.Decimal `json:"rate_percent,omitempty"`
	FixedAmount        *decimal.Decimal `json:"fixed_amount,omitempty"`
	FreeEvents         *int64           `json:"free_events,omitempty"`
	FreeAmount         *decimal.Decimal `json:"free_amount,omitempty"`
	TransactionMinimum *decimal.Decimal `json:"transaction_minimum,omitempty"`
	TransactionMaximum *decimal.Decimal `json:"transaction_maximum,omitempty"`

	Multiplier *decimal.Decimal `json:"multiplier,omitempty"`
	MinorUnits bool             `json:"minor_units,omitempty"`

	Blocks []Block     `json:"blocks,omitempty"`
	Policy BlockPolicy `json:"policy,omitempty"`

	Dimensions []string   `json:"dimensions,omitempty"`
	Cells      []Cell     `json:"cells,omitempty"`
	Default    *UnitPrice `json:"default,omitempty"`
}

// MarshalJSON writes the fields that the model has. A field that it has not is written only if it is set, which Validate refuses.
func (p Price) MarshalJSON() ([]byte, error) {
	type plain Price
	out := struct {
		plain
		Amount    *decimal.Decimal `json:"amount,omitempty"`
		PerUnits  *decimal.Decimal `json:"per_units,omitempty"`
		FreeUnits *decimal.Decimal `json:"free_units,omitempty"`
	}{plain: plain(p)}
	for name, field := range map[string]struct{ from, to any }{
		"amount": {&p.Amount, &out.Amount}, "per_units": {&p.PerUnits, &out.PerUnits}, "free_units": {&p.FreeUnits, &out.FreeUnits},
	} {
		value, target := field.from.(*decimal.Decimal), field.to.(**decimal.Decimal)
		if p.Model.Has(name) || !value.IsZero() {
			*target = value
		}
	}
	return json.Marshal(out)
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
	after := before.Add(quantity)
	if err := p.check(before, quantity, after); err != nil {
		return decimal.Zero, err
	}
	return p.of(after).Sub(p.of(before)), nil
}

// of knows the two models that every rating goes through without making lines.
func (p Price) of(quantity decimal.Decimal) decimal.Decimal {
	switch p.Model {
	case ModelPackage:
		return p.packages(p.chargeable(quantity)).Mul(p.Amount)
	case ModelPerUnit:
		return perUnit(p.Amount, p.chargeable(quantity), p.PerUnits)
	default:
		return sum(p.steps(quantity))
	}
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
	if err := p.Validate(); err != nil {
		return err
	}
	if !p.Model.Cumulative() {
		return fault.New(fault.Invalid, CodeNotCumulative, "A %s price is not a price of a quantity.", p.Model)
	}
	for _, q := range quantities {
		if err := p.holds(q); err != nil {
			return err
		}
	}
	return nil
}

// Stable codes of what a well-formed price cannot price.
const (
	CodeNotCumulative = "price_not_cumulative"
	CodeAboveBlocks   = "quantity_above_blocks"
	CodePriceMissing  = "price_missing"
)
