package pricing

import "github.com/shopspring/decimal"

// packages is ceil(units ÷ per_units): a package that is begun is paid in full. QuoRem gives an exact integer quotient
// and remainder, where a rounded division could lose a sliver of usage and with it a package.
func (p Price) packages(chargeable decimal.Decimal) decimal.Decimal {
	full, rest := chargeable.QuoRem(p.PerUnits, 0)
	if rest.IsPositive() {
		full = full.Add(decimal.NewFromInt(1))
	}
	return full
}
