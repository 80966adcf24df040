package pricing

import "github.com/shopspring/decimal"

// Rounding says which way a quantity that is no whole number is taken.
type Rounding string

// The roundings there are. A package knows up, its default, and down.
const (
	RoundUp      Rounding = "up"
	RoundDown    Rounding = "down"
	RoundNearest Rounding = "nearest" // half away from zero
)

// packages is ceil(units ÷ per_units): a package that is begun is paid in full, unless the price rounds down.
func (p Price) packages(chargeable decimal.Decimal) decimal.Decimal {
	if p.Round == RoundDown {
		return whole(chargeable, p.PerUnits, RoundDown)
	}
	return whole(chargeable, p.PerUnits, RoundUp)
}

// whole gives how often size goes into a quantity, both not negative. QuoRem gives an exact integer quotient and remainder,
// where a rounded division could lose a sliver of usage and with it a package.
func whole(quantity, size decimal.Decimal, round Rounding) decimal.Decimal {
	full, rest := quantity.QuoRem(size, 0)
	if round == RoundUp && rest.IsPositive() || round == RoundNearest && rest.Add(rest).GreaterThanOrEqual(size) {
		full = full.Add(one)
	}
	return full
}
