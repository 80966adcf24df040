package calendar

import (
	"time"

	"github.com/durabill/durabill/fault"
)

// Hour is a unit that instants are moved and cut by. No cadence counts it.
const Hour Unit = "hour"

// Days counts the midnights of the zone between two instants: the difference of their local dates, below zero when to lies
// before from. A day of 23 or 25 hours is one.
func Days(zone *time.Location, from, to time.Time) int {
	return wallOf(to, zone).dayNumber() - wallOf(from, zone).dayNumber()
}

// Add moves an instant n units: hours by elapsed time, everything else on the wall clock of the zone, clamped to the end of
// a shorter month. It is how long something lasts: a credit that expires after 3 months, a trial of 14 days.
func Add(zone *time.Location, at time.Time, unit Unit, n int) (time.Time, error) {
	if n > maxIndex || n < -maxIndex {
		return time.Time{}, outOfRange()
	}
	if unit == Hour {
		return at.UTC().Add(time.Duration(n) * time.Hour), nil
	}
	days, months, ok := Cadence{Unit: unit, Count: 1}.step()
	if !ok {
		return time.Time{}, unknownUnit("/unit")
	}
	return grid{zone: zone, origin: wallOf(at, zone), days: days, months: months, given: at.UTC()}.boundary(n)
}

// Floor gives the beginning of the zone's hour, day, week (Monday), month, quarter, half year or year that an instant lies in.
func Floor(zone *time.Location, at time.Time, unit Unit) (time.Time, error) {
	w := wallOf(at, zone)
	if unit == Hour {
		into := w.offset % time.Hour
		// The hour that is running, where it ran from its beginning, and not an equal one before the clock was set back.
		if began := at.Add(-into); offsetAt(began, zone) == offsetAt(at, zone) {
			return began.UTC(), nil
		}
		w.offset -= into
		return w.instant(zone).UTC(), nil
	}
	w, ok := w.floor(unit)
	if !ok {
		return time.Time{}, unknownUnit("/unit")
	}
	return w.instant(zone).UTC(), nil
}

// floor is the midnight that the unit began with.
func (w wall) floor(unit Unit) (wall, bool) {
	w.offset = 0
	months := 0
	switch unit {
	case Day:
		return w, true
	case Week:
		return w.days(-(int(w.weekday()) + 6) % 7), true
	case Month:
		months = 1
	case Quarter:
		months = 3
	case HalfYear:
		months = 6
	case Year:
		months = 12
	default:
		return w, false
	}
	w.month -= (w.month - 1) % time.Month(months)
	w.day = 1
	return w, true
}

func (w wall) weekday() time.Weekday {
	return time.Date(w.year, w.month, w.day, 0, 0, 0, 0, time.UTC).Weekday()
}

func unknownUnit(pointer string) error {
	return fault.At(pointer, "unit_unknown", "The unit must be one of: hour, day, week, month, quarter, half_year, year.")
}
