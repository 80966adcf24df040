package proration

import (
	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// MaxCycles bounds the cycles that one question may span.
const MaxCycles = 1000

// Cycles gives the parts of an agreement's time, each of the full period that it lies in: a leading stub of the one that ends with
// it, whole periods, and a trailing stub of the one that it begins.
func (f Frame) Cycles(r calendar.Rule, end calendar.Moment) ([]Part, error) {
	zone, err := calendar.LoadZone(r.Zone)
	if err != nil {
		return nil, fault.At("/timezone", "zone_unknown", "The zone must be an IANA time zone name, such as Europe/Berlin.")
	}
	start, over := f.Begin.Start.In(zone), end.In(zone)
	s, err := r.Schedule(start)
	if err != nil {
		return nil, calendar.Under("/begin", err)
	}
	m := framed{Measure: Measure{Unit: f.Unit, Convention: f.Convention, Zone: zone}}
	var out []Part
	for n := 0; ; n++ {
		p, err := s.Period(n)
		if err != nil {
			return nil, err
		}
		if !p.Start.Before(over) {
			return out, nil
		}
		if n == MaxCycles {
			return nil, fault.At("/to", "out_of_range", "No more than 1000 cycles may lie in it.")
		}
		if m.full, err = s.Full(n); err != nil {
			return nil, err
		}
		if p.End.After(over) {
			p.End = over
		}
		m.part = p
		out = append(out, m.prorate(one))
	}
}
