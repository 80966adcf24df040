package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return at
}

func anchor(t *testing.T, at, zone string, unit calendar.Unit, count int) calendar.Anchor {
	t.Helper()
	return calendar.Anchor{At: instant(t, at), Zone: zone, Cadence: calendar.Cadence{Unit: unit, Count: count}}
}

func TestBoundariesFollowTheWallClockOfTheAnchor(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, at, zone string
		unit           calendar.Unit
		first          int
		want           []string
	}{
		{"Berlin, day 31, through short months and into summer time", "2026-01-30T23:00:00Z", "Europe/Berlin", calendar.Month, 0,
			[]string{"2026-01-30T23:00:00Z", "2026-02-27T23:00:00Z", "2026-03-30T22:00:00Z", "2026-04-29T22:00:00Z",
				"2026-05-30T22:00:00Z", "2026-06-29T22:00:00Z", "2026-07-30T22:00:00Z", "2026-08-30T22:00:00Z",
				"2026-09-29T22:00:00Z", "2026-10-30T23:00:00Z", "2026-11-29T23:00:00Z", "2026-12-30T23:00:00Z"}},
		{"Lord Howe, day 31, whose summer time is half an hour", "2026-01-30T13:00:00Z", "Australia/Lord_Howe", calendar.Month, 0,
			[]string{"2026-01-30T13:00:00Z", "2026-02-27T13:00:00Z", "2026-03-30T13:00:00Z", "2026-04-29T13:30:00Z",
				"2026-05-30T13:30:00Z", "2026-06-29T13:30:00Z", "2026-07-30T13:30:00Z", "2026-08-30T13:30:00Z",
				"2026-09-29T13:30:00Z", "2026-10-30T13:00:00Z", "2026-11-29T13:00:00Z", "2026-12-30T13:00:00Z"}},
		{"Lord Howe, day 29, in a leap year", "2028-01-28T13:00:00Z", "Australia/Lord_Howe", calendar.Month, 0,
			[]string{"2028-01-28T13:00:00Z", "2028-02-28T13:00:00Z", "2028-03-28T13:00:00Z", "2028-04-28T13:30:00Z"}},
		{"Berlin, day 30", "2027-01-29T23:00:00Z", "Europe/Berlin", calendar.Month, 0,
			[]string{"2027-01-29T23:00:00Z", "2027-02-27T23:00:00Z", "2027-03-29T22:00:00Z", "2027-04-29T22:00:00Z"}},
		{"yearly from 29 February, which returns to it", "2024-02-29T00:00:00Z", "UTC", calendar.Year, 0,
			[]string{"2024-02-29T00:00:00Z", "2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z", "2027-02-28T00:00:00Z",
				"2028-02-29T00:00:00Z"}},
		{"quarters from 30 November", "2025-11-30T00:00:00Z", "UTC", calendar.Quarter, 0,
			[]string{"2025-11-30T00:00:00Z", "2026-02-28T00:00:00Z", "2026-05-30T00:00:00Z", "2026-08-30T00:00:00Z"}},
		{"before the anchor", "2026-03-31T00:00:00Z", "UTC", calendar.Month, -4,
			[]string{"2025-11-30T00:00:00Z", "2025-12-31T00:00:00Z", "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z",
				"2026-03-31T00:00:00Z"}},
		{"weeks keep the weekday and the hour", "2026-03-25T08:00:00Z", "Europe/Berlin", calendar.Week, 0,
			[]string{"2026-03-25T08:00:00Z", "2026-04-01T07:00:00Z"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := anchor(t, c.at, c.zone, c.unit, 1)
			for i, want := range c.want {
				got, err := a.Boundary(c.first + i)
				require.NoError(t, err)
				require.Equal(t, want, got.Format(time.RFC3339), "boundary %d", c.first+i)
			}
		})
	}
}

func TestTheFirstThreeMonthsOfTheExampleHave672And743And720Hours(t *testing.T) {
	t.Parallel()
	a := anchor(t, "2026-01-30T23:00:00Z", "Europe/Berlin", calendar.Month, 1)
	for k, hours := range []float64{672, 743, 720} {
		p, err := a.Period(k)
		require.NoError(t, err)
		require.InDelta(t, hours, p.Duration().Hours(), 0)
	}
}

func TestALocalTimeThatIsSkippedMovesForwardToTheNextValidInstant(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, at, zone, want, local string }{
		{"Berlin 02:30 on 29 March", "2026-03-28T01:30:00Z", "Europe/Berlin", "2026-03-29T01:00:00Z", "03:00"},
		{"Lord Howe 02:15 on 4 October", "2026-10-02T15:45:00Z", "Australia/Lord_Howe", "2026-10-03T15:30:00Z", "02:30"},
		{"Cairo midnight on 24 April", "2026-04-22T22:00:00Z", "Africa/Cairo", "2026-04-23T22:00:00Z", "01:00"},
		{"Apia on 30 December 2011, a day that was not", "2011-12-29T22:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00Z", "00:00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := anchor(t, c.at, c.zone, calendar.Day, 1).Boundary(1)
			require.NoError(t, err)
			require.Equal(t, c.want, got.Format(time.RFC3339))
			zone, err := calendar.LoadZone(c.zone)
			require.NoError(t, err)
			require.Equal(t, c.local, got.In(zone).Format("15:04"))
		})
	}
}

func TestALocalTimeThatHappensTwiceMeansTheFirst(t *testing.T) {
	t.Parallel()
	got, err := anchor(t, "2026-10-24T00:30:00Z", "Europe/Berlin", calendar.Day, 1).Boundary(1) // 02:30
	require.NoError(t, err)
	require.Equal(t, "2026-10-25T00:30:00Z", got.Format(time.RFC3339))
	got, err = anchor(t, "2026-04-03T14:45:00Z", "Australia/Lord_Howe", calendar.Day, 1).Boundary(1) // 01:45
	require.NoError(t, err)
	require.Equal(t, "2026-04-04T14:45:00Z", got.Format(time.RFC3339))
}

// Where the zone files end and a rule takes over, the standard library's zone bounds are wrong on this very day.
func TestTheLastDayOfALeapYearBeyondTheZoneFilesHasItsBoundary(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields(zoneNames) {
		zone, err := calendar.LoadZone(name)
		require.NoError(t, err)
		a := calendar.Anchor{At: time.Date(2040, 1, 31, 12, 0, 0, 0, zone), Zone: name,
			Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}}
		got, err := a.Boundary(11)
		require.NoError(t, err)
		require.Equal(t, "2040-12-31T12:00:00", got.In(zone).Format("2006-01-02T15:04:05"), name)
	}
}

func TestAnAnchorInTheSecondOfTwoEqualHoursIsStillItsOwnBoundary(t *testing.T) {
	t.Parallel()
	a := anchor(t, "2026-10-25T01:30:00Z", "Europe/Berlin", calendar.Month, 1)
	p, err := a.Period(0)
	require.NoError(t, err)
	require.Equal(t, a.At, p.Start)
	k, err := a.Index(a.At.Add(-time.Minute))
	require.NoError(t, err)
	require.Equal(t, -1, k)
}

func TestAnInstantOnABoundaryBelongsToThePeriodItOpens(t *testing.T) {
	t.Parallel()
	a := anchor(t, "2026-01-30T23:00:00Z", "Europe/Berlin", calendar.Month, 1)
	for at, want := range map[string]int{
		"2026-01-30T22:59:59.999999999Z": -1, "2026-01-30T23:00:00Z": 0, "2026-02-27T22:59:59.999999999Z": 0,
		"2026-02-27T23:00:00Z": 1, "2026-03-30T21:59:59Z": 1, "2026-03-30T22:00:00Z": 2,
	} {
		k, err := a.Index(instant(t, at))
		require.NoError(t, err)
		require.Equal(t, want, k, at)
	}
}

func TestAClockSetBackOverMidnightDoesNotLeaveThePeriod(t *testing.T) {
	t.Parallel()
	a := anchor(t, "2010-11-01T02:30:00Z", "America/St_Johns", calendar.Day, 1) // midnight; on the 7th 00:01 became 23:01
	for at, want := range map[string]int{"2010-11-07T02:29:59Z": 5, "2010-11-07T02:30:00Z": 6, "2010-11-07T02:45:00Z": 6} {
		k, err := a.Index(instant(t, at))
		require.NoError(t, err)
		require.Equal(t, want, k, at)
	}
}

func TestAnAnchorThatHasNoBoundariesIsRefused(t *testing.T) {
	t.Parallel()
	good := anchor(t, "2026-01-30T23:00:00Z", "Europe/Berlin", calendar.Month, 1)
	require.NoError(t, good.Validate())
	cases := map[string]struct {
		change  func(*calendar.Anchor)
		pointer string
	}{
		"unknown zone":  {func(a *calendar.Anchor) { a.Zone = "Europe/Atlantis" }, "/zone"},
		"empty zone":    {func(a *calendar.Anchor) { a.Zone = "" }, "/zone"},
		"Local":         {func(a *calendar.Anchor) { a.Zone = "Local" }, "/zone"},
		"a path":        {func(a *calendar.Anchor) { a.Zone = "../etc/passwd" }, "/zone"},
		"no instant":    {func(a *calendar.Anchor) { a.At = time.Time{} }, "/at"},
		"unknown unit":  {func(a *calendar.Anchor) { a.Cadence.Unit = "hour" }, "/cadence/unit"},
		"count of zero": {func(a *calendar.Anchor) { a.Cadence.Count = 0 }, "/cadence/count"},
		"endless count": {func(a *calendar.Anchor) { a.Cadence.Count = 1001 }, "/cadence/count"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := good
			c.change(&a)
			err := a.Validate()
			require.True(t, fault.Is(err, "validation_failed"), "%v", err)
			require.Equal(t, c.pointer, fault.Of(err).Fields[0].Pointer)
			_, err = a.Boundary(1)
			require.Error(t, err)
			_, err = a.Period(1)
			require.Error(t, err)
			_, err = a.Index(good.At)
			require.Error(t, err)
		})
	}
}

func TestABoundaryOutsideTheCalendarIsRefused(t *testing.T) {
	t.Parallel()
	a := anchor(t, "2026-01-30T23:00:00Z", "UTC", calendar.Year, 1000)
	for _, k := range []int{8, -3, 1 << 62, -1 << 62} {
		_, err := a.Boundary(k)
		require.True(t, fault.Is(err, "boundary_out_of_range"), "%d: %v", k, err)
	}
	_, err := a.Period(7)
	require.True(t, fault.Is(err, "boundary_out_of_range"))
	_, err = a.Index(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	require.True(t, fault.Is(err, "boundary_out_of_range"))
}
