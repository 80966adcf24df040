package pricing

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Operation is what a conversion does with its factor.
type Operation string

// The operations there are.
const (
	Divide   Operation = "divide"
	Multiply Operation = "multiply"
)

// maxConvertedDecimals bounds what a conversion may round to.
const maxConvertedDecimals = 9

// Conversion turns what is metered into what is priced, in this order: factor, rounding to so many decimals, free units. It
// is made on the cumulative quantity, so that rounding telescopes as packages do; with PerLine on what was priced before and
// on this line each for itself, the free units then being given to what came first.
type Conversion struct {
	Operation Operation
	Factor    decimal.Decimal
	Round     Rounding // none if empty
	Decimals  int32
	FreeUnits decimal.Decimal
	PerLine   bool
}

// rounded is the quantity converted, before free units.
func (c Conversion) rounded(quantity decimal.Decimal) decimal.Decimal {
	per := c.Factor
	if c.Operation == Multiply {
		quantity, per = quantity.Mul(c.Factor), one
	}
	if c.Round == "" {
		return perUnit(one, quantity, per)
	}
	return whole(quantity.Shift(c.Decimals), per, c.Round).Shift(-c.Decimals)
}

// meter follows a period's quantity through its conversion.
type meter struct {
	conversion *Conversion
	metered    decimal.Decimal
	rounded    decimal.Decimal // before free units
}

// read moves the meter on and gives the quantities to price, from and to.
func (m *meter) read(quantity decimal.Decimal) (from, to decimal.Decimal) {
	c := m.conversion
	from = m.metered
	m.metered = m.metered.Add(quantity)
	switch {
	case c == nil:
		return from, m.metered
	case c.PerLine:
		from, m.rounded = m.rounded, m.rounded.Add(c.rounded(quantity))
	default:
		from, m.rounded = m.rounded, c.rounded(m.metered)
	}
	return decimal.Max(from.Sub(c.FreeUnits), decimal.Zero), decimal.Max(m.rounded.Sub(c.FreeUnits), decimal.Zero)
}

func (c Conversion) validate(f *problems) {
	if c.Operation != Divide && c.Operation != Multiply {
		f.at("/conversion/operation", "out_of_range", "The operation must be divide or multiply.")
	}
	f.positive("/conversion/factor", c.Factor)
	if !slices.Contains([]Rounding{"", RoundUp, RoundDown, RoundNearest}, c.Round) {
		f.at("/conversion/round", "out_of_range", "The rounding must be up, down or nearest.")
	}
	if c.Decimals < 0 || c.Decimals > maxConvertedDecimals {
		f.at("/conversion/decimals", "out_of_range", "A converted quantity is rounded to between 0 and 9 decimals.")
	}
	f.number("/conversion/free_units", c.FreeUnits)
}
