package pricing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// dynamic takes the price that the event carries, which may be in minor units with a fraction, times the multiplier.
func (p Price) dynamic(amount decimal.Decimal, asset money.Asset) Line {
	line := Line{Kind: LineTransaction, Quantity: amount, UnitPart: amount}
	if c, known := money.Lookup(string(asset)); known && p.MinorUnits {
		line.UnitPart = amount.Shift(-c.Exponent)
	}
	if p.Multiplier != nil {
		line.UnitPart = line.UnitPart.Mul(*p.Multiplier)
	}
	line.UnitPart = bounded(line.UnitPart)
	line.Amount = line.UnitPart
	return line
}
