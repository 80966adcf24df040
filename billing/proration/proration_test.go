package proration_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/proration"
)

var january = calendar.Interval{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}

func ExampleUnused() {
	fee := money.Amount{Value: decimal.RequireFromString("31.00"), Asset: "EUR"}
	fmt.Println(proration.Unused(fee, january, time.Date(2026, 1, 11, 0, 0, 0, 0, time.UTC)))
	// Output: 21
}

func TestNothingIsUnusedAtTheEndAndAllOfItBeforeTheStart(t *testing.T) {
	t.Parallel()
	fee := money.Amount{Value: decimal.RequireFromString("29.00"), Asset: "EUR"}
	require.True(t, proration.Unused(fee, january, january.End).IsZero())
	require.True(t, proration.Unused(fee, january, january.End.Add(time.Hour)).IsZero())
	require.True(t, proration.Unused(fee, january, january.Start).Equal(fee.Value))
	require.True(t, proration.Unused(fee, january, january.Start.Add(-time.Hour)).Equal(fee.Value))
}

func TestTheUnusedPartIsInMinorUnitsBetweenNothingAndThePriceAndNeverGrowsWithTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asset := rapid.SampledFrom([]money.Asset{"EUR", "JPY", "KWD"}).Draw(t, "asset")
		c, _ := money.Lookup(string(asset))
		fee := money.Amount{Value: decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, "minor"), -c.Exponent), Asset: asset}
		length := int(january.End.Sub(january.Start) / time.Second)
		early := rapid.IntRange(0, length).Draw(t, "early")
		late := rapid.IntRange(early, length).Draw(t, "late")
		a := proration.Unused(fee, january, january.Start.Add(time.Duration(early)*time.Second))
		b := proration.Unused(fee, january, january.Start.Add(time.Duration(late)*time.Second))
		require.False(t, a.LessThan(b), "%s then %s", a, b)
		require.True(t, a.Equal(a.Truncate(c.Exponent)))
		require.False(t, a.GreaterThan(fee.Value))
		require.False(t, b.IsNegative())
	})
}

func TestOfAPeriodThatIsOverOrNotBegunThereIsNothing(t *testing.T) {
	t.Parallel()
	moment := func(text string) calendar.Moment {
		m, err := calendar.ParseMoment(text)
		require.NoError(t, err)
		return m
	}
	january := &proration.Bounds{Start: moment("2025-01-01"), End: moment("2025-02-01")}
	for name, frame := range map[string]proration.Frame{
		"begins after it": {Zone: "UTC", Unit: proration.Second, Period: january, From: moment("2025-02-10")},
		"ends before it":  {Zone: "UTC", Unit: proration.Second, Period: january, To: moment("2024-12-20")},
	} {
		part, err := frame.Prorate(decimal.NewFromInt(100))
		require.NoError(t, err, name)
		require.Equal(t, "0", part.Share.Fraction(), name)
		require.True(t, part.Exact.IsZero(), name)
	}
	_, err := proration.Frame{Zone: "UTC", Unit: proration.Second, Period: january, From: moment("2025-02-10"), To: moment("2025-01-10")}.Prorate(decimal.NewFromInt(100))
	require.Error(t, err, "both ends are the caller's")
}
