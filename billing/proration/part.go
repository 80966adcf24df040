package proration

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// Part is an interval of a period and its share of a price.
type Part struct {
	Interval calendar.Interval // zero where the share was counted by the caller
	Full     calendar.Interval
	Share    Share
	Days     Share // the same in local days, whatever the unit
	Exact    decimal.Decimal
}

// Prorate gives the part of a price that the frame asks for.
func (f Frame) Prorate(price decimal.Decimal) (Part, error) {
	r, err := f.read()
	if err != nil {
		return Part{}, err
	}
	return r.prorate(price), nil
}

func (f framed) prorate(price decimal.Decimal) Part {
	s := f.share(f.part)
	return Part{Interval: clip(f.part, f.full), Full: f.full, Share: s, Days: f.days(f.part), Exact: s.Of(price)}
}

// Cap is what may be credited of a wish: no more than was paid, less what was credited before, and no less than nothing.
func Cap(wish, paid, earlier decimal.Decimal) decimal.Decimal {
	return decimal.Max(decimal.Zero, decimal.Min(wish, paid.Sub(earlier)))
}

// Sum adds shares of different wholes exactly, as Decimal cuts them: a number of cycles.
func Sum(shares []Share) decimal.Decimal {
	sum := new(big.Rat)
	for _, s := range shares {
		sum.Add(sum, s.rat())
	}
	return cut(sum)
}
