package pricing

import "github.com/shopspring/decimal"

// perUnit is amount × units ÷ per_units. It multiplies first: the quotient amount ÷ per_units is never formed, so a
// price that has no finite decimals (1 per 3) still costs exactly 1 for 3.
func (p Price) perUnit(chargeable decimal.Decimal) decimal.Decimal {
	return p.Amount.Mul(chargeable).DivRound(p.PerUnits, QuotientScale)
}
