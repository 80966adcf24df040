package calendar

import "time"

// MonthOf is the calendar month of an instant in a zone: [first of the month at midnight, first of the next). It is the period of
// usage that no plan gives a period to.
func MonthOf(zone string, at time.Time) (Interval, error) {
	loc, err := LoadZone(zone)
	if err != nil {
		return Interval{}, err
	}
	local := at.In(loc)
	first := time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, loc).UTC()
	return Anchor{At: first, Zone: zone, Cadence: Cadence{Unit: Month, Count: 1}}.Period(0)
}
