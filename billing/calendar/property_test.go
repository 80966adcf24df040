package calendar_test

import (
	_ "embed"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
)

// Every IANA name of tzdata, so that a machine without a zone list tests the same ones.
//
//go:embed testdata/zones.txt
var zoneNames string

var units = []calendar.Unit{calendar.Day, calendar.Week, calendar.Month, calendar.Quarter, calendar.Year}

func TestMonthsFromDays29And30And31AreContiguousForTenYearsInEveryZone(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields(zoneNames) {
		zone, err := calendar.LoadZone(name)
		require.NoError(t, err)
		for _, day := range []int{29, 30, 31} {
			a := calendar.Anchor{At: time.Date(2020, 1, day, 2, 30, 0, 0, zone), Zone: name,
				Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}}
			previous := a.At.UTC()
			for k := range 120 {
				p, err := a.Period(k)
				if err != nil || !p.Start.Equal(previous) || !p.Start.Before(p.End) {
					require.Failf(t, "not contiguous", "%s day %d, period %d: %s, %v", name, day, k, p, err)
				}
				if got, want := p.Start.In(zone).Day(), min(day, lastDay(2020, 1+k)); got != want {
					require.Failf(t, "wrong day", "%s day %d, period %d: %s", name, day, k, p)
				}
				previous = p.End
			}
		}
	}
}

// lastDay gives the length of a month that may be past the twelfth.
func lastDay(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func anyAnchor() *rapid.Generator[calendar.Anchor] {
	return rapid.Custom(func(t *rapid.T) calendar.Anchor {
		return calendar.Anchor{
			At: time.Unix(rapid.Int64Range(-2_000_000_000, 12_000_000_000).Draw(t, "second"),
				rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond")).UTC(),
			Zone: rapid.SampledFrom(strings.Fields(zoneNames)).Draw(t, "zone"),
			Cadence: calendar.Cadence{Unit: rapid.SampledFrom(units).Draw(t, "unit"),
				Count: rapid.IntRange(1, 12).Draw(t, "count")},
		}
	})
}

func TestPeriodsAreContiguousAndNeverRunBackwards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anyAnchor().Draw(t, "anchor")
		first := rapid.IntRange(-50, 50).Draw(t, "k")
		for k := first; k < first+5; k++ {
			p, err := a.Period(k)
			require.NoError(t, err)
			next, err := a.Period(k + 1)
			require.NoError(t, err)
			require.Equal(t, p.End, next.Start)
			require.False(t, p.End.Before(p.Start), "%s", p)
			require.Equal(t, time.UTC, p.Start.Location())
		}
	})
}

func TestEveryInstantLiesInThePeriodThatIndexNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anyAnchor().Draw(t, "anchor")
		at := a.At.Add(time.Duration(rapid.Int64Range(-400*24*int64(time.Hour), 4000*24*int64(time.Hour)).Draw(t, "after")))
		if rapid.Bool().Draw(t, "on a boundary") {
			var err error
			at, err = a.Boundary(rapid.IntRange(-30, 200).Draw(t, "k"))
			require.NoError(t, err)
		}
		k, err := a.Index(at)
		require.NoError(t, err)
		p, err := a.Period(k)
		require.NoError(t, err)
		require.True(t, p.Contains(at), "%s in %s", at, p)
	})
}

// The oracle knows nothing of zone transitions: it tries every offset a clock could have had. Since 1970 all of them
// have been multiples of half a minute.
func TestABoundaryIsTheFirstInstantAtWhichTheClockShowsItOrTheJumpOverIt(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02T15:04:05.999999999"
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(strings.Fields(zoneNames)).Draw(t, "zone")
		zone, err := calendar.LoadZone(name)
		require.NoError(t, err)
		from := time.Unix(rapid.Int64Range(0, 12_000_000_000).Draw(t, "second"), 0).In(zone)
		if _, change := from.ZoneBounds(); !change.IsZero() { // most interesting right around a change of the clock
			from = change.Add(time.Duration(rapid.IntRange(-180, 180).Draw(t, "minutes")) * time.Minute).In(zone)
		}
		a := calendar.Anchor{At: from.AddDate(0, 0, -1), Zone: name, Cadence: calendar.Cadence{Unit: calendar.Day, Count: 1}}
		got, err := a.Boundary(1)
		require.NoError(t, err)
		read := asUTC(a.At.In(zone)).AddDate(0, 0, 1)
		var first time.Time
		for offset := 16 * time.Hour; offset >= -16*time.Hour; offset -= 30 * time.Second { // the earliest instant first
			at := read.Add(-offset)
			if asUTC(at.In(zone)).Equal(read) {
				first = at
				break
			}
		}
		if !first.IsZero() {
			require.Equal(t, first.Format(layout), got.Format(layout))
			return
		}
		require.True(t, asUTC(got.In(zone)).After(read), "the clock already shows more")
		require.True(t, asUTC(got.Add(-1).In(zone)).Before(read), "and a moment before it showed less")
	})
}

// asUTC reads a local clock as if it hung in Greenwich.
func asUTC(local time.Time) time.Time {
	_, offset := local.Zone()
	return local.UTC().Add(time.Duration(offset) * time.Second)
}
