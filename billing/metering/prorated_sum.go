package metering

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// days is a period as calendar days of a zone. A day that the period only touches counts as one of its days.
type days struct {
	zone        *time.Location
	first, last int   // day numbers
	full        int64 // the days of a full period, which weights are fractions of
}

func daysOf(within calendar.Interval, zone *time.Location, full int) days {
	d := days{zone: zone, first: calendar.DayNumber(within.Start, zone),
		last: calendar.DayNumber(within.End.Add(-1), zone), full: int64(full)}
	if full == 0 {
		d.full = int64(d.last - d.first + 1)
	}
	return d
}

// remaining counts the days of the period from the day of an instant on, that day included.
func (d days) remaining(at time.Time) int64 {
	return int64(d.last - max(calendar.DayNumber(at, d.zone), d.first) + 1)
}

// proratedTotal is the state of prorated_sum: each number counts for the days that were left. What came before the
// period counts for all of its days.
type proratedTotal struct {
	days  days
	acc   accumulator // number × days
	plain accumulator
}

func newProratedTotal(d days, carried decimal.Decimal) *proratedTotal {
	p := &proratedTotal{days: d}
	p.acc.add(carried, int64(d.last-d.first+1))
	p.plain.add(carried, 1)
	return p
}

func (p *proratedTotal) Add(s Sample) {
	p.acc.add(s.Number, p.days.remaining(s.Event.Time))
	p.plain.add(s.Number, 1)
}

func (p *proratedTotal) Merge(other State) {
	o := other.(*proratedTotal)
	p.acc.merge(&o.acc)
	p.plain.merge(&o.plain)
}

func (p *proratedTotal) Value() Number  { return p.acc.over(p.days.full) }
func (p *proratedTotal) carry() *Number { return carried(p.plain.over(1)) }

// next is never asked: windows of a prorated aggregation are refused.
func (p *proratedTotal) next(calendar.Interval) folding {
	return newProratedTotal(p.days, p.plain.decimal())
}

func (p *proratedTotal) weight(s Sample) Number {
	return ratio(p.days.remaining(s.Event.Time), p.days.full)
}
