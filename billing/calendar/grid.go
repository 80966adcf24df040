package calendar

import "time"

// grid is an endless row of boundaries: boundary k is the origin moved k steps on the wall clock of the zone.
type grid struct {
	zone         *time.Location
	origin       wall // its day may be one that its month does not have: the clamp is of boundary 0 as of any other
	days, months int  // one of the two is zero
	// given is boundary 0 where it was given as an instant. It is not read back from its wall clock: an anchor in the second
	// of two equal hours would otherwise begin its first period an hour before it began.
	given time.Time
}

func (g grid) boundary(k int) (time.Time, error) {
	if k == 0 && !g.given.IsZero() {
		return g.given, nil
	}
	if k > maxIndex || k < -maxIndex || outside(g.origin.year) {
		return time.Time{}, outOfRange()
	}
	w := g.origin
	if g.months != 0 {
		w = w.months(k * g.months)
	} else {
		w = w.days(k * g.days)
	}
	if outside(w.year) {
		return time.Time{}, outOfRange()
	}
	return w.instant(g.zone), nil
}

// index gives the greatest k with boundary(k) ≤ at.
func (g grid) index(at time.Time) (int, error) {
	for k := g.estimate(at); ; {
		start, err := g.boundary(k)
		if err != nil {
			return 0, err
		}
		if at.Before(start) {
			k--
			continue
		}
		end, err := g.boundary(k + 1)
		if err != nil {
			return 0, err
		}
		if at.Before(end) {
			return k, nil
		}
		k++
	}
}

// estimate counts steps on the calendar alone. The time of day, a clamp, or a clock set back over midnight puts it off by
// one, and index corrects that.
func (g grid) estimate(at time.Time) int {
	to := wallOf(at, g.zone)
	if g.months > 0 {
		return ((to.year-g.origin.year)*12 + int(to.month) - int(g.origin.month)) / g.months
	}
	return (to.dayNumber() - g.origin.dayNumber()) / g.days
}

// covering gives the period that ends on boundary k, whole.
func (g grid) covering(k int) (Interval, error) {
	start, err := g.boundary(k - 1)
	if err != nil {
		return Interval{}, err
	}
	end, err := g.boundary(k)
	return Interval{Start: start, End: end}, err
}
