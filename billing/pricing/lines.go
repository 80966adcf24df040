package pricing

import (
	"cmp"

	"github.com/shopspring/decimal"
)

// LineKind says how a Line's amount came about.
type LineKind string

// The kinds there are.
const (
	LineFree        LineKind = "free"        // units given away
	LineFlat        LineKind = "flat"        // an amount for the period
	LineUnits       LineKind = "units"       // units × amount ÷ per_units
	LinePackages    LineKind = "packages"    // packages × amount
	LineTier        LineKind = "tier"        // the tier's units × its price, and its flat fee
	LineBlocks      LineKind = "blocks"      // blocks of the tier begun × their price
	LineTransaction LineKind = "transaction" // one transaction's fee
)

// Line is one step of the computation, for a person who asks why. Lines of a difference have amounts that sum to it and
// quantities that sum to its quantity; where volume moves a quantity to another tier, the tier it left has a negative line.
type Line struct {
	Kind     LineKind        `json:"kind"`
	Tier     int             `json:"tier"`     // the first is 1; 0 where there are no tiers
	Quantity decimal.Decimal `json:"quantity"` // units; of a transaction, its amount
	Free     decimal.Decimal `json:"free"`     // how much of a transaction's amount is free of the rate
	Packages decimal.Decimal `json:"packages"` // packages or blocks begun by this quantity
	UnitPart decimal.Decimal `json:"unit_part"`
	FlatPart decimal.Decimal `json:"flat_part"`
	Clamp    decimal.Decimal `json:"clamp"` // what a transaction's minimum added or its maximum took off
	Amount   decimal.Decimal `json:"amount"`
	Discount decimal.Decimal `json:"discount"` // how much of Amount the period's maximum takes off again
}

// steps explains P(quantity) of a cumulative model.
func (p Price) steps(quantity decimal.Decimal) []Line {
	switch p.Model {
	case ModelFlat:
		return p.flat(quantity)
	case ModelPerUnit, ModelPackage:
		return p.units(quantity)
	case ModelGraduated, ModelGraduatedPercentage:
		return p.graduated(quantity)
	case ModelVolume:
		return p.volume(quantity)
	case ModelTieredBlocks:
		return p.blocks(quantity)
	default:
		panic("pricing: a cumulative model has no function: " + string(p.Model))
	}
}

// Explain takes the same arguments as Delta and shows its parts. A part with nothing in it is left out.
func (p Price) Explain(before, quantity decimal.Decimal) ([]Line, error) {
	after := before.Add(quantity)
	if err := p.check(before, quantity, after); err != nil {
		return nil, err
	}
	return difference(p.steps(after), p.steps(before)), nil
}

// difference takes the lines before off the lines after, step by step. Both are in the order of their tiers, free units first.
func difference(after, before []Line) []Line {
	lines := make([]Line, 0, len(after))
	keep := func(l Line) {
		if !l.empty() {
			lines = append(lines, l)
		}
	}
	for len(after) > 0 || len(before) > 0 {
		switch order := order(after, before); {
		case order < 0:
			keep(after[0])
			after = after[1:]
		case order > 0:
			keep(Line{Kind: before[0].Kind, Tier: before[0].Tier}.less(before[0]))
			before = before[1:]
		default:
			keep(after[0].less(before[0]))
			after, before = after[1:], before[1:]
		}
	}
	return lines
}

// order tells which list's next line comes first; an exhausted list comes last.
func order(after, before []Line) int {
	switch {
	case len(before) == 0:
		return -1
	case len(after) == 0:
		return 1
	case after[0].Tier == before[0].Tier && after[0].Kind != before[0].Kind:
		if after[0].Kind == LineFree {
			return -1
		}
		return 1
	default:
		return cmp.Compare(after[0].Tier, before[0].Tier)
	}
}

func (l Line) less(b Line) Line {
	l.Quantity, l.Packages = l.Quantity.Sub(b.Quantity), l.Packages.Sub(b.Packages)
	l.UnitPart, l.FlatPart, l.Amount = l.UnitPart.Sub(b.UnitPart), l.FlatPart.Sub(b.FlatPart), l.Amount.Sub(b.Amount)
	return l
}

func (l Line) empty() bool { return l.Quantity.IsZero() && l.Amount.IsZero() && l.FlatPart.IsZero() }

func sum(lines []Line) decimal.Decimal {
	total := decimal.Zero
	for _, l := range lines {
		total = total.Add(l.Amount)
	}
	return total
}
