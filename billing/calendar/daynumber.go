package calendar

import "time"

// DayNumber counts the calendar days from 1 January 1970 to the day that an instant falls on in a zone. The difference
// of two is a number of days, however long each was.
func DayNumber(at time.Time, zone *time.Location) int { return wallOf(at, zone).dayNumber() }
