package metering

import (
	"time"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// Window cuts a period into equal pieces of the calendar, or of the clock.
type Window string

// The windows there are. Weeks begin on Monday. Days and longer ones are the zone's, so that a day may have 23 or 25 hours;
// hours and minutes are elapsed time from where the zone's clock shows a full one.
const (
	WindowMinute  Window = "minute"
	WindowHour    Window = "hour"
	WindowDay     Window = "day"
	WindowWeek    Window = "week"
	WindowMonth   Window = "month"
	WindowQuarter Window = "quarter"
	WindowYear    Window = "year"
)

// MaxWindows bounds how many windows an answer has, over all of its groups.
const MaxWindows = 10_000

func (w Window) known() bool { return w.clock() != 0 || w.unit() != "" }

func (w Window) clock() time.Duration {
	switch w {
	case WindowMinute:
		return time.Minute
	case WindowHour:
		return time.Hour
	case WindowDay, WindowWeek, WindowMonth, WindowQuarter, WindowYear:
	}
	return 0
}

func (w Window) unit() calendar.Unit {
	switch w {
	case WindowDay:
		return calendar.Day
	case WindowWeek:
		return calendar.Week
	case WindowMonth:
		return calendar.Month
	case WindowQuarter:
		return calendar.Quarter
	case WindowYear:
		return calendar.Year
	case WindowMinute, WindowHour:
	}
	return ""
}

// cut gives the windows that lie in an interval with two bounds, the first and the last clipped to it. They are contiguous,
// and there are all of them: one in which nothing happened is one of 0.
func (w Window) cut(within calendar.Interval, zoneName string, zone *time.Location) ([]calendar.Interval, error) {
	_, next, err := w.steps(within.Start, zoneName, zone)
	if err != nil {
		return nil, err
	}
	var out []calendar.Interval
	for from := within.Start; from.Before(within.End); {
		to, err := next()
		if err != nil {
			return nil, err
		}
		if !from.Before(to) {
			continue // a day that the zone skipped
		}
		if len(out) == MaxWindows {
			return nil, fault.At("/window", "out_of_range", "There would be more than 10000 windows.")
		}
		out = append(out, overlap(calendar.Interval{Start: from, End: to}, within))
		from = to
	}
	return out, nil
}

// containing gives the whole window in which an instant lies.
func (w Window) containing(at time.Time, zoneName string, zone *time.Location) (calendar.Interval, error) {
	start, next, err := w.steps(at, zoneName, zone)
	if err != nil {
		return calendar.Interval{}, err
	}
	end, err := next()
	return calendar.Interval{Start: start, End: end}, err
}

// steps gives the start of the window that contains an instant, and what tells its end, and then the end of each after it.
func (w Window) steps(at time.Time, zoneName string, zone *time.Location) (time.Time, func() (time.Time, error), error) {
	if length := w.clock(); length != 0 {
		start := at.Add(-into(at, length, zone))
		return start, func() (time.Time, error) {
			at = at.Add(length - into(at, length, zone))
			return at, nil
		}, nil
	}
	// A Monday and the first of a year, on which no zone changed its clock.
	epoch := time.Date(2001, 1, 1, 0, 0, 0, 0, zone)
	anchor := calendar.Anchor{At: epoch, Zone: zoneName, Cadence: calendar.Cadence{Unit: w.unit(), Count: 1}}
	k, err := anchor.Index(at)
	if err != nil {
		return time.Time{}, nil, err
	}
	start, err := anchor.Boundary(k)
	return start, func() (time.Time, error) {
		k++
		return anchor.Boundary(k)
	}, err
}

// into is how long ago the zone's clock showed a full minute or hour.
func into(at time.Time, length time.Duration, zone *time.Location) time.Duration {
	_, offset := at.In(zone).Zone()
	ago := time.Duration(at.Unix()+int64(offset))*time.Second%length + time.Duration(at.Nanosecond())
	if ago < 0 {
		ago += length // before 1970
	}
	return ago
}
