package metering_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/metering"
)

func TestAWindowThatBeginsInsideAnHourEndsWithIt(t *testing.T) {
	t.Parallel()
	start := at("2023-05-01T00:20:00Z")
	out := aggregated(t, metering.Spec{Aggregation: metering.AggregationCount, Window: metering.WindowHour,
		Period: calendar.Interval{Start: start, End: start.Add(time.Hour)}})
	require.Len(t, out.Windows, 2)
	require.Equal(t, at("2023-05-01T01:00:00Z"), out.Windows[0].End)
}

func TestARemovalIsNotARepeatOfAnAddition(t *testing.T) {
	t.Parallel()
	add, remove := toggled("1", "2023-05-02T00:00:00Z", "u", metering.OperationAdd), toggled("1", "2023-05-02T00:00:00Z", "u", metering.OperationRemove)
	out := aggregated(t, specOf(metering.AggregationActiveCount), add, remove)
	require.Len(t, out.Conflicts, 1)
	require.Equal(t, "1", out.Value.String())
}
