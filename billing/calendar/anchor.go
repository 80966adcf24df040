// Package calendar says which dates: where billing periods begin and end.
//
// It owns half-open intervals, cadences and the boundary function. Boundary k of an anchor is f(anchor, k): the
// anchor's wall-clock reading in its zone, moved k cadences, clamped to the end of a shorter month, read back as an
// instant. It is never the previous boundary plus a month, so a day 31 comes back after February and a yearly
// 29 February comes back in leap years. A local time that the zone skips moves forward to the next valid instant; one
// that happens twice means the first.
//
// Invariants: period k is [boundary k, boundary k+1), so periods are contiguous and every instant lies in exactly one;
// an instant on a boundary belongs to the period it opens. Boundaries increase with k, save that a calendar day which
// a zone skipped whole (Samoa, 30 December 2011) makes an empty daily period, in which no instant lies. Results are UTC.
//
// A Schedule begins somewhere on such a grid. Its Rule says which: the anniversary of an anchor or of the start; a given anchor,
// day of the month or weekday beside the start; or the calendar's own beginnings. A start between two boundaries opens a stub,
// which is a part of the full period that ends with it (the denominator of its price). A period is over when its end is reached,
// so a billing run in arrears bills the last one whose end has come, and one in advance the one it lies in. A trial is local
// days before the first period. A change of the zone, the anchor or the cadence takes effect at the next boundary, which stays
// where it is: another zone keeps each boundary's date and time of day, another anchor opens a stub, another cadence keeps the
// anchor. Describe answers all of it at once.
//
// Source of the rules: policies.md, "period k", "DST", "intervals", "calendar-aligned billing", "time-zone change of an account"
// and "denominator of a short first period".
//
// It refuses unknown zones, cadences without length, and boundaries outside the years 1 to 9999. It never asks what
// time it is. The machine's zone files are used, and where it has none the copy in this binary; a boundary that was
// decided is stored by whoever decided it, so a later change of a country's rules moves future boundaries only.
package calendar

import (
	"time"
	_ "time/tzdata" // a machine without zone files must still know the zones
)

// Anchor fixes a whole sequence of boundaries: boundary 0 is At itself.
type Anchor struct {
	At      time.Time `json:"at"`
	Zone    string    `json:"zone"`
	Cadence Cadence   `json:"cadence"`
}

// Boundary gives the instant at which period k begins, in UTC; k may be negative.
func (a Anchor) Boundary(k int) (time.Time, error) {
	g, err := a.grid()
	if err != nil {
		return time.Time{}, err
	}
	return g.boundary(k)
}

// Period gives [Boundary(k), Boundary(k+1)).
func (a Anchor) Period(k int) (Interval, error) {
	g, err := a.grid()
	if err != nil {
		return Interval{}, err
	}
	return g.covering(k + 1)
}

// Index gives the k of the period that contains at: the greatest k with Boundary(k) ≤ at.
func (a Anchor) Index(at time.Time) (int, error) {
	g, err := a.grid()
	if err != nil {
		return 0, err
	}
	return g.index(at)
}

// Validate refuses an anchor that has no boundaries. Pointers are relative to the anchor object.
func (a Anchor) Validate() error {
	_, err := a.grid()
	return err
}
