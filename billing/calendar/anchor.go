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
	zone, err := a.resolve()
	if err != nil {
		return time.Time{}, err
	}
	return a.boundary(zone, k)
}

// Period gives [Boundary(k), Boundary(k+1)).
func (a Anchor) Period(k int) (Interval, error) {
	zone, err := a.resolve()
	if err != nil {
		return Interval{}, err
	}
	start, err := a.boundary(zone, k)
	if err != nil {
		return Interval{}, err
	}
	end, err := a.boundary(zone, k+1)
	if err != nil {
		return Interval{}, err
	}
	return Interval{Start: start, End: end}, nil
}

// Index gives the k of the period that contains at: the greatest k with Boundary(k) ≤ at.
func (a Anchor) Index(at time.Time) (int, error) {
	zone, err := a.resolve()
	if err != nil {
		return 0, err
	}
	k := a.estimate(zone, at)
	for {
		p, err := a.Period(k)
		switch {
		case err != nil:
			return 0, err
		case at.Before(p.Start):
			k--
		case !at.Before(p.End):
			k++
		default:
			return k, nil
		}
	}
}

// Validate refuses an anchor that has no boundaries. Pointers are relative to the anchor object.
func (a Anchor) Validate() error {
	_, err := a.resolve()
	return err
}

// estimate counts cadences on the calendar alone. The time of day, a clamp, or a clock set back over midnight puts it
// off by one, and Index corrects that.
func (a Anchor) estimate(zone *time.Location, at time.Time) int {
	from, to := wallOf(a.At, zone), wallOf(at, zone)
	days, months, _ := a.Cadence.step()
	if months > 0 {
		return ((to.year-from.year)*12 + int(to.month) - int(from.month)) / months
	}
	return (to.dayNumber() - from.dayNumber()) / days
}
