package pricing

import "github.com/shopspring/decimal"

// Tier is the price of the quantity up to and with UpTo that no tier before it covers; the last has no UpTo. graduated and
// volume have an Amount per PerUnits units, graduated_percentage has a rate.
type Tier struct {
	UpTo        *decimal.Decimal `json:"up_to"`
	Amount      decimal.Decimal  `json:"amount,omitzero"`
	PerUnits    decimal.Decimal  `json:"per_units,omitzero"`
	RatePercent decimal.Decimal  `json:"rate_percent,omitzero"`
	FlatAmount  decimal.Decimal  `json:"flat_amount,omitzero"`
}

// covers tells whether a position on the continuous scale of quantities lies in the tier or below it.
func (t Tier) covers(position decimal.Decimal) bool {
	return t.UpTo == nil || position.LessThanOrEqual(*t.UpTo)
}

// unitPart is what units of the tier cost without its flat fee.
func (t Tier) unitPart(units decimal.Decimal, model Model) decimal.Decimal {
	if model == ModelGraduatedPercentage {
		return percent(units, t.RatePercent)
	}
	return perUnit(t.Amount, units, t.PerUnits)
}

// line is the tier's step. The flat fee is paid once the tier is entered.
func (t Tier) line(number int, units decimal.Decimal, model Model) Line {
	line := Line{Kind: LineTier, Tier: number, Quantity: units, UnitPart: t.unitPart(units, model), FlatPart: t.FlatAmount}
	line.Amount = line.UnitPart.Add(line.FlatPart)
	return line
}

// percent moves the point, so that it needs no quotient.
func percent(of, rate decimal.Decimal) decimal.Decimal { return bounded(of.Mul(rate).Shift(-2)) }
