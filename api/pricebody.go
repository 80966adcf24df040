package api

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
)

// priceNulls are the fields of a price that may be null: a tier without an end says so.
var priceNulls = []string{"up_to", "max_blocks"}

// priceBody is a price of any model. Which fields a model has, and which it must have, package pricing says.
type priceBody struct {
	Model              string      `json:"model" enum:"flat,per_unit,package,graduated,volume,graduated_percentage,tiered_blocks,percentage,dynamic,matrix" doc:"Decides which of the other fields there are; any other is refused."`
	Amount             *Quantity   `json:"amount,omitempty" doc:"flat: for the period. per_unit and package: for per_units units."`
	PerUnits           *Quantity   `json:"per_units,omitempty" doc:"per_unit and package, where it is the package's size; 1 if absent. The unit price is never computed, so 1 for 3 is exact."`
	FreeUnits          *Quantity   `json:"free_units,omitempty" doc:"per_unit and package: in each period, before anything is charged."`
	Round              string      `json:"round,omitempty" enum:"up,down" doc:"package: whether a package that is begun is paid (up, the default) or only one that is full."`
	Tiers              []priceTier `json:"tiers,omitempty" maxItems:"100" doc:"graduated, volume and graduated_percentage: rising, the last one open."`
	FlatFeeAtZero      *bool       `json:"flat_fee_at_zero,omitempty" doc:"flat and the models with tiers: a period without usage pays the flat amount, that of the first tier."`
	RatePercent        *Quantity   `json:"rate_percent,omitempty" doc:"percentage: of each transaction's amount; 0 to 100."`
	FixedAmount        *Quantity   `json:"fixed_amount,omitempty" doc:"percentage: for each transaction that is not free."`
	FreeEvents         *int64      `json:"free_events,omitempty" minimum:"0" doc:"percentage: transactions that are free. The allowance ends at the first of free_events and free_amount."`
	FreeAmount         *Quantity   `json:"free_amount,omitempty" doc:"percentage: sum of transactions that is free; the transaction that crosses it pays the rate on the rest and the fixed amount."`
	TransactionMinimum *Quantity   `json:"transaction_minimum,omitempty" doc:"percentage: the least that a transaction which is not free pays, the fixed amount included."`
	TransactionMaximum *Quantity   `json:"transaction_maximum,omitempty" doc:"percentage: the most that a transaction pays, the fixed amount included."`
	Multiplier         *Quantity   `json:"multiplier,omitempty" doc:"dynamic: times the price that the event carries; 1 if absent."`
	MinorUnits         *bool       `json:"minor_units,omitempty" doc:"dynamic: the events carry minor units of the currency, with a fraction if need be: 40.2 is 0.402 EUR."`
	Blocks             []blockTier `json:"blocks,omitempty" maxItems:"100" doc:"tiered_blocks: units fill the blocks of a tier before those of the next."`
	Policy             string      `json:"policy,omitempty" enum:"all_tiers,top_tier" doc:"tiered_blocks: each tier pays its own blocks (all_tiers, the default), or the tier reached prices all units (top_tier)."`
	Dimensions         []string    `json:"dimensions,omitempty" maxItems:"5" doc:"matrix: the names of the dimensions."`
	Cells              []priceCell `json:"cells,omitempty" maxItems:"1000" doc:"matrix: a price for a combination of values."`
	Default            *unitPrice  `json:"default,omitempty" doc:"matrix: the price of combinations without a cell; without it they are refused."`
}

type priceTier struct {
	UpTo        *Quantity `json:"up_to,omitempty" nullable:"true" doc:"The last quantity of the tier, inclusive: 100.5 lies in the tier after 100. null or absent in the last tier, and only there."`
	Amount      *Quantity `json:"amount,omitempty" doc:"graduated and volume: for per_units units; 0 if absent."`
	PerUnits    *Quantity `json:"per_units,omitempty" doc:"graduated and volume: 1 if absent."`
	RatePercent *Quantity `json:"rate_percent,omitempty" doc:"graduated_percentage: 0 to 100; 0 if absent."`
	FlatAmount  *Quantity `json:"flat_amount,omitempty" doc:"Once the tier is entered; 0 if absent."`
}

type blockTier struct {
	Size      Quantity `json:"size" doc:"Units of a block. One that is begun is paid in full."`
	Amount    Quantity `json:"amount" doc:"Of a block."`
	MaxBlocks *int64   `json:"max_blocks,omitempty" nullable:"true" minimum:"1" maximum:"1000000000000" doc:"How many blocks the tier has; null or absent for no end, only in the last. Units above the last have no price and are refused."`
}

type unitPrice struct {
	Amount   Quantity  `json:"amount" doc:"For per_units units."`
	PerUnits *Quantity `json:"per_units,omitempty" doc:"1 if absent."`
}

type priceCell struct {
	Values   map[string]string `json:"values" doc:"A value for each dimension."`
	Amount   Quantity          `json:"amount" doc:"For per_units units."`
	PerUnits *Quantity         `json:"per_units,omitempty" doc:"1 if absent."`
}

func (b priceBody) price() pricing.Price {
	model := pricing.Model(b.Model)
	p := pricing.Price{Version: pricing.Version, Model: model, Amount: zeroOr(b.Amount), FreeUnits: zeroOr(b.FreeUnits),
		Round: pricing.Rounding(b.Round), FlatFeeAtZero: isTrue(b.FlatFeeAtZero), RatePercent: decimalOf(b.RatePercent),
		FixedAmount: decimalOf(b.FixedAmount), FreeEvents: b.FreeEvents, FreeAmount: decimalOf(b.FreeAmount),
		TransactionMinimum: decimalOf(b.TransactionMinimum), TransactionMaximum: decimalOf(b.TransactionMaximum),
		Multiplier: decimalOf(b.Multiplier), MinorUnits: isTrue(b.MinorUnits), Policy: pricing.BlockPolicy(b.Policy), Dimensions: b.Dimensions}
	if model.Has("per_units") || b.PerUnits != nil {
		p.PerUnits = oneOr(b.PerUnits)
	}
	for _, t := range b.Tiers {
		tier := pricing.Tier{UpTo: decimalOf(t.UpTo), Amount: zeroOr(t.Amount), RatePercent: zeroOr(t.RatePercent), FlatAmount: zeroOr(t.FlatAmount)}
		if model != pricing.ModelGraduatedPercentage || t.PerUnits != nil {
			tier.PerUnits = oneOr(t.PerUnits)
		}
		p.Tiers = append(p.Tiers, tier)
	}
	for _, t := range b.Blocks {
		p.Blocks = append(p.Blocks, pricing.Block{Size: t.Size.Decimal, Amount: t.Amount.Decimal, MaxBlocks: t.MaxBlocks})
	}
	for _, c := range b.Cells {
		p.Cells = append(p.Cells, pricing.Cell{Values: c.Values, UnitPrice: pricing.UnitPrice{Amount: c.Amount.Decimal, PerUnits: oneOr(c.PerUnits)}})
	}
	if b.Default != nil {
		p.Default = &pricing.UnitPrice{Amount: b.Default.Amount.Decimal, PerUnits: oneOr(b.Default.PerUnits)}
	}
	return p
}

// wrong reports the fields that are missing or that the model does not have, where the price itself cannot tell an absent
// field from one that is zero.
func (b priceBody) wrong() []fault.Field {
	model := pricing.Model(b.Model)
	var out []fault.Field
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"amount", b.Amount != nil}, {"per_units", b.PerUnits != nil}, {"free_units", b.FreeUnits != nil}, {"tiers", b.Tiers != nil},
		{"flat_fee_at_zero", b.FlatFeeAtZero != nil}, {"rate_percent", b.RatePercent != nil}, {"minor_units", b.MinorUnits != nil},
		{"blocks", b.Blocks != nil}, {"dimensions", b.Dimensions != nil}, {"cells", b.Cells != nil},
	} {
		switch {
		case f.given && !model.Has(f.name):
			out = append(out, fault.Field{Pointer: "/" + f.name, Code: "field_not_allowed", Detail: fmt.Sprintf("A %s price has no such field.", model)})
		case !f.given && model.Requires(f.name):
			out = append(out, fault.Field{Pointer: "/" + f.name, Code: "required", Detail: fmt.Sprintf("A %s price must have this field.", model)})
		}
	}
	return out
}

// alsoWrong adds fields below a pointer to those that err has, each place once.
func alsoWrong(err error, pointer string, fields []fault.Field) error {
	if len(fields) == 0 {
		return err
	}
	seen := map[string]bool{}
	out := fault.At(pointer+fields[0].Pointer, fields[0].Code, fields[0].Detail)
	out.Fields = nil
	for i := range fields {
		fields[i].Pointer = pointer + fields[i].Pointer
	}
	if err != nil {
		fields = append(fields, fault.Of(err).Fields...)
	}
	for _, f := range fields {
		if !seen[f.Pointer] {
			seen[f.Pointer] = true
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

func oneOr(q *Quantity) decimal.Decimal {
	if q == nil {
		return decimal.NewFromInt(1)
	}
	return q.Decimal
}

func isTrue(b *bool) bool { return b != nil && *b }
