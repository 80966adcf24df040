package proration

import (
	"time"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// Bounds is a period as a caller gives it: with an end, or with a length.
type Bounds struct {
	Start, End calendar.Moment
	Interval   calendar.Cadence // instead of End
	Inclusive  Unit             // Day or Second if End is the last one that belongs to it
}

// Begin is an agreement whose first period is meant: a stub of its schedule, or a whole period.
type Begin struct {
	Rule      calendar.Rule
	Start     calendar.Moment
	TrialDays int
	// FromStart measures a stub by the whole period that would begin at its start, and not by the one that ends with it.
	FromStart bool
}

// Counts replaces what is measured by what a caller counted. Elapsed is the rest of Part.
type Counts struct{ Part, Elapsed, Of *int64 }

// Frame is the time that a question is about. Zero fields are not given.
type Frame struct {
	Zone       string
	Unit       Unit
	Convention Convention
	Period     *Bounds // whole
	Begin      *Begin
	From, To   calendar.Moment // the part; the period's bounds if zero
	LastDay    bool            // the day of To counts as used
	Counts     Counts
}

// MaxCounted bounds what a caller may count: the seconds of three hundred years.
const MaxCounted = 10_000_000_000

// framed is a Frame that was read.
type framed struct {
	Measure
	full, part calendar.Interval
	counts     Counts
}

func (f Frame) read() (framed, error) {
	zone, err := calendar.LoadZone(f.Zone)
	if err != nil {
		return framed{}, fault.At("/timezone", "zone_unknown", "The zone must be an IANA time zone name, such as Europe/Berlin.")
	}
	out := framed{Measure: Measure{Unit: f.Unit, Convention: f.Convention, Zone: zone}, counts: f.Counts}
	if err := f.Counts.validate(); err != nil {
		return framed{}, err
	}
	if out.full, out.part, err = f.bounds(zone); err != nil {
		return framed{}, err
	}
	if out.full.IsZero() {
		out.full = out.part
	}
	counted := f.Counts.Of != nil && (f.Counts.Part != nil || f.Counts.Elapsed != nil)
	if !counted && f.Unit != None && (out.part.Start.IsZero() || out.part.End.IsZero()) {
		return framed{}, fault.At("/period", "required", "A period, a start of an agreement, from and to, or counted parts are needed.")
	}
	if out.part.End.Before(out.part.Start) {
		return framed{}, fault.At("/to", "out_of_range", "The part must not end before it begins.")
	}
	return out, nil
}

// bounds gives the full period and the part of it that are meant, as far as the frame says.
func (f Frame) bounds(zone *time.Location) (full, part calendar.Interval, err error) {
	if f.Begin != nil {
		if full, part, err = f.Begin.first(zone); err != nil {
			return full, part, err
		}
	}
	if f.Period != nil {
		if full, err = f.Period.in(zone); err != nil {
			return full, part, err
		}
		if f.Begin == nil {
			part = full
		}
	}
	if !f.From.IsZero() {
		part.Start = f.From.In(zone)
	}
	if !f.To.IsZero() {
		part.End = f.To.In(zone)
		if f.LastDay {
			part.End = afterDay(zone, part.End)
		}
	}
	switch { // of a period that is over, or not yet begun, there is nothing
	case f.To.IsZero() && !part.End.IsZero() && part.Start.After(part.End):
		part.Start = part.End
	case f.From.IsZero() && !part.End.IsZero() && part.End.Before(part.Start):
		part.End = part.Start
	}
	return full, part, nil
}

func afterDay(zone *time.Location, at time.Time) time.Time {
	day, _ := calendar.Floor(zone, at, calendar.Day) // a known unit
	next, err := calendar.Add(zone, day, calendar.Day, 1)
	if err != nil {
		return at
	}
	return next
}

func (b Bounds) in(zone *time.Location) (calendar.Interval, error) {
	if b.Start.IsZero() {
		return calendar.Interval{}, fault.At("/period/start", "required", "The period must have a start.")
	}
	out := calendar.Interval{Start: b.Start.In(zone), End: b.End.In(zone)}
	var err error
	switch {
	case b.Interval != (calendar.Cadence{}) && b.End.IsZero():
		if err := b.Interval.Validate(); err != nil {
			return out, fault.At("/period/interval", "unit_unknown", "The interval must have a known unit and a count from 1 to 1000.")
		}
		out.End, err = calendar.Add(zone, out.Start, b.Interval.Unit, b.Interval.Count)
	case b.End.IsZero() || b.Interval != (calendar.Cadence{}):
		return out, fault.At("/period/end", "exactly_one", "A period has either an end or an interval.")
	case b.Inclusive == Day:
		out.End, err = calendar.Add(zone, out.End, calendar.Day, 1)
	case b.Inclusive == Second:
		out.End = out.End.Add(time.Second)
	}
	if err == nil && !out.Start.Before(out.End) {
		err = fault.At("/period/end", "out_of_range", "The period must end after it starts.")
	}
	return out, err
}

func (b Begin) first(zone *time.Location) (full, part calendar.Interval, err error) {
	start, err := calendar.Add(zone, b.Start.In(zone), calendar.Day, b.TrialDays)
	if err != nil {
		return full, part, err
	}
	s, err := b.Rule.Schedule(start)
	if err != nil {
		return full, part, calendar.Under("/begin", err)
	}
	if part, err = s.Period(0); err != nil {
		return full, part, err
	}
	full, err = s.Full(0)
	if b.FromStart && err == nil {
		full.Start = start
		full.End, err = calendar.Add(zone, start, b.Rule.Cadence.Unit, b.Rule.Cadence.Count)
	}
	return full, part, err
}

func (c Counts) validate() error {
	for pointer, n := range map[string]*int64{"/counts/part": c.Part, "/counts/elapsed": c.Elapsed, "/counts/of": c.Of} {
		if n != nil && (*n < 0 || *n > MaxCounted) {
			return fault.At(pointer, "out_of_range", "It must be between 0 and 10000000000.")
		}
	}
	switch {
	case c.Part != nil && c.Elapsed != nil:
		return fault.At("/counts/elapsed", "exactly_one", "A part is counted either from its start or to its end.")
	case c.Of != nil && *c.Of == 0:
		return fault.At("/counts/of", "out_of_range", "A whole of nothing has no parts.")
	case c.Of != nil && (c.Part != nil && *c.Part > *c.Of || c.Elapsed != nil && *c.Elapsed > *c.Of):
		return fault.At("/counts/part", "out_of_range", "A part is not more than its whole.")
	}
	return nil
}

// share measures the part, or takes what was counted: a count stands for days, beside which the rest is counted in days too.
func (f framed) share(part calendar.Interval) Share {
	c := f.counts
	if c == (Counts{}) || f.Unit == None {
		return f.Share(f.full, part)
	}
	m := Measure{Unit: Day, Zone: f.Zone}
	out := m.Share(f.full, part)
	if c.Of != nil {
		out.Whole = *c.Of
		if !f.full.IsZero() && out.Part > out.Whole {
			out.Part = out.Whole
		}
	}
	switch {
	case c.Part != nil:
		out.Part = min(*c.Part, out.Whole)
	case c.Elapsed != nil:
		out.Part = max(out.Whole-*c.Elapsed, 0)
	}
	if f.Convention == Fixed30 {
		return thirty(out.Whole-out.Part, out.Whole, out.Whole)
	}
	return out
}

// days counts a part in local days.
func (f framed) days(part calendar.Interval) Share {
	f.Unit, f.Convention = Day, Actual
	return f.share(part)
}
