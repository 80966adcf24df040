package metering

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// Sum adds quantities up; the sum of none is zero. A negative quantity is a correction and counts as such.
func Sum(quantities []decimal.Decimal) decimal.Decimal {
	total := decimal.Zero
	for _, q := range quantities {
		total = total.Add(q)
	}
	return total
}

// total is the state of a sum.
type total struct{ acc accumulator }

func newTotal(carried decimal.Decimal) *total {
	t := new(total)
	t.acc.add(carried, 1)
	return t
}

func (t *total) Add(s Sample)                   { t.acc.add(s.Number, 1) }
func (t *total) Merge(other State)              { t.acc.merge(&other.(*total).acc) }
func (t *total) Value() Number                  { return t.acc.over(1) }
func (t *total) carry() *Number                 { return carried(t.Value()) }
func (t *total) next(calendar.Interval) folding { return new(total) }
