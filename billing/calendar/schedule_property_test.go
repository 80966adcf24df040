package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
)

func TestEverySampledCadenceIsContiguousForTenYearsInEveryZone(t *testing.T) {
	t.Parallel()
	rules := []calendar.Rule{
		{Cadence: calendar.Cadence{Unit: calendar.Day, Count: 7}},
		{Cadence: calendar.Cadence{Unit: calendar.Week, Count: 2}, Mode: calendar.Aligned},
		{Cadence: monthly, Mode: calendar.Aligned},
		{Cadence: monthly, BillingDay: 31},
		{Cadence: calendar.Cadence{Unit: calendar.Quarter, Count: 1}, BillingDay: 30},
		{Cadence: calendar.Cadence{Unit: calendar.HalfYear, Count: 1}, Mode: calendar.Aligned},
		{Cadence: calendar.Cadence{Unit: calendar.Year, Count: 1}, BillingDay: 29},
	}
	for i, name := range strings.Fields(zoneNames) {
		for j := range 2 {
			r := rules[(2*i+j)%len(rules)] // every cadence in many zones, and not in each: the test takes its second
			r.Zone = name
			s, err := r.Schedule(in(name, "2020-02-29T02:30:00"))
			require.NoError(t, err)
			for n, over := 0, in(name, "2030-03-01"); ; n++ {
				p, err := s.Period(n)
				require.NoError(t, err)
				checkPeriod(t, s, p, n)
				if p.End.After(over) {
					break
				}
			}
		}
	}
}

// checkPeriod is cheap on purpose: it runs for every period of ten years in every zone.
func checkPeriod(t require.TestingT, s calendar.Schedule, p calendar.Interval, n int) {
	next, err := s.Boundary(n + 1)
	if err != nil || !next.Equal(p.End) || p.End.Before(p.Start) {
		require.Failf(t, "not contiguous", "period %d: %s, then %s, %v", n, p, next, err)
	}
	if p.Start.Equal(p.End) {
		return // a day that the zone skipped
	}
	for at, want := range map[time.Time]int{p.Start: n, p.End.Add(-1): n} {
		if got, err := s.Index(at); err != nil || got != want {
			require.Failf(t, "wrong period", "%s lies in %d, not in %d: %s, %v", at, got, want, p, err)
		}
	}
	if got, err := s.Index(p.End); err != nil || got <= n {
		require.Failf(t, "an end belongs to the next period", "%s lies in %d, %v", p.End, got, err)
	}
}

func anyRule() *rapid.Generator[calendar.Rule] {
	return rapid.Custom(func(t *rapid.T) calendar.Rule {
		r := calendar.Rule{Zone: rapid.SampledFrom(strings.Fields(zoneNames)).Draw(t, "zone"),
			Cadence: calendar.Cadence{Unit: rapid.SampledFrom(append(units, calendar.HalfYear)).Draw(t, "unit"), Count: rapid.IntRange(1, 12).Draw(t, "count")}}
		switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
		case kind == 1:
			r.Mode = calendar.Aligned
		case kind == 2:
			r.Anchor = calendar.At(anyInstant(t, "anchor"))
		case kind == 3 && r.Cadence.Unit == calendar.Week:
			r.Weekday = rapid.SampledFrom([]string{"monday", "thursday", "sunday"}).Draw(t, "weekday")
		case kind == 3 && r.Cadence.Unit != calendar.Day:
			r.BillingDay = rapid.IntRange(1, 31).Draw(t, "day")
		}
		return r
	})
}

func anyInstant(t *rapid.T, label string) time.Time {
	return time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, label), 0).UTC()
}

func TestNoChangeOfARuleLeavesAGapOrAnOverlap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRule().Draw(t, "rule")
		s, err := r.Schedule(anyInstant(t, "start"))
		require.NoError(t, err)
		last := 0
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			last += rapid.IntRange(1, 4).Draw(t, "periods")
			at, err := s.Boundary(last)
			require.NoError(t, err)
			before, err := s.Period(last - 1)
			require.NoError(t, err)
			c := calendar.Change{At: at}
			if rapid.Bool().Draw(t, "early") && before.Duration() > time.Hour {
				c.At = at.Add(-time.Hour)
			}
			to := anyRule().Draw(t, "to")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				c.Zone = to.Zone
			case 1:
				c.Zone, c.Anchor = to.Zone, calendar.At(anyInstant(t, "other"))
			case 2:
				if r.BillingDay == 0 && r.Weekday == "" {
					c.Cadence = to.Cadence
				}
			}
			if s, r, err = s.Change(r, c); err != nil {
				require.NoError(t, err)
			}
			kept, err := s.Period(last - 1)
			require.NoError(t, err)
			require.Equal(t, before, kept, "what came before a change stays")
		}
		for n := range last + 5 {
			p, err := s.Period(n)
			require.NoError(t, err)
			checkPeriod(t, s, p, n)
		}
	})
}

func TestAStubIsAPartOfTheFullPeriodThatEndsWithIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRule().Draw(t, "rule")
		s, err := r.Schedule(anyInstant(t, "start"))
		require.NoError(t, err)
		p, err := s.Period(0)
		require.NoError(t, err)
		full, err := s.Full(0)
		require.NoError(t, err)
		require.True(t, full.End.Equal(p.End))
		require.False(t, full.Start.After(p.Start))
		next, err := s.Period(1)
		require.NoError(t, err)
		whole, err := s.Full(1)
		require.NoError(t, err)
		require.Equal(t, next, whole)
	})
}

func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"2026-01-31", "2026-03-29T02:30:00", "2026-03-29T02:30:00.123456789+02:00", "2999-12-31T23:59:59Z", "1900-01-01"} {
		f.Add(s, "Europe/Berlin")
	}
	f.Fuzz(func(t *testing.T, s, zone string) {
		loc, err := calendar.LoadZone(zone)
		if err != nil {
			return
		}
		m, err := calendar.ParseMoment(s)
		if err != nil {
			return
		}
		again, err := calendar.ParseMoment(m.In(loc).Format(time.RFC3339Nano))
		if err == nil { // a local time at the edge of the years may lie outside of them in UTC
			require.True(t, again.In(loc).Equal(m.In(loc)))
		}
	})
}

func BenchmarkBoundary(b *testing.B) {
	a := calendar.Anchor{At: in("Europe/Berlin", "2026-01-31"), Zone: "Europe/Berlin", Cadence: monthly}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Boundary(25); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	s, err := calendar.Rule{Zone: "Europe/Berlin", Cadence: monthly, BillingDay: 31}.Schedule(in("Europe/Berlin", "2026-01-10"))
	if err != nil {
		b.Fatal(err)
	}
	at := in("Europe/Berlin", "2040-01-10")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Index(at); err != nil {
			b.Fatal(err)
		}
	}
}
