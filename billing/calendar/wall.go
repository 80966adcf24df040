package calendar

import (
	"sort"
	"time"
)

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
// clock jumps, the next valid instant. It asks the zone for nothing but the offset at an instant: time.Date does not
// say which of two moments it picks, and ZoneBounds is wrong where a zone is extended by rule (on 31 December of a
// leap year the bounds it gives do not contain the instant).
func (w wall) instant(zone *time.Location) time.Time {
	read := time.Date(w.year, w.month, w.day, 0, 0, 0, 0, time.UTC).Add(w.offset)
	var first time.Time
	for probe := -maxOffset; probe <= maxOffset; probe += maxOffset / 2 {
		at := read.Add(-offsetAt(read.Add(probe), zone))
		if shows(at, zone).Equal(read) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if first.IsZero() {
		return jumpOver(read, zone)
	}
	return first
}

// maxOffset is more than any zone's clock ever differed from Greenwich. The offset in force when the clock shows w is
// therefore in force somewhere within maxOffset of w; probing every half of it would miss it only between two changes
// of one clock within eight hours.
const maxOffset = 16 * time.Hour

// jumpOver finds the second at which a clock that never shows read goes from less to more.
func jumpOver(read time.Time, zone *time.Location) time.Time {
	from := read.Add(-maxOffset).Truncate(time.Second)
	seconds := sort.Search(int(2*maxOffset/time.Second), func(n int) bool {
		return shows(from.Add(time.Duration(n)*time.Second), zone).After(read)
	})
	return from.Add(time.Duration(seconds) * time.Second)
}

// shows gives the zone's clock at an instant, read as if it hung in Greenwich.
func shows(at time.Time, zone *time.Location) time.Time { return at.Add(offsetAt(at, zone)) }

func offsetAt(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
