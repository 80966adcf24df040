package metering

import (
	"time"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// LateRule says what of the past has been invoiced, and how far back that may still change. Periods are those of the
// anchor, whose zone is the Spec's; InvoicedUntil is one of its boundaries.
type LateRule struct {
	InvoicedUntil   time.Time
	LookbackPeriods int
	Anchor          time.Time // InvoicedUntil if zero
	Cadence         calendar.Cadence
}

// MaxLookback bounds how many periods may be looked back.
const MaxLookback = 120

// Late is what late events do to periods that have been invoiced.
type Late struct {
	Lines     []LateLine // of the periods that change, in order
	Change    Number     // of all lines together
	Unchanged bool       // no invoiced period changes
	Ignored   []LateEvent
}

// LateEvent is an event that came too late to change anything: what it is about is older than the look-back.
type LateEvent struct {
	Ref
	Time time.Time
}

// LateLine is one invoiced period that changes. What it costs is the difference of what the two quantities cost: a
// volume price, or a tier, depends on all of a period's usage.
type LateLine struct {
	calendar.Interval
	Invoiced Measure // of what was known when the period was invoiced
	Measure          // of all that is known
	Change   Number  // the difference of the two, before rounding
}

type lateness struct {
	until, from time.Time // the look-back is [from, until)
	anchor      calendar.Anchor
	first, last int // the periods of the look-back
}

func (r LateRule) resolve(zone string) (*lateness, error) {
	if r.LookbackPeriods < 0 || r.LookbackPeriods > MaxLookback {
		return nil, fault.At("/lookback_periods", "out_of_range", "The look-back must be between 0 and 120 periods.")
	}
	if r.InvoicedUntil.IsZero() {
		return nil, fault.At("/invoiced_until", "required", "Until when periods have been invoiced must be said.")
	}
	if err := r.Cadence.Validate(); err != nil {
		return nil, err
	}
	a := calendar.Anchor{At: r.Anchor, Zone: zone, Cadence: r.Cadence}
	if a.At.IsZero() {
		a.At = r.InvoicedUntil
	}
	open, err := a.Index(r.InvoicedUntil)
	if err != nil {
		return nil, err
	}
	at, err := a.Boundary(open)
	if err != nil {
		return nil, err
	}
	if !at.Equal(r.InvoicedUntil) {
		return nil, fault.At("/invoiced_until", "not_a_boundary", "No period of the anchor ends at this instant.")
	}
	l := &lateness{until: r.InvoicedUntil, anchor: a, first: open - r.LookbackPeriods, last: open - 1}
	l.from, err = a.Boundary(l.first)
	return l, err
}

// known says whether an event was there when the last invoice was made.
func (l *lateness) known(e *Event) bool { return e.recorded().Before(l.until) }

// concerns says whether an event changes what has been invoiced without it.
func (l *lateness) concerns(e *Event, oldest time.Time) bool {
	return !l.known(e) && oldest.Before(l.until)
}

// lates compares, period by period of the look-back, what was known when it was invoiced with what is known now.
func (p *plan) lates(events []Event, now []Sample, ignored []*Event) (*Late, error) {
	old := judge(events, p.late.known, nil)
	before, _ := p.admit(old.standing)
	out := &Late{Unchanged: true}
	for _, e := range ignored {
		out.Ignored = append(out.Ignored, LateEvent{Ref: e.ref(), Time: e.Time})
	}
	for k := p.late.first; k <= p.late.last; k++ {
		within, err := p.late.anchor.Period(k)
		if err != nil {
			return nil, err
		}
		line := LateLine{Interval: within}
		if line.Invoiced, err = p.measure(before, within); err != nil {
			return nil, err
		}
		if line.Measure, err = p.measure(now, within); err != nil {
			return nil, err
		}
		line.Change = line.Exact.Sub(line.Invoiced.Exact)
		if !line.Change.Equal(Number{}) {
			out.Lines, out.Unchanged = append(out.Lines, line), false
			out.Change = out.Change.Add(line.Change)
		}
	}
	return out, nil
}
