package metering_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/fault"
)

func TestOnlyAnAggregationThatCanBeComputedIsValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, metering.AggregationSum.Validate())
	for _, a := range []metering.Aggregation{"", "SUM", "weighted_sum"} {
		err := a.Validate()
		require.True(t, fault.Is(err, "validation_failed"))
		require.Equal(t, "/aggregation", fault.Of(err).Fields[0].Pointer)
	}
}

func TestTheSumOfPartsIsTheSumOfTheWholeInAnyOrder(t *testing.T) {
	t.Parallel()
	quantity := rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64().Draw(t, "digits"), -rapid.Int32Range(0, 20).Draw(t, "scale"))
	})
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(quantity).Draw(t, "quantities")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		parts := metering.Sum(all[:cut]).Add(metering.Sum(all[cut:]))
		require.True(t, metering.Sum(all).Equal(parts))
		shuffled := rapid.Permutation(all).Draw(t, "order")
		require.True(t, metering.Sum(all).Equal(metering.Sum(shuffled)))
	})
}

func ExampleSum() {
	fmt.Println(metering.Sum([]decimal.Decimal{decimal.RequireFromString("0.1"), decimal.RequireFromString("0.2")}))
	fmt.Println(metering.Sum(nil))
	// Output:
	// 0.3
	// 0
}
