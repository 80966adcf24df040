package metering

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// tally is the state of a count: one per event, whatever number the event carries.
type tally struct{ total }

func newTally(carried decimal.Decimal) *tally {
	t := new(tally)
	t.acc.add(carried, 1)
	return t
}

func (t *tally) Add(Sample)                     { t.acc.add(one, 1) }
func (t *tally) Merge(other State)              { t.acc.merge(&other.(*tally).acc) }
func (t *tally) next(calendar.Interval) folding { return new(tally) }

var one = decimal.New(1, 0)
