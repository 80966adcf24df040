package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

var (
	monthly = calendar.Cadence{Unit: calendar.Month, Count: 1}
	weekly  = calendar.Cadence{Unit: calendar.Week, Count: 1}
)

func moment(s string) calendar.Moment {
	m, err := calendar.ParseMoment(s)
	if err != nil {
		panic(err)
	}
	return m
}

func in(zone string, s string) time.Time {
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		panic(err)
	}
	return moment(s).In(loc)
}

// first gives the first boundaries as local dates and times.
func first(t *testing.T, s calendar.Schedule, zone string, n int) []string {
	t.Helper()
	loc, err := calendar.LoadZone(zone)
	require.NoError(t, err)
	var out []string
	for i := range n {
		b, err := s.Boundary(i)
		require.NoError(t, err)
		out = append(out, b.In(loc).Format("2006-01-02T15:04"))
	}
	return out
}

func TestAScheduleStartsWithAStubUpToItsGrid(t *testing.T) {
	t.Parallel()
	two := calendar.Cadence{Unit: calendar.Month, Count: 2}
	for name, c := range map[string]struct {
		rule  calendar.Rule
		start string
		want  []string
	}{
		"an anchor in the past on a day that months miss": {calendar.Rule{Cadence: monthly, Mode: calendar.Anchored, Anchor: moment("2025-01-31T15:00:00")},
			"2025-07-10T15:00:00", []string{"2025-07-10T15:00", "2025-07-31T15:00", "2025-08-31T15:00", "2025-09-30T15:00"}},
		"an anchor in the future": {calendar.Rule{Cadence: monthly, Mode: calendar.Anchored, Anchor: moment("2025-12-31")},
			"2025-02-10", []string{"2025-02-10T00:00", "2025-02-28T00:00", "2025-03-31T00:00"}},
		"a billing day that February lacks": {calendar.Rule{Cadence: monthly, BillingDay: 31}, "2025-02-10T09:30:00",
			[]string{"2025-02-10T09:30", "2025-02-28T09:30", "2025-03-31T09:30"}},
		"a billing day that is past counts from the start's month": {calendar.Rule{Cadence: calendar.Cadence{Unit: calendar.Quarter, Count: 1}, BillingDay: 1},
			"2021-01-10", []string{"2021-01-10T00:00", "2021-04-01T00:00", "2021-07-01T00:00"}},
		"a billing day that is the start's": {calendar.Rule{Cadence: monthly, BillingDay: 3}, "2012-03-03", []string{"2012-03-03T00:00", "2012-04-03T00:00"}},
		"a weekday":                         {calendar.Rule{Cadence: weekly, Weekday: "friday"}, "2026-01-01", []string{"2026-01-01T00:00", "2026-01-02T00:00", "2026-01-09T00:00"}},
		"a calendar month":                  {calendar.Rule{Cadence: monthly, Mode: calendar.Aligned}, "2026-01-15T08:00:00", []string{"2026-01-15T08:00", "2026-02-01T00:00", "2026-03-01T00:00"}},
		"two calendar months":               {calendar.Rule{Cadence: two, Mode: calendar.Aligned}, "2026-01-15", []string{"2026-01-15T00:00", "2026-02-01T00:00", "2026-04-01T00:00"}},
		"two calendar months on an anchor's grid": {calendar.Rule{Cadence: two, Mode: calendar.Aligned, Anchor: moment("2025-01-01")}, "2026-02-15",
			[]string{"2026-02-15T00:00", "2026-03-01T00:00", "2026-05-01T00:00"}},
		"a calendar week":      {calendar.Rule{Cadence: weekly, Mode: calendar.Aligned}, "2026-01-04", []string{"2026-01-04T00:00", "2026-01-05T00:00", "2026-01-12T00:00"}},
		"a calendar half year": {calendar.Rule{Cadence: calendar.Cadence{Unit: calendar.HalfYear, Count: 1}, Mode: calendar.Aligned}, "2026-07-01", []string{"2026-07-01T00:00", "2027-01-01T00:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const zone = "America/New_York"
			c.rule.Zone = zone
			s, err := c.rule.Schedule(in(zone, c.start))
			require.NoError(t, err)
			require.Equal(t, c.want, first(t, s, zone, len(c.want)))
		})
	}
}

func TestAChangeOfZoneKeepsDatesAndTakesEffectAtTheNextBoundary(t *testing.T) {
	t.Parallel()
	const from, to = "Europe/Berlin", "America/New_York"
	r := calendar.Rule{Zone: from, Cadence: monthly}
	s, err := r.Schedule(in(from, "2026-01-31"))
	require.NoError(t, err)
	changed, _, err := s.Change(r, calendar.Change{At: in(from, "2026-02-10"), Zone: to})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-01-31T00:00", "2026-02-28T00:00"}, first(t, changed, from, 2))
	require.Equal(t, []string{"2026-02-27T18:00", "2026-03-31T00:00", "2026-04-30T00:00"}, first(t, changed, to, 4)[1:])
	full, err := changed.Full(1)
	require.NoError(t, err)
	require.Equal(t, in(to, "2026-02-28"), full.Start, "the period before the new zone's own boundary is longer by six hours")
}

func TestADailyBoundaryIsNotRepeatedWhenTheNewZoneIsADayAhead(t *testing.T) {
	t.Parallel()
	const from, to = "Etc/GMT+12", "Pacific/Kiritimati"
	r := calendar.Rule{Zone: from, Cadence: calendar.Cadence{Unit: calendar.Day, Count: 1}}
	s, err := r.Schedule(in(from, "2026-01-01"))
	require.NoError(t, err)
	s, _, err = s.Change(r, calendar.Change{At: in(from, "2026-01-03"), Zone: to})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-01-02T02:00", "2026-01-03T02:00", "2026-01-04T02:00", "2026-01-05T00:00"}, first(t, s, to, 4),
		"the new clock showed midnight of 4 January before the old zone's boundary")
}

func TestAnotherBillingDayOpensAStubAndAnotherCadenceKeepsTheAnchor(t *testing.T) {
	t.Parallel()
	const zone = "UTC"
	r := calendar.Rule{Zone: zone, Cadence: monthly, BillingDay: 31}
	s, err := r.Schedule(in(zone, "2026-01-31"))
	require.NoError(t, err)
	s, r, err = s.Change(r, calendar.Change{At: in(zone, "2026-02-28"), BillingDay: 15})
	require.NoError(t, err)
	s, _, err = s.Change(r, calendar.Change{At: in(zone, "2026-03-16"), Cadence: calendar.Cadence{Unit: calendar.Year, Count: 1}})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-01-31T00:00", "2026-02-28T00:00", "2026-03-15T00:00", "2026-04-15T00:00", "2027-02-15T00:00"}, first(t, s, zone, 5))
}

func TestAChangeBeforeTheStartReplacesTheFirstRule(t *testing.T) {
	t.Parallel()
	r := calendar.Rule{Zone: "UTC", Cadence: monthly}
	s, err := r.Schedule(in("UTC", "2026-01-10"))
	require.NoError(t, err)
	s, _, err = s.Change(r, calendar.Change{At: in("UTC", "2025-01-01"), BillingDay: 15})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-01-10T00:00", "2026-01-15T00:00"}, first(t, s, "UTC", 2))
}

func TestChangesOutOfOrderAreRefused(t *testing.T) {
	t.Parallel()
	r := calendar.Rule{Zone: "UTC", Cadence: monthly}
	s, err := r.Schedule(in("UTC", "2026-01-10"))
	require.NoError(t, err)
	s, r, err = s.Change(r, calendar.Change{At: in("UTC", "2026-05-01"), BillingDay: 15})
	require.NoError(t, err)
	_, _, err = s.Change(r, calendar.Change{At: in("UTC", "2026-04-01"), BillingDay: 16})
	require.Equal(t, "out_of_order", fault.Of(err).Fields[0].Code)
}

func TestARuleNamesEveryFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule calendar.Rule
		want map[string]string
	}{
		"everything": {calendar.Rule{Zone: "Mars", Mode: "moon"}, map[string]string{"/interval/unit": "unit_unknown", "/timezone": "zone_unknown", "/mode": "mode_unknown"}},
		"no anchor":  {calendar.Rule{Zone: "UTC", Cadence: monthly, Mode: calendar.Anchored}, map[string]string{"/anchor": "exactly_one"}},
		"two anchors": {calendar.Rule{Zone: "UTC", Cadence: monthly, Anchor: moment("2026-01-01"), BillingDay: 3},
			map[string]string{"/anchor": "exactly_one"}},
		"a day of an aligned period": {calendar.Rule{Zone: "UTC", Cadence: monthly, Mode: calendar.Aligned, BillingDay: 3}, map[string]string{"/billing_day": "field_not_allowed"}},
		"a day of a week":            {calendar.Rule{Zone: "UTC", Cadence: weekly, BillingDay: 3}, map[string]string{"/billing_day": "field_not_allowed"}},
		"a weekday of a month":       {calendar.Rule{Zone: "UTC", Cadence: monthly, Weekday: "monday"}, map[string]string{"/weekday": "field_not_allowed"}},
		"no such day":                {calendar.Rule{Zone: "UTC", Cadence: monthly, BillingDay: 32}, map[string]string{"/billing_day": "out_of_range"}},
		"no such weekday":            {calendar.Rule{Zone: "UTC", Cadence: weekly, Weekday: "Freitag"}, map[string]string{"/weekday": "out_of_range"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.rule.Schedule(in("UTC", "2026-01-01"))
			got := map[string]string{}
			for _, f := range fault.Of(err).Fields {
				got[f.Pointer] = f.Code
			}
			require.Equal(t, c.want, got)
		})
	}
}
