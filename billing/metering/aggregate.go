package metering

import (
	"slices"
	"sort"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// Measure is the result over some events and some interval.
type Measure struct {
	Exact    Number
	Value    decimal.Decimal // rounded as the Spec says, else Exact with Scale decimals
	Billable decimal.Decimal // Value, or 0 where that is negative
	Events   int             // that were read for it, carried-over ones included
	CarryOut *Number         // what the next period goes on from; nil where that is no number
}

// WindowMeasure is the result of one window.
type WindowMeasure struct {
	calendar.Interval
	Measure
}

// ItemMeasure is the result of one line item, over what of it lies in the period.
type ItemMeasure struct {
	ID string
	calendar.Interval
	Measure
}

// Result is the answer to a Spec.
type Result struct {
	Measure
	Groups        []Group
	Windows       []WindowMeasure
	LineItems     []ItemMeasure
	Late          *Late
	Contributions []Contribution
	Duplicates    []Ref
	Conflicts     []Conflict
	Corrected     []Ref
	Rejected      []Rejection
}

// Aggregate folds the events into what the Spec asks for.
func Aggregate(spec Spec, events []Event) (Result, error) {
	p, err := spec.plan()
	if err != nil {
		return Result{}, err
	}
	v := judge(events, nil, p.late)
	samples, rejected := p.admit(v.standing)
	out := Result{Duplicates: v.duplicates, Conflicts: v.conflicts, Corrected: v.corrected, Rejected: append(v.rejected, rejected...)}
	if out.Measure, err = p.measure(samples, p.Period); err != nil {
		return Result{}, err
	}
	for _, item := range p.items {
		m, err := p.measure(samples, item.Within)
		if err != nil {
			return Result{}, err
		}
		out.LineItems = append(out.LineItems, ItemMeasure{ID: item.ID, Interval: item.Within, Measure: m})
	}
	cuts, err := p.windows(samples)
	if err != nil {
		return Result{}, err
	}
	if out.Windows, err = p.through(samples, cuts); err != nil {
		return Result{}, err
	}
	if out.Groups, err = p.groups(samples, cuts); err != nil {
		return Result{}, err
	}
	if p.late != nil {
		if out.Late, err = p.lates(events, samples, v.ignored); err != nil {
			return Result{}, err
		}
	}
	if p.Explain {
		out.Contributions = p.explain(p.reach(samples, p.Period))
	}
	return out, nil
}

// admit reads what the aggregation needs from the events that may count, in the order of time. It keeps those of all
// time: the interval that is measured decides later, and a look-back may lie outside of the period.
func (p *plan) admit(events []*Event) ([]Sample, []Rejection) {
	samples := make([]Sample, 0, len(events))
	var rejected []Rejection
	for _, e := range events {
		if !p.wanted(e.Time) {
			continue
		}
		matches, why := p.filter.match(e)
		if !matches && why == "" {
			continue
		}
		s := Sample{Event: e}
		if why == "" {
			why = p.read(&s)
		}
		if why != "" {
			rejected = append(rejected, Rejection{Ref: e.ref(), Reason: why})
			continue
		}
		samples = append(samples, s)
	}
	inTime := func(a, b Sample) int { return rankOf(a.Event).compare(rankOf(b.Event)) }
	if !slices.IsSortedFunc(samples, inTime) {
		slices.SortFunc(samples, inTime)
	}
	return samples, rejected
}

// wanted says whether anything that is measured reaches an instant.
func (p *plan) wanted(at time.Time) bool {
	if p.late != nil && at.Before(p.late.until) && (p.recurring || !at.Before(p.late.from)) {
		return true
	}
	return (p.Period.End.IsZero() || at.Before(p.Period.End)) && (p.recurring || !at.Before(p.Period.Start))
}

func (p *plan) read(s *Sample) (why Reason) {
	switch {
	case p.Aggregation.keyed():
		if s.Key = s.Event.Properties[p.UniqueKey]; s.Key == "" {
			return ReasonKeyMissing
		}
	case p.Aggregation.numeric() && p.Property == "":
		s.Number, why = s.Event.Value.Number()
	case p.Aggregation.numeric():
		var value Value
		if text, there := s.Event.Properties[p.Property]; there {
			value = ParseValue(text)
		}
		s.Number, why = value.Number()
	}
	return why
}

// reach gives the samples that count for an interval: those in it and, if the aggregation goes on from them, those
// before. What follows a level goes on from the beginning of the period in any case.
func (p *plan) reach(samples []Sample, within calendar.Interval) []Sample {
	from := within.Start
	switch {
	case p.recurring:
		from = time.Time{}
	case p.Aggregation.level() && p.Period.Start.Before(from) && p.Period.Contains(from):
		from = p.Period.Start
	}
	return between(samples, from, within.End)
}

// between gives the samples of [from, to); a zero bound is none.
func between(samples []Sample, from, to time.Time) []Sample {
	first := sort.Search(len(samples), func(i int) bool { return !samples[i].Event.Time.Before(from) })
	last := len(samples)
	if !to.IsZero() {
		last = sort.Search(len(samples), func(i int) bool { return !samples[i].Event.Time.Before(to) })
	}
	return samples[first:max(first, last)]
}

func (p *plan) measure(samples []Sample, within calendar.Interval) (Measure, error) {
	state := p.begin(within)
	counted := p.reach(samples, within)
	for _, s := range counted {
		state.Add(s)
	}
	return p.result(state, len(counted))
}

func (p *plan) result(state folding, events int) (Measure, error) {
	m := Measure{Exact: state.Value(), Events: events, CarryOut: state.carry()}
	m.Value = m.Exact.Decimal()
	if p.Rounding != nil {
		m.Value = p.Rounding.Of(m.Exact)
	}
	if m.Value.Abs().GreaterThanOrEqual(tooLarge) || m.CarryOut != nil && m.CarryOut.Decimal().Abs().GreaterThanOrEqual(tooLarge) {
		return Measure{}, fault.New(fault.Invalid, "out_of_range", "The result has more than 20 digits before the point.")
	}
	m.Billable = decimal.Max(m.Value, decimal.Zero)
	return m, nil
}

var tooLarge = decimal.New(1, 20)
