package pricing

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

const maxValueLength = 100

// validateTiers wants bounds that rise from above zero, and an open last tier, so that every quantity has exactly one tier.
func (p Price) validateTiers(f *problems) {
	if !f.length("/tiers", len(p.Tiers), MaxTiers) {
		return
	}
	lower := decimal.Zero
	for i, tier := range p.Tiers {
		at := fmt.Sprintf("/tiers/%d", i)
		p.validateTierPrice(f, at, tier)
		switch last := i == len(p.Tiers)-1; {
		case last && tier.UpTo != nil:
			f.at(at+"/up_to", "tier_not_open", "The last tier must have no upper bound: what lies above it would have no price.")
		case last:
		case tier.UpTo == nil:
			f.at(at+"/up_to", "tier_open", "Only the last tier may have no upper bound.")
		case f.number(at+"/up_to", *tier.UpTo):
			if !tier.UpTo.GreaterThan(lower) {
				f.at(at+"/up_to", "tier_empty", "The bound must be above that of the tier before, and above zero.")
			}
			lower = decimal.Max(lower, *tier.UpTo)
		}
	}
}

func (p Price) validateTierPrice(f *problems, at string, tier Tier) {
	f.number(at+"/flat_amount", tier.FlatAmount)
	if p.Model == ModelGraduatedPercentage {
		f.percent(at+"/rate_percent", tier.RatePercent)
		f.absent(at+"/amount", tier.Amount, p.Model)
		f.absent(at+"/per_units", tier.PerUnits, p.Model)
		return
	}
	f.number(at+"/amount", tier.Amount)
	f.positive(at+"/per_units", tier.PerUnits)
	f.absent(at+"/rate_percent", tier.RatePercent, p.Model)
}

func (f *problems) absent(pointer string, v decimal.Decimal, m Model) {
	if !v.IsZero() {
		f.at(pointer, "field_not_allowed", fmt.Sprintf("A tier of a %s price has no such field.", m))
	}
}

func (p Price) validateBlocks(f *problems) {
	if !slices.Contains([]BlockPolicy{"", AllTiers, TopTier}, p.Policy) {
		f.at("/policy", "out_of_range", "The policy must be all_tiers or top_tier.")
	}
	if !f.length("/blocks", len(p.Blocks), MaxTiers) {
		return
	}
	for i, b := range p.Blocks {
		at := fmt.Sprintf("/blocks/%d", i)
		f.positive(at+"/size", b.Size)
		f.number(at+"/amount", b.Amount)
		switch {
		case b.MaxBlocks == nil && i < len(p.Blocks)-1:
			f.at(at+"/max_blocks", "tier_open", "Only the last tier may have no end.")
		case b.MaxBlocks != nil && *b.MaxBlocks <= 0:
			f.at(at+"/max_blocks", "out_of_range", "The value must be greater than zero.")
		}
	}
}

// validateMatrix wants a price for something: a cell or a default.
func (p Price) validateMatrix(f *problems) {
	if f.length("/dimensions", len(p.Dimensions), MaxDimensions) {
		for i, d := range p.Dimensions {
			if d == "" || len(d) > maxValueLength || slices.Contains(p.Dimensions[:i], d) {
				f.at(fmt.Sprintf("/dimensions/%d", i), "out_of_range", "A dimension must have a name of its own, of at most 100 bytes.")
			}
		}
	}
	if p.Default == nil {
		f.length("/cells", len(p.Cells), MaxCells)
	} else {
		f.unit("/default", *p.Default)
	}
	if len(p.Cells) > MaxCells {
		return
	}
	seen := make(map[string]bool, len(p.Cells))
	for i, c := range p.Cells {
		at := fmt.Sprintf("/cells/%d", i)
		f.unit(at, c.UnitPrice)
		if !f.combination(at+"/values", p.Dimensions, c.Values) {
			continue
		}
		if key := p.key(c.Values); seen[key] {
			f.at(at+"/values", "duplicate", "Another cell has the same values.")
		} else {
			seen[key] = true
		}
	}
}

func (f *problems) unit(at string, u UnitPrice) {
	f.number(at+"/amount", u.Amount)
	f.positive(at+"/per_units", u.PerUnits)
}

// combination wants a value for every dimension, and no other.
func (f *problems) combination(pointer string, dimensions []string, values map[string]string) bool {
	fits := len(values) == len(dimensions)
	for _, d := range dimensions {
		v, has := values[d]
		fits = fits && has && len(v) <= maxValueLength
	}
	if !fits {
		f.at(pointer, "combination_incomplete", "There must be one value of at most 100 bytes for each dimension, and no other.")
	}
	return fits
}
