package credit_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/credit"
)

func ExampleCost() {
	fmt.Println(credit.Cost(decimal.NewFromInt(50), decimal.RequireFromString("40.00"), decimal.NewFromInt(10)))
	// Output: 8
}

func TestTheCostOfAWholeLotIsItsPriceAndOfNothingNothing(t *testing.T) {
	t.Parallel()
	issued, price := decimal.NewFromInt(3), decimal.RequireFromString("10.00")
	require.True(t, credit.Cost(issued, price, issued).Equal(price))
	require.True(t, credit.Cost(issued, price, decimal.Zero).IsZero())
	third := credit.Cost(issued, price, decimal.NewFromInt(1))
	require.True(t, price.Sub(third.Mul(issued)).Abs().LessThan(decimal.New(1, -18)), third.String())
}
