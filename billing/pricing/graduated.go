package pricing

import "github.com/shopspring/decimal"

// graduated charges each tier for the units that fall in it, at its price or its rate. A quantity that ends on a bound does
// not enter the next tier.
func (p Price) graduated(quantity decimal.Decimal) []Line {
	if quantity.IsZero() {
		return p.atZero()
	}
	var lines []Line
	lower := decimal.Zero
	for i, tier := range p.Tiers {
		if tier.covers(quantity) {
			return append(lines, tier.line(i+1, quantity.Sub(lower), p.Model))
		}
		lines = append(lines, tier.line(i+1, tier.UpTo.Sub(lower), p.Model))
		lower = *tier.UpTo
	}
	return lines
}

// atZero is the first tier's flat fee, if the price is entered without usage.
func (p Price) atZero() []Line {
	if !p.FlatFeeAtZero {
		return nil
	}
	return []Line{p.Tiers[0].line(1, decimal.Zero, p.Model)}
}
