package pricing

import (
	"slices"

	"github.com/shopspring/decimal"
)

// volume prices every unit at the tier that the whole quantity reaches. The amount may fall where a cheaper tier begins.
func (p Price) volume(quantity decimal.Decimal) []Line {
	if quantity.IsZero() {
		return p.atZero()
	}
	i := slices.IndexFunc(p.Tiers, func(t Tier) bool { return t.covers(quantity) })
	return []Line{p.Tiers[i].line(i+1, quantity, p.Model)}
}
