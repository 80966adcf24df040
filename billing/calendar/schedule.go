package calendar

import (
	"time"

	"github.com/durabill/durabill/fault"
)

// Schedule is the row of an agreement's boundaries: its start is boundary 0, and the boundaries of its grid after that follow.
// A start between two boundaries opens a stub. A change of the rule takes effect on a boundary, which stays where it is, so
// that there is neither gap nor overlap.
type Schedule struct{ phases []phase }

// phase is a part of a schedule under one rule.
type phase struct {
	start time.Time
	first int // which boundary of the schedule the start is
	grid  grid
	next  int // which boundary of the grid the first one after the start is
}

// Schedule gives the boundaries of an agreement that starts at start.
func (r Rule) Schedule(start time.Time) (Schedule, error) {
	if err := r.Validate(); err != nil {
		return Schedule{}, err
	}
	p, err := begin(r.grid(start), start.UTC(), 0)
	if err != nil {
		return Schedule{}, err
	}
	return Schedule{phases: []phase{p}}, nil
}

func begin(g grid, start time.Time, first int) (phase, error) {
	k, err := g.index(start)
	return phase{start: start, first: first, grid: g, next: k + 1}, err
}

// Start is boundary 0.
func (s Schedule) Start() time.Time { return s.phases[0].start }

// Boundary gives the instant at which period n begins; n is 0 or more.
func (s Schedule) Boundary(n int) (time.Time, error) {
	p := s.phaseOf(n)
	if n <= p.first {
		return p.start, nil
	}
	return p.grid.boundary(p.next + n - p.first - 1)
}

// Period gives [Boundary(n), Boundary(n+1)).
func (s Schedule) Period(n int) (Interval, error) {
	start, err := s.Boundary(n)
	if err != nil {
		return Interval{}, err
	}
	end, err := s.Boundary(n + 1)
	return Interval{Start: start, End: end}, err
}

// Full gives the whole period of the grid that ends where period n ends. A period that is shorter is a stub, and its price is
// that part of the full one's.
func (s Schedule) Full(n int) (Interval, error) {
	p := s.phaseOf(n)
	return p.grid.covering(p.next + n - p.first)
}

// Index gives the period that contains at, and −1 before the start. Since a period counts as over when its end is reached, it
// is also how many are over, a short first one among them.
func (s Schedule) Index(at time.Time) (int, error) {
	for i := len(s.phases) - 1; i >= 0; i-- {
		p := s.phases[i]
		if at.Before(p.start) {
			continue
		}
		k, err := p.grid.index(at)
		return p.first + max(0, k-p.next+1), err
	}
	return -1, nil
}

// Billed gives the period that a billing run at an instant bills: in advance the one that it lies in, in arrears the last that
// is over. There is none before the start or, in arrears, before the end of the first; ok is false then.
func (s Schedule) Billed(at time.Time, advance bool) (n int, ok bool, err error) {
	n, err = s.Index(at)
	if !advance {
		n--
	}
	return n, n >= 0 && err == nil, err
}

// First gives the first boundary of the grid at or after the start: the start itself, or the end of the stub.
func (s Schedule) First() (time.Time, error) {
	full, err := s.Full(0)
	if err == nil && full.Start.Equal(s.Start()) {
		return full.Start, nil
	}
	return full.End, err
}

// Change says what becomes different, from the first boundary at or after At on. What is zero stays.
type Change struct {
	At         time.Time
	Zone       string
	Cadence    Cadence
	Anchor     Moment
	BillingDay int
	Weekday    string
}

// Change gives the schedule with a rule that changes. Changes come in order of time. A zone of its own keeps the boundaries'
// date and time of day, and moves them to the new zone's clock from the next boundary on: the period in between is some
// hours longer or shorter. Another anchor or day opens a stub to the new grid; another cadence keeps the anchor.
func (s Schedule) Change(r Rule, c Change) (Schedule, Rule, error) {
	last := s.phases[len(s.phases)-1]
	if c.At.Before(last.start) && len(s.phases) > 1 {
		return s, r, fault.At("/at", "out_of_order", "The changes must come in order, each after the one before took effect.")
	}
	n, err := s.Index(c.At)
	if err != nil {
		return s, r, err
	}
	n = max(n, 0)
	at, err := s.Boundary(n)
	if err == nil && at.Before(c.At) {
		n++
		at, err = s.Boundary(n)
	}
	if err != nil {
		return s, r, err
	}
	to := r.with(c)
	if err := to.Validate(); err != nil {
		return s, r, err
	}
	p, err := last.turn(to, c, at)
	if err != nil {
		return s, r, err
	}
	p.first = n
	kept := s.phases
	if n == last.first {
		kept = kept[:len(kept)-1]
	}
	return Schedule{phases: append(append([]phase(nil), kept...), p)}, to, nil
}

func (r Rule) with(c Change) Rule {
	if c.Zone != "" {
		r.Zone = c.Zone
	}
	if c.Cadence != (Cadence{}) {
		r.Cadence = c.Cadence
	}
	if !c.Anchor.IsZero() || c.BillingDay != 0 || c.Weekday != "" {
		r.Mode, r.Anchor, r.BillingDay, r.Weekday = Anchored, c.Anchor, c.BillingDay, c.Weekday
	}
	return r
}

// turn begins a phase at a boundary of the one before.
func (p phase) turn(to Rule, c Change, at time.Time) (phase, error) {
	g := p.grid
	g.days, g.months, _ = to.Cadence.step()
	if c.Zone != "" {
		g.zone, _ = LoadZone(c.Zone)
		g.given = time.Time{}
	}
	if !c.Anchor.IsZero() || c.BillingDay != 0 || c.Weekday != "" {
		g = to.grid(at)
		return begin(g, at, 0)
	}
	// The boundary is found by what the old clock showed: by the instant, the new clock could show it hours before or after
	// its own boundary, and a sliver of a period would follow.
	k, err := g.index(wallOf(at, p.grid.zone).instant(g.zone))
	if err != nil {
		return phase{}, err
	}
	for {
		k++
		next, err := g.boundary(k)
		if err != nil || next.After(at) {
			return phase{start: at, grid: g, next: k}, err
		}
	}
}

func (s Schedule) phaseOf(n int) phase {
	i := len(s.phases) - 1
	for i > 0 && s.phases[i].first > n {
		i--
	}
	return s.phases[i]
}
