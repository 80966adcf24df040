package calendar

import (
	"time"

	"github.com/durabill/durabill/fault"
)

// The bounds of one question: what is within them is answered in milliseconds.
const (
	MaxBoundaries = 1000
	MaxEvents     = 1000
	MaxChanges    = 20
	MaxTrialDays  = 36_500
)

// Question is everything that can be asked of a schedule at once. Zero fields are not asked.
type Question struct {
	Rule      Rule
	Start     Moment // the anchor if zero, and At if there is none either
	TrialDays int    // local days before the first period; a schedule without an anchor or a day starts its grid where they end
	Changes   []RuleChange
	Count     int    // how many boundaries to list; 0 for those up to To, or one
	From, To  Moment // only the boundaries in [From, To] are listed
	At        Moment // the start if zero
	RunAt     Moment // a billing run
	Advance   bool   // whether it bills in advance
	Events    []time.Time
	Floor     Unit // of At
	Add       Cadence
}

// RuleChange is a Change whose instant may be local, in the first zone of the schedule.
type RuleChange struct {
	At Moment
	Change
}

// Kind says what a period is beside the full period of the grid that ends with it.
type Kind string

// The kinds there are.
const (
	Trial Kind = "trial" // before the first period, not charged
	Full  Kind = "full"
	Short Kind = "short" // a stub
	Long  Kind = "long"  // some hours more, after a change of zone
)

// Span is a period and how it looks in its zone.
type Span struct {
	Interval
	Index          int // −1 for the trial
	Kind           Kind
	Full           Interval // the whole period of the grid that ends with it
	Days, FullDays int      // local midnights
	Zone           *time.Location
}

// Description answers a Question. A Span that is not there is nil.
type Description struct {
	Zone       *time.Location
	Start      time.Time // of the trial, if there is one
	Boundaries []Mark
	First      *Span // the first period, which is the first paid one
	Trial      *Span
	FirstDate  time.Time // the first boundary of the grid at or after the first period's start
	BillingDay int       // of the grid at At, as asked for: 31 though the month has 30; 0 where periods are days or weeks
	At         time.Time
	Period     *Span // which contains At
	Completed  int   // periods over at At, a short first one among them
	Whole      int   // of them, those that are not short
	Billed     *Span // by the run
	Events     []Located
	Counted    int // events in Period
	Floored    time.Time
	Added      time.Time
}

// Mark is a boundary and the zone that it is read in.
type Mark struct {
	At   time.Time
	Zone *time.Location
}

// Located is an event and the period that it belongs to.
type Located struct {
	At      time.Time
	Period  *Span
	Counted bool // in the period that contains the question's At
}

// describer carries what the parts of an answer share.
type describer struct {
	Question
	schedule Schedule
	rule     Rule
	zone     *time.Location
	start    time.Time // of the trial
}

// Describe answers a question about a schedule. Pointers of what it refuses are relative to the question, whose names on the
// wire are those of its fields: trial_days, changes/0/at, count, from, to, at, run_at, floor, add.
func Describe(q Question) (Description, error) {
	d, err := newDescriber(q)
	if err != nil {
		return Description{}, err
	}
	out := Description{Zone: d.zone, Start: d.start}
	for _, part := range []func(*Description) error{d.beginning, d.boundaries, d.around, d.billed, d.events, d.moved} {
		if err := part(&out); err != nil {
			return Description{}, err
		}
	}
	return out, nil
}

func newDescriber(q Question) (*describer, error) {
	if err := q.validate(); err != nil {
		return nil, err
	}
	zone, err := LoadZone(q.Rule.Zone)
	if err != nil {
		return nil, err
	}
	for _, other := range []Moment{q.Rule.Anchor, q.At} {
		if q.Start.IsZero() {
			q.Start = other
		}
	}
	if q.Start.IsZero() {
		return nil, fault.At("/start", "required", "A start, an anchor or an instant is needed.")
	}
	d := &describer{Question: q, rule: q.Rule, zone: zone, start: q.Start.In(zone)}
	paid, err := Add(zone, d.start, Day, q.TrialDays)
	if err != nil {
		return nil, err
	}
	if d.schedule, err = q.Rule.Schedule(paid); err != nil {
		return nil, err
	}
	for i, c := range q.Changes {
		c.Change.At = c.At.In(zone)
		if d.schedule, d.rule, err = d.schedule.Change(d.rule, c.Change); err != nil {
			return nil, Under(ChangeAt(i), err)
		}
	}
	return d, nil
}

func (q Question) validate() error {
	wrong := &fault.Fault{}
	collect(wrong, q.Rule.Validate())
	for _, bound := range []struct {
		pointer     string
		n, from, to int
	}{
		{"/trial_days", q.TrialDays, 0, MaxTrialDays}, {"/count", q.Count, 0, MaxBoundaries},
		{"/events", len(q.Events), 0, MaxEvents}, {"/changes", len(q.Changes), 0, MaxChanges},
		{"/add/count", q.Add.Count, -MaxCount, MaxCount},
	} {
		if bound.n < bound.from || bound.n > bound.to {
			collect(wrong, fault.At(bound.pointer, "out_of_range", "It must be between %d and %d.", bound.from, bound.to))
		}
	}
	if len(wrong.Fields) == 0 {
		return nil
	}
	return wrong
}

// span shows period n.
func (d *describer) span(n int) (*Span, error) {
	p, err := d.schedule.Period(n)
	if err != nil {
		return nil, err
	}
	full, err := d.schedule.Full(n)
	if err != nil {
		return nil, err
	}
	zone := d.schedule.phaseOf(n).grid.zone
	out := &Span{Interval: p, Index: n, Kind: Full, Full: full, Days: Days(zone, p.Start, p.End),
		FullDays: Days(zone, full.Start, full.End), Zone: zone}
	switch p.Start.Compare(full.Start) {
	case 1:
		out.Kind = Short
	case -1:
		out.Kind = Long
	}
	return out, nil
}

// trial is the time between the start and the first period.
func (d *describer) trial() *Span {
	p := Interval{Start: d.start, End: d.schedule.Start()}
	if p.empty() {
		return nil
	}
	days := Days(d.zone, p.Start, p.End)
	return &Span{Interval: p, Index: -1, Kind: Trial, Full: p, Days: days, FullDays: days, Zone: d.zone}
}

// containing gives the period that an instant lies in; nil before everything.
func (d *describer) containing(at time.Time) (*Span, error) {
	n, err := d.schedule.Index(at)
	if err != nil {
		return nil, err
	}
	if n >= 0 {
		return d.span(n)
	}
	if trial := d.trial(); trial != nil && trial.Contains(at) {
		return trial, nil
	}
	return nil, nil
}
