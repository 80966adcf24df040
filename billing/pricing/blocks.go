package pricing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// BlockPolicy says which of the tiers of blocks a quantity pays.
type BlockPolicy string

// Under all_tiers, the default, units fill the blocks of a tier before they begin the next; under top_tier the tier that they
// end in prices them all.
const (
	AllTiers BlockPolicy = "all_tiers"
	TopTier  BlockPolicy = "top_tier"
)

// Block is a tier of blocks of a size, each paid in full once begun. Without MaxBlocks the tier has no end: only the last may.
type Block struct {
	Size      decimal.Decimal `json:"size"`
	Amount    decimal.Decimal `json:"amount"`
	MaxBlocks *int64          `json:"max_blocks"`
}

// capacity is how many units the tier takes; ok is false if it has no end.
func (b Block) capacity() (units decimal.Decimal, ok bool) {
	if b.MaxBlocks == nil {
		return decimal.Zero, false
	}
	return b.Size.Mul(decimal.NewFromInt(*b.MaxBlocks)), true
}

func (b Block) line(number int, units decimal.Decimal) Line {
	n := whole(units, b.Size, RoundUp)
	amount := n.Mul(b.Amount)
	return Line{Kind: LineBlocks, Tier: number, Quantity: units, Packages: n, UnitPart: amount, Amount: amount}
}

func (p Price) blocks(quantity decimal.Decimal) []Line {
	var lines []Line
	rest := quantity
	for i, b := range p.Blocks {
		if rest.IsZero() {
			break
		}
		units := rest
		if capacity, ends := b.capacity(); ends {
			units = decimal.Min(rest, capacity)
		}
		lines = append(lines, b.line(i+1, units))
		rest = rest.Sub(units)
	}
	if p.Policy == TopTier && len(lines) > 0 {
		top := lines[len(lines)-1].Tier
		return []Line{p.Blocks[top-1].line(top, quantity)}
	}
	return lines
}

// holds refuses a quantity that the last tier of blocks does not reach: what has no price is not free.
func (p Price) holds(quantity decimal.Decimal) error {
	if p.Model != ModelTieredBlocks {
		return nil
	}
	total := decimal.Zero
	for _, b := range p.Blocks {
		capacity, ends := b.capacity()
		if !ends {
			return nil
		}
		total = total.Add(capacity)
	}
	if quantity.GreaterThan(total) {
		return fault.New(fault.Invalid, CodeAboveBlocks, "The blocks of the price end at %s units.", total)
	}
	return nil
}
