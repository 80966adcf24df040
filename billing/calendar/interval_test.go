package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
)

func interval(t *testing.T, start, end string) calendar.Interval {
	t.Helper()
	i := calendar.Interval{Start: instant(t, start)}
	if end != "" {
		i.End = instant(t, end)
	}
	return i
}

func TestAnIntervalContainsItsStartAndNotItsEnd(t *testing.T) {
	t.Parallel()
	i := interval(t, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
	require.True(t, i.Contains(i.Start))
	require.True(t, i.Contains(i.End.Add(-1)))
	require.False(t, i.Contains(i.End))
	require.False(t, i.Contains(i.Start.Add(-1)))
	open := interval(t, "2026-01-01T00:00:00Z", "")
	require.True(t, open.Contains(i.End.AddDate(1000, 0, 0)))
	require.False(t, open.Contains(i.Start.Add(-1)))
}

func TestIntervalsThatTouchDoNotOverlap(t *testing.T) {
	t.Parallel()
	jan := interval(t, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
	feb := interval(t, "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
	mid := interval(t, "2026-01-15T00:00:00Z", "2026-02-15T00:00:00Z")
	fromFeb := interval(t, "2026-02-01T00:00:00Z", "")
	fromMid := interval(t, "2026-01-15T00:00:00Z", "")
	empty := interval(t, "2026-01-15T00:00:00Z", "2026-01-15T00:00:00Z")
	for _, c := range []struct {
		a, b calendar.Interval
		want bool
	}{{jan, feb, false}, {jan, mid, true}, {mid, feb, true}, {jan, fromFeb, false}, {feb, fromFeb, true},
		{fromMid, fromFeb, true}, {jan, fromMid, true}, {jan, empty, false}, {fromMid, empty, false}, {jan, jan, true}} {
		require.Equal(t, c.want, c.a.Overlaps(c.b), "%s and %s", c.a, c.b)
		require.Equal(t, c.want, c.b.Overlaps(c.a), "%s and %s", c.b, c.a)
	}
}

func TestAnIntervalReadsWellAndRoundTripsAsJSON(t *testing.T) {
	t.Parallel()
	closed := interval(t, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
	open := interval(t, "2026-01-01T00:00:00Z", "")
	require.Equal(t, "[2026-01-01T00:00:00Z, 2026-02-01T00:00:00Z)", closed.String())
	require.Equal(t, "[2026-01-01T00:00:00Z, ∞)", open.String())
	require.Zero(t, open.Duration())
	require.Equal(t, 744*time.Hour, closed.Duration())
	require.True(t, calendar.Interval{}.IsZero())
	require.False(t, open.IsZero())
	for _, i := range []calendar.Interval{closed, open} {
		b, err := json.Marshal(i)
		require.NoError(t, err)
		var back calendar.Interval
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, i, back)
	}
}
