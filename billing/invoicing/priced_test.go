package invoicing_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
)

func usageOf(amount decimal.Decimal) pricing.Request {
	return pricing.Request{Asset: "USD", Price: pricing.Price{Version: 1, Model: pricing.ModelDynamic}, Transactions: []decimal.Decimal{amount}}
}

// 0.005 rounds up to 0.01 and the 0.995 that it lacks to 1.00: rounded each for itself they would come to 1.01.
func TestWhatIsMadeUpMeetsTheMinimumExactly(t *testing.T) {
	t.Parallel()
	r := usageOf(decimal.New(5, -3))
	r.Terms.Minimum = &[]decimal.Decimal{decimal.NewFromInt(1)}[0]
	p, err := invoicing.Price(r)
	require.NoError(t, err)
	require.Equal(t, "1", p.Amount.String())
	require.Equal(t, []string{"0.01", "0.99"}, []string{p.Rounded[0].String(), p.Rounded[1].String()})
	require.Equal(t, int64(100), *p.ProviderMinor)
}

func TestAPriceIsRoundedOnceAndItsChargesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := usageOf(decimal.New(rapid.Int64Range(0, 1_000_000_000).Draw(t, "usage"), -6))
		r.Asset = money.Asset(rapid.SampledFrom([]string{"USD", "JPY", "KWD", "CREDIT"}).Draw(t, "asset"))
		low := decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, "low"), -2)
		high := low.Add(decimal.New(rapid.Int64Range(0, 100_000).Draw(t, "width"), -3))
		r.Terms = pricing.Terms{Minimum: &low, Maximum: &high}
		p, err := invoicing.Price(r)
		require.NoError(t, err)
		require.True(t, p.Amount.Equal(money.Round(p.Result.Amount, r.Asset)))
		require.True(t, p.Amount.Equal(decimal.Sum(decimal.Zero, p.Rounded...)))
		require.True(t, p.Rounding.Equal(p.Amount.Sub(p.Result.Amount)))
		require.Len(t, p.Rounded, len(p.Charges))
	})
}

func TestAnAmountThatTheProviderDoesNotTakeHasNoMinorUnits(t *testing.T) {
	t.Parallel()
	for asset, amount := range map[money.Asset]string{"KWD": "0.088", "CREDIT": "1"} {
		r := usageOf(decimal.RequireFromString(amount))
		r.Asset = asset
		p, err := invoicing.Price(r)
		require.NoError(t, err)
		require.Nil(t, p.ProviderMinor)
	}
	r := usageOf(decimal.NewFromInt(500))
	r.Asset = "JPY"
	p, err := invoicing.Price(r)
	require.NoError(t, err)
	require.Equal(t, int64(500), *p.ProviderMinor)
	_, err = invoicing.Price(pricing.Request{})
	require.Error(t, err)
}
