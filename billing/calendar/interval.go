package calendar

import (
	"time"

	"github.com/shopspring/decimal"
)

// Interval is half-open: Start belongs to it, End does not. Both are UTC; a zero End means it has not ended yet.
type Interval struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
}

// Contains reports whether t lies in [Start, End).
func (i Interval) Contains(t time.Time) bool {
	return !t.Before(i.Start) && (i.End.IsZero() || t.Before(i.End))
}

// Overlaps reports whether some instant lies in both; intervals that only touch do not overlap, and an empty
// interval overlaps nothing.
func (i Interval) Overlaps(o Interval) bool {
	return !i.empty() && !o.empty() &&
		(o.End.IsZero() || i.Start.Before(o.End)) && (i.End.IsZero() || o.Start.Before(i.End))
}

// IsZero reports whether it was never set. (An unbounded interval that was set has a Start.)
func (i Interval) IsZero() bool { return i.Start.IsZero() && i.End.IsZero() }

// Duration is End − Start in elapsed time, so a day may have 23 or 25 hours; 0 when it is unbounded.
func (i Interval) Duration() time.Duration {
	if i.End.IsZero() {
		return 0
	}
	return i.End.Sub(i.Start)
}

// Seconds is Duration in whole seconds.
func (i Interval) Seconds() int64 { return int64(i.Duration() / time.Second) }

// Hours is Duration in hours, cut after 20 decimals.
func (i Interval) Hours() decimal.Decimal {
	hours, _ := decimal.NewFromInt(int64(i.Duration())).QuoRem(decimal.NewFromInt(int64(time.Hour)), 20)
	return hours
}

// Inclusive is the last second of the interval, as systems show it that close their periods: 23:59:59 for a midnight.
func (i Interval) Inclusive() time.Time { return i.End.Add(-time.Second) }

// String writes the interval as ISO 8601 in UTC with the brackets that say what belongs to it.
func (i Interval) String() string {
	end := "∞"
	if !i.End.IsZero() {
		end = i.End.UTC().Format(time.RFC3339Nano)
	}
	return "[" + i.Start.UTC().Format(time.RFC3339Nano) + ", " + end + ")"
}

func (i Interval) empty() bool { return !i.End.IsZero() && !i.Start.Before(i.End) }
