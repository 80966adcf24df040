package calendar

import "time"

// wall is a date and a time of day as a clock on the wall shows it: not an instant until a zone makes it one.
type wall struct {
	year   int
	month  time.Month
	day    int
	offset time.Duration // since midnight, as the clock counts it; always < 24 h
}

func wallOf(at time.Time, zone *time.Location) wall {
	local := at.In(zone)
	y, m, d := local.Date()
	h, min, s := local.Clock()
	return wall{year: y, month: m, day: d, offset: time.Duration(h)*time.Hour + time.Duration(min)*time.Minute +
		time.Duration(s)*time.Second + time.Duration(local.Nanosecond())}
}

// days moves the date by n days; the time of day stays.
func (w wall) days(n int) wall {
	d := time.Date(w.year, w.month, w.day+n, 0, 0, 0, 0, time.UTC)
	w.year, w.month, w.day = d.Date()
	return w
}

// months moves the date by n months and clamps the day to the end of the month it lands in. Because it always starts
// from the anchor's own day, a clamp never sticks: 31 January, 28 February, 31 March.
func (w wall) months(n int) wall {
	first := time.Date(w.year, w.month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	w.year, w.month = first.Year(), first.Month()
	w.day = min(w.day, last)
	return w
}

// dayNumber counts days from 1970-01-01 on the calendar alone.
func (w wall) dayNumber() int {
	return int(time.Date(w.year, w.month, w.day, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}

// instant finds the first moment at which the zone's clock shows w. Where the clock skips w, it is the moment the
// clock jumps, the next valid instant. It does not use time.Date's own answer, which guarantees neither.
func (w wall) instant(zone *time.Location) time.Time {
	read := time.Date(w.year, w.month, w.day, 0, 0, 0, 0, time.UTC).Add(w.offset)
	// Offsets lie within ±26 h, so the moments that could show w lie in a window around read; ZoneBounds cuts it
	// into stretches of constant offset, in which a wall clock runs straight.
	for at := read.Add(-26 * time.Hour); ; {
		local := at.In(zone)
		_, seconds := local.Zone()
		shown := read.Add(-time.Duration(seconds) * time.Second)
		start, end := local.ZoneBounds()
		if end.IsZero() || shown.Before(end) {
			if !start.IsZero() && shown.Before(start) {
				return start.UTC()
			}
			return shown.UTC()
		}
		at = end
	}
}
