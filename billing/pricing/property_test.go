package pricing_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/pricing"
)

func anyDecimal(maxDigits int64) *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(0, maxDigits).Draw(t, "digits"), -rapid.Int32Range(0, 20).Draw(t, "scale"))
	})
}

func anyPrice() *rapid.Generator[pricing.Price] {
	return rapid.Custom(func(t *rapid.T) pricing.Price {
		return pricing.Price{
			Version: pricing.Version,
			Model:   rapid.SampledFrom([]pricing.Model{pricing.ModelPerUnit, pricing.ModelPackage}).Draw(t, "model"),
			Amount:  anyDecimal(1_000_000_000).Draw(t, "amount"),
			PerUnits: rapid.Custom(func(t *rapid.T) decimal.Decimal {
				return decimal.New(rapid.Int64Range(1, 1_000_000).Draw(t, "digits"), -rapid.Int32Range(0, 6).Draw(t, "scale"))
			}).Draw(t, "per units"),
			FreeUnits: anyDecimal(1000).Draw(t, "free units"),
		}
	})
}

func TestAPriceBeginsAtZeroAndNeverFalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPrice().Draw(t, "price")
		nothing, err := p.Of(decimal.Zero)
		require.NoError(t, err)
		require.True(t, nothing.IsZero())
		q, more := anyDecimal(1_000_000_000).Draw(t, "quantity"), anyDecimal(1_000_000).Draw(t, "more")
		less, err := p.Of(q)
		require.NoError(t, err)
		greater, err := p.Of(q.Add(more))
		require.NoError(t, err)
		require.True(t, greater.GreaterThanOrEqual(less))
	})
}

func TestDeltasOfAnyCutAddUpToThePriceOfTheTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPrice().Draw(t, "price")
		before, sum := decimal.Zero, decimal.Zero
		for _, q := range rapid.SliceOfN(anyDecimal(1_000_000), 0, 30).Draw(t, "quantities") {
			delta, err := p.Delta(before, q)
			require.NoError(t, err)
			require.False(t, delta.IsNegative())
			requireLinesAddUp(t, p, before, q, delta)
			sum, before = sum.Add(delta), before.Add(q)
		}
		total, err := p.Of(before)
		require.NoError(t, err)
		require.True(t, total.Equal(sum), "%s but %s", total, sum)
	})
}

func requireLinesAddUp(t *rapid.T, p pricing.Price, before, quantity, delta decimal.Decimal) {
	lines, err := p.Explain(before, quantity)
	require.NoError(t, err)
	amount, units := decimal.Zero, decimal.Zero
	for _, l := range lines {
		amount, units = amount.Add(l.Amount), units.Add(l.Quantity)
		require.True(t, l.Quantity.IsPositive())
		if l.Kind == pricing.LinePackages {
			require.True(t, l.Amount.Equal(l.Packages.Mul(p.Amount)))
		}
	}
	require.True(t, amount.Equal(delta))
	require.True(t, units.Equal(quantity))
}

func TestPackagesCoverTheUsageAndNoneIsEmpty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPrice().Draw(t, "price")
		p.Model, p.Amount, p.FreeUnits = pricing.ModelPackage, decimal.NewFromInt(1), decimal.Zero
		q := anyDecimal(1_000_000_000).Draw(t, "quantity")
		packages, err := p.Of(q)
		require.NoError(t, err)
		require.True(t, packages.IsInteger())
		require.True(t, packages.Mul(p.PerUnits).GreaterThanOrEqual(q))
		require.True(t, q.IsZero() || packages.Sub(decimal.NewFromInt(1)).Mul(p.PerUnits).LessThan(q))
	})
}
