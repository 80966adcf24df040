package metering

import "github.com/durabill/durabill/billing/calendar"

// mean is the state of average: the mean of the events' numbers, each event counting once. The mean of none is 0.
type mean struct {
	acc accumulator
	n   int64
}

func (m *mean) Add(s Sample) {
	m.acc.add(s.Number, 1)
	m.n++
}

func (m *mean) Merge(other State) {
	o := other.(*mean)
	m.acc.merge(&o.acc)
	m.n += o.n
}

func (m *mean) Value() Number                  { return m.acc.over(m.n) }
func (m *mean) carry() *Number                 { return nil }
func (m *mean) next(calendar.Interval) folding { return new(mean) }
