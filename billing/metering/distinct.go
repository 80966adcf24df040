package metering

import "github.com/durabill/durabill/billing/calendar"

// distinct is the state of count_distinct: every value of the key that was seen. A removal is an event like any other
// here; who wants removals to count asks for active_count.
type distinct struct{ keys map[string]struct{} }

func newDistinct() *distinct { return &distinct{keys: map[string]struct{}{}} }

func (d *distinct) Add(s Sample) { d.keys[s.Key] = struct{}{} }

func (d *distinct) Merge(other State) {
	for key := range other.(*distinct).keys {
		d.keys[key] = struct{}{}
	}
}

func (d *distinct) Value() Number                  { return whole(int64(len(d.keys))) }
func (d *distinct) carry() *Number                 { return nil }
func (d *distinct) next(calendar.Interval) folding { return newDistinct() }
