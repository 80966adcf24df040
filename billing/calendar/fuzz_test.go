package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
)

func FuzzEveryInstantLiesInExactlyOnePeriodOfAValidAnchor(f *testing.F) {
	f.Add("Europe/Berlin", "month", 1, int64(1769814000), int64(1790000000))
	f.Add("America/New_York", "day", 7, int64(1762063200), int64(1762066800))
	f.Add("Pacific/Apia", "day", 1, int64(1325203200), int64(1325289600))
	f.Add("../../etc/passwd", "month", 1, int64(0), int64(0))
	f.Add("Local", "year", 1, int64(0), int64(1))
	f.Add("", "quarter", 1000, int64(-1), int64(1))
	f.Add("UTC", "week", 0, int64(0), int64(0))
	f.Fuzz(func(t *testing.T, zone, unit string, count int, at, when int64) {
		const last = 32503680000 // the year 3000, where the API's instants end
		at, when = at%last, when%last
		a := calendar.Anchor{At: time.Unix(max(at, -at), 0).UTC(), Zone: zone, Cadence: calendar.Cadence{Unit: calendar.Unit(unit), Count: count}}
		if a.Validate() != nil {
			return
		}
		instant := time.Unix(max(when, -when), 0).UTC()
		k, err := a.Index(instant)
		if err != nil {
			return // its period reaches beyond the calendar
		}
		p, err := a.Period(k)
		require.NoError(t, err)
		require.True(t, !instant.Before(p.Start) && instant.Before(p.End), "%s is not in %v", instant, p)
		next, err := a.Boundary(k + 1)
		require.NoError(t, err)
		require.True(t, next.Equal(p.End))
	})
}
