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
