package proration_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/proration"
	"github.com/durabill/durabill/fault"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func moment(s string) calendar.Moment {
	m, err := calendar.ParseMoment(s)
	if err != nil {
		panic(err)
	}
	return m
}

func n(v int64) *int64 { return &v }

func during(from, to string) *proration.Bounds {
	return &proration.Bounds{Start: moment(from), End: moment(to)}
}

func TestAShareIsWhatItsFrameSays(t *testing.T) {
	t.Parallel()
	month := calendar.Rule{Zone: "UTC", Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}}
	day10, aligned := month, month
	day10.BillingDay, aligned.Mode = 10, calendar.Aligned
	for name, c := range map[string]struct {
		frame    proration.Frame
		fraction string
		days     string
	}{
		"seconds":                    {proration.Frame{Period: during("2024-01-01", "2024-02-01"), From: moment("2024-01-21T21:55:18")}, "145247/446400", "11/31"},
		"days":                       {proration.Frame{Unit: proration.Day, Period: during("2024-01-01", "2024-02-01"), From: moment("2024-01-21T21:55:18")}, "11/31", "11/31"},
		"nothing is prorated":        {proration.Frame{Unit: proration.None}, "1", "0/0"},
		"before the period":          {proration.Frame{Period: during("2024-01-01", "2024-02-01"), From: moment("2023-12-01")}, "1", "31/31"},
		"after the period":           {proration.Frame{Period: during("2024-01-01", "2024-02-01"), From: moment("2024-02-01")}, "0", "0/31"},
		"an inclusive day":           {proration.Frame{Unit: proration.Day, Period: &proration.Bounds{Start: moment("2024-03-01"), End: moment("2024-03-31"), Inclusive: proration.Day}, From: moment("2024-03-15")}, "17/31", "17/31"},
		"an inclusive second":        {proration.Frame{Period: &proration.Bounds{Start: moment("2024-03-01"), End: moment("2024-03-31T23:59:59"), Inclusive: proration.Second}, From: moment("2024-03-15")}, "17/31", "17/31"},
		"the last day is used":       {proration.Frame{Unit: proration.Day, Period: during("2023-02-13", "2023-02-20"), To: moment("2023-02-15T08:00:00"), LastDay: true}, "3/7", "3/7"},
		"a stub":                     {proration.Frame{Unit: proration.Day, Begin: &proration.Begin{Rule: day10, Start: moment("2016-07-01")}}, "3/10", "9/30"},
		"a stub from its start":      {proration.Frame{Unit: proration.Day, Begin: &proration.Begin{Rule: day10, Start: moment("2016-07-01"), FromStart: true}}, "9/31", "9/31"},
		"a trial":                    {proration.Frame{Unit: proration.Day, Begin: &proration.Begin{Rule: aligned, Start: moment("2022-03-15"), TrialDays: 3}}, "14/31", "14/31"},
		"a year beside a month":      {proration.Frame{Unit: proration.Day, Period: &proration.Bounds{Start: moment("2025-01-01"), Interval: calendar.Cadence{Unit: calendar.Year, Count: 1}}, To: moment("2025-01-31")}, "6/73", "30/365"},
		"counted":                    {proration.Frame{Counts: proration.Counts{Part: n(14), Of: n(30)}}, "7/15", "14/30"},
		"counted from the start":     {proration.Frame{Counts: proration.Counts{Elapsed: n(30), Of: n(365)}}, "67/73", "335/365"},
		"a part of counted days":     {proration.Frame{From: moment("2025-10-08"), To: moment("2026-01-01"), Counts: proration.Counts{Of: n(92)}}, "85/92", "85/92"},
		"a month of thirty, of 31":   {proration.Frame{Convention: proration.Fixed30, Counts: proration.Counts{Part: n(23), Of: n(31)}}, "11/15", "23/31"},
		"a month of thirty, of 28":   {proration.Frame{Convention: proration.Fixed30, Counts: proration.Counts{Part: n(20), Of: n(28)}}, "11/15", "20/28"},
		"the 31st is free":           {proration.Frame{Convention: proration.Fixed30, Period: during("2024-01-01", "2024-02-01"), From: moment("2024-01-31")}, "0", "1/31"},
		"a quarter of thirties":      {proration.Frame{Convention: proration.Fixed30, Period: during("2024-01-01", "2024-04-01"), From: moment("2024-03-31")}, "0", "1/91"},
		"a start counts in February": {proration.Frame{Convention: proration.Fixed30, Period: during("2023-02-01", "2023-03-01"), To: moment("2023-02-11")}, "1/3", "10/28"},
		"a day of 23 hours":          {proration.Frame{Zone: "America/New_York", Unit: proration.Day, Period: during("2024-03-01", "2024-04-01"), From: moment("2024-03-10T12:00:00")}, "22/31", "22/31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.frame.Zone == "" {
				c.frame.Zone = "UTC"
			}
			p, err := c.frame.Prorate(dec("100"))
			require.NoError(t, err)
			require.Equal(t, c.fraction, p.Share.Fraction())
			require.Equal(t, c.days, p.Days.Counted())
			require.True(t, p.Share.Of(dec("100")).Equal(p.Exact))
		})
	}
}

func TestAFrameThatSaysTooLittleOrTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	aDay := calendar.Cadence{Unit: calendar.Day, Count: 1}
	for pointer, f := range map[string]proration.Frame{
		"/timezone":          {Zone: "Mars"},
		"/period":            {},
		"/period/start":      {Period: &proration.Bounds{End: moment("2026-01-01")}},
		"/period/end":        {Period: during("2026-01-02", "2026-01-01")},
		"/period/interval":   {Period: &proration.Bounds{Start: moment("2026-01-02"), Interval: calendar.Cadence{Unit: "moon", Count: 1}}},
		"/to":                {From: moment("2026-01-02"), To: moment("2026-01-01")},
		"/counts/of":         {Counts: proration.Counts{Part: n(0), Of: n(0)}},
		"/counts/part":       {Counts: proration.Counts{Part: n(2), Of: n(1)}},
		"/counts/elapsed":    {Counts: proration.Counts{Part: n(1), Elapsed: n(1), Of: n(2)}},
		"/begin/billing_day": {Begin: &proration.Begin{Start: moment("2026-01-01"), Rule: calendar.Rule{Zone: "UTC", Cadence: aDay, BillingDay: 1}}},
	} {
		if f.Zone == "" {
			f.Zone = "UTC"
		}
		_, err := f.Prorate(dec("1"))
		require.Error(t, err, pointer)
		require.Equal(t, pointer, fault.Of(err).Fields[0].Pointer)
	}
	both := during("2026-01-01", "2026-01-02")
	both.Interval = aDay
	_, err := proration.Frame{Zone: "UTC", Period: both}.Prorate(dec("1"))
	require.Equal(t, "exactly_one", fault.Of(err).Fields[0].Code)
}

func TestDaysAndSecondsAgreeOnWholeDaysWithoutAChangeOfTheClock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 5000).Draw(t, "start"))
		whole := rapid.IntRange(1, 366).Draw(t, "whole")
		from := rapid.IntRange(0, whole).Draw(t, "from")
		full := calendar.Interval{Start: start, End: start.AddDate(0, 0, whole)}
		part := calendar.Interval{Start: start.AddDate(0, 0, from), End: start.AddDate(0, 0, rapid.IntRange(from, whole).Draw(t, "to"))}
		seconds := proration.Measure{Unit: proration.Second, Zone: time.UTC}.Share(full, part)
		days := proration.Measure{Unit: proration.Day, Zone: time.UTC}.Share(full, part)
		require.Equal(t, days.Fraction(), seconds.Fraction())
	})
}

func TestTheSharesOfThePartsOfAPeriodAddUpToOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone, err := calendar.LoadZone(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"}).Draw(t, "zone"))
		require.NoError(t, err)
		m := proration.Measure{Zone: zone, Unit: rapid.SampledFrom([]proration.Unit{proration.Second, proration.Day}).Draw(t, "unit"),
			Convention: rapid.SampledFrom([]proration.Convention{proration.Actual, proration.Fixed30}).Draw(t, "convention")}
		start := time.Unix(rapid.Int64Range(1_200_000_000, 2_000_000_000).Draw(t, "start"), 0)
		full := calendar.Interval{Start: start, End: start.Add(time.Duration(rapid.IntRange(48, 9000).Draw(t, "hours")) * time.Hour)}
		var shares []proration.Share
		for at := full.Start; at.Before(full.End); {
			next := at.Add(time.Duration(rapid.IntRange(1, 3_000_000).Draw(t, "seconds")) * time.Second)
			shares = append(shares, m.Share(full, calendar.Interval{Start: at, End: next}))
			at = next
		}
		var part int64
		for _, s := range shares {
			require.GreaterOrEqual(t, s.Part, int64(0))
			part += s.Part
		}
		require.Equal(t, shares[0].Whole, part)
	})
}

func TestACapIsWhatWasPaidLessWhatWasCreditedBefore(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{{"100", "200", "50", "100"}, {"100", "200", "180", "20"}, {"100", "0", "0", "0"}, {"100", "50", "80", "0"}} {
		require.True(t, proration.Cap(dec(c[0]), dec(c[1]), dec(c[2])).Equal(dec(c[3])), c)
	}
}
