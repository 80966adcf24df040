package metering

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// Group is the result of the events that agree in the properties of GroupBy. Groups are ordered by their keys, the first
// key first, byte by byte; none comes before any text.
type Group struct {
	Key []*string // nil for a property that the events do not have
	Measure
	Windows []WindowMeasure
}

// windows cuts the period as the Spec asks. A period that is open on a side ends there with the window of its last event.
func (p *plan) windows(samples []Sample) ([]calendar.Interval, error) {
	if p.Window == "" {
		return nil, nil
	}
	within, counted := p.Period, between(samples, p.Period.Start, p.Period.End)
	if (within.Start.IsZero() || within.End.IsZero()) && len(counted) == 0 {
		return nil, nil
	}
	if within.Start.IsZero() {
		first, err := p.Window.containing(counted[0].Event.Time, p.Zone, p.zone)
		if err != nil {
			return nil, err
		}
		within.Start = first.Start
	}
	if within.End.IsZero() {
		last, err := p.Window.containing(counted[len(counted)-1].Event.Time, p.Zone, p.zone)
		if err != nil {
			return nil, err
		}
		within.End = last.End
	}
	return p.Window.cut(within, p.Zone, p.zone)
}

// through measures window after window. Each sample is read once: what a level was at a window's end, the next begins with.
func (p *plan) through(samples []Sample, cuts []calendar.Interval) ([]WindowMeasure, error) {
	if len(cuts) == 0 {
		return nil, nil
	}
	state := p.into(samples, cuts[0])
	out := make([]WindowMeasure, 0, len(cuts))
	for i, cut := range cuts {
		if i > 0 {
			state = state.next(cut)
		}
		inside := between(samples, cut.Start, cut.End)
		for _, s := range inside {
			state.Add(s)
		}
		m, err := p.result(state, len(inside))
		if err != nil {
			return nil, err
		}
		out = append(out, WindowMeasure{Interval: cut, Measure: m})
	}
	return out, nil
}

// into is the state at the beginning of the first window: a level has one, and anything else shows in each window only
// what happened in it, so that windows add up.
func (p *plan) into(samples []Sample, first calendar.Interval) folding {
	if !p.Aggregation.level() {
		return p.begin(first).next(first)
	}
	state := p.begin(first)
	if p.recurring {
		for _, s := range between(samples, time.Time{}, first.Start) {
			state.Add(s)
		}
	}
	return state
}

// groups parts the samples of the period by their keys and measures each part as the whole is.
func (p *plan) groups(samples []Sample, cuts []calendar.Interval) ([]Group, error) {
	if len(p.GroupBy) == 0 {
		return nil, nil
	}
	parts := p.part(p.reach(samples, p.Period))
	if len(parts)*len(cuts) > MaxWindows {
		return nil, fault.At("/window", "out_of_range", "There would be more than 10000 windows in all groups.")
	}
	out := make([]Group, 0, len(parts))
	for _, part := range parts {
		g := Group{Key: p.keyOf(part[0].Event)}
		var err error
		if g.Measure, err = p.measure(part, p.Period); err != nil {
			return nil, err
		}
		if g.Windows, err = p.through(part, cuts); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Group) int { return slices.CompareFunc(a.Key, b.Key, byText) })
	return out, nil
}

func byText(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(*a, *b)
}

func (p *plan) part(samples []Sample) [][]Sample {
	at := map[string]int{}
	var parts [][]Sample
	var name []byte
	for _, s := range samples {
		name = p.nameOf(name[:0], s.Event)
		place, known := at[string(name)] // makes no string
		if !known {
			place = len(parts)
			at[string(name)] = place
			parts = append(parts, nil)
		}
		parts[place] = append(parts[place], s)
	}
	return parts
}

// nameOf writes a group's key so that no two keys are written alike: the length comes before each text.
func (p *plan) nameOf(name []byte, e *Event) []byte {
	for _, property := range p.GroupBy {
		if value, there := e.Properties[property]; there {
			name = strconv.AppendInt(name, int64(len(value)), 10)
			name = append(append(name, ':'), value...)
		} else {
			name = append(name, '-')
		}
	}
	return name
}

func (p *plan) keyOf(e *Event) []*string {
	out := make([]*string, len(p.GroupBy))
	for i, property := range p.GroupBy {
		if value, there := e.Properties[property]; there {
			out[i] = &value
		}
	}
	return out
}
