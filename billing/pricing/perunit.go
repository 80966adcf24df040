package pricing

import "github.com/shopspring/decimal"

// perUnit is amount × units ÷ per. It multiplies first: the quotient amount ÷ per is never formed, so a price that has no
// finite decimals (1 per 3) still costs exactly 1 for 3.
func perUnit(amount, units, per decimal.Decimal) decimal.Decimal {
	product := amount.Mul(units)
	if per.Equal(one) {
		return bounded(product)
	}
	return product.DivRound(per, QuotientScale)
}

// bounded keeps QuotientScale decimals of a product.
func bounded(v decimal.Decimal) decimal.Decimal {
	if v.Exponent() >= -QuotientScale {
		return v
	}
	return v.Round(QuotientScale)
}

var one = decimal.NewFromInt(1)

// units explains the models that have one price and free units.
func (p Price) units(quantity decimal.Decimal) []Line {
	charged := p.chargeable(quantity)
	var lines []Line
	if free := quantity.Sub(charged); free.IsPositive() {
		lines = append(lines, Line{Kind: LineFree, Quantity: free})
	}
	if !charged.IsPositive() {
		return lines
	}
	line := Line{Kind: LineUnits, Quantity: charged}
	if p.Model == ModelPackage {
		line.Kind, line.Packages = LinePackages, p.packages(charged)
		line.Amount = line.Packages.Mul(p.Amount)
	} else {
		line.Amount = perUnit(p.Amount, charged, p.PerUnits)
	}
	line.UnitPart = line.Amount
	return append(lines, line)
}
