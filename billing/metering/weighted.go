package metering

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// level is the state of weighted_sum. A change of c at t adds c for the rest of the period, so it adds c × (end − t) to
// the area under the level: a sum over the events, and therefore indifferent to their order. What happened before the
// period counts for all of it.
type level struct {
	within calendar.Interval
	area   accumulator // level × nanoseconds
	now    accumulator
}

func newLevel(within calendar.Interval, carried decimal.Decimal) *level {
	l := &level{within: within}
	l.change(within.Start, carried)
	return l
}

func (l *level) change(at time.Time, by decimal.Decimal) {
	l.area.add(by, l.remaining(at))
	l.now.add(by, 1)
}

// remaining is how long a change at an instant lasts in the period.
func (l *level) remaining(at time.Time) int64 {
	if at.Before(l.within.Start) {
		at = l.within.Start
	}
	return int64(l.within.End.Sub(at))
}

func (l *level) Add(s Sample) { l.change(s.Event.Time, s.Number) }

func (l *level) Merge(other State) {
	o := other.(*level)
	l.area.merge(&o.area)
	l.now.merge(&o.now)
}

func (l *level) Value() Number  { return l.area.over(int64(l.within.Duration())) }
func (l *level) carry() *Number { return carried(l.now.over(1)) }

func (l *level) next(within calendar.Interval) folding {
	return newLevel(within, l.now.decimal())
}

func (l *level) weight(s Sample) Number {
	return ratio(l.remaining(s.Event.Time), int64(l.within.Duration()))
}
