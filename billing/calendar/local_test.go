package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
)

func TestAMomentIsAnInstantOrAReadingOfALocalClock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-31T09:00:00+02:00": "2026-01-31T07:00:00Z",
		"2026-01-31":                "2026-01-31T05:00:00Z",
		"2026-03-08T02:30:00":       "2026-03-08T07:00:00Z", // skipped: the clock jumps to 03:00
		"2026-11-01T01:30:00":       "2026-11-01T05:30:00Z", // twice: the first
		"2026-06-01T12:00:00.5":     "2026-06-01T16:00:00.5Z",
	} {
		require.Equal(t, want, in("America/New_York", text).Format(time.RFC3339Nano), text)
	}
	for _, text := range []string{"", "2026-02-30", "2026-01-31T25:00:00", "2026-01-31T09:00", "1899-01-01", "2026-01-31 09:00:00", "2026-01-31T09:00:00,5Z"} {
		_, err := calendar.ParseMoment(text)
		require.Error(t, err, text)
	}
}

func TestDaysAreLocalMidnights(t *testing.T) {
	t.Parallel()
	zone, err := calendar.LoadZone("America/New_York")
	require.NoError(t, err)
	require.Equal(t, 2, calendar.Days(zone, in("UTC", "2024-03-09"), in("UTC", "2024-03-11")))
	require.Equal(t, 0, calendar.Days(zone, in("UTC", "2024-05-01T08:00:00"), in("UTC", "2024-05-01T17:00:00")))
	require.Equal(t, -1, calendar.Days(zone, in("UTC", "2024-05-02T08:00:00"), in("UTC", "2024-05-01T17:00:00")))
}

func TestWhatIsAddedMovesOnTheWallClockAndHoursElapse(t *testing.T) {
	t.Parallel()
	zone, err := calendar.LoadZone("America/New_York")
	require.NoError(t, err)
	from := in("America/New_York", "2026-10-31")
	for want, c := range map[string]calendar.Cadence{
		"2026-11-02T00:00:00-05:00": {Unit: calendar.Day, Count: 2},
		"2026-11-01T23:00:00-05:00": {Unit: calendar.Hour, Count: 48},
		"2026-11-30T00:00:00-05:00": {Unit: calendar.Month, Count: 1},
		"2026-02-28T00:00:00-05:00": {Unit: calendar.Month, Count: -8},
		"2027-10-31T00:00:00-04:00": {Unit: calendar.Year, Count: 1},
	} {
		got, err := calendar.Add(zone, from, c.Unit, c.Count)
		require.NoError(t, err)
		require.Equal(t, want, got.In(zone).Format(time.RFC3339))
	}
	_, err = calendar.Add(zone, from, "moon", 1)
	require.Error(t, err)
	_, err = calendar.Add(zone, from, calendar.Hour, 1<<40)
	require.Error(t, err)
}

func TestAUnitBeginsWhereTheLocalClockSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, at string
		unit     calendar.Unit
		want     string
	}{
		{"Asia/Kathmandu", "2026-01-15T14:37:00Z", calendar.Hour, "2026-01-15T14:15:00Z"},
		{"America/New_York", "2026-11-01T06:37:00Z", calendar.Hour, "2026-11-01T06:00:00Z"}, // the second 01:37
		{"America/New_York", "2026-11-01T20:00:00Z", calendar.Day, "2026-11-01T04:00:00Z"},
		{"UTC", "2026-01-04T20:00:00Z", calendar.Week, "2025-12-29T00:00:00Z"},
		{"UTC", "2026-01-05T00:00:00Z", calendar.Week, "2026-01-05T00:00:00Z"},
		{"UTC", "2026-05-31T20:00:00Z", calendar.Month, "2026-05-01T00:00:00Z"},
		{"UTC", "2026-06-30T20:00:00Z", calendar.Quarter, "2026-04-01T00:00:00Z"},
		{"UTC", "2026-12-31T20:00:00Z", calendar.HalfYear, "2026-07-01T00:00:00Z"},
		{"Asia/Tokyo", "2026-12-31T20:00:00Z", calendar.Year, "2026-12-31T15:00:00Z"},
	} {
		zone, err := calendar.LoadZone(c.zone)
		require.NoError(t, err)
		got, err := calendar.Floor(zone, in("UTC", c.at), c.unit)
		require.NoError(t, err)
		require.Equal(t, c.want, got.Format(time.RFC3339), c)
	}
	_, err := calendar.Floor(time.UTC, in("UTC", "2026-01-01"), "moon")
	require.Error(t, err)
}
