package money_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/money"
)

func anyDecimal(scale int32) *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64().Draw(t, "digits"), -rapid.Int32Range(0, scale).Draw(t, "scale"))
	})
}

func TestAllocationConservesTheTotalAndStaysWithinAUnitOfEachShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.Int32Range(0, 9).Draw(t, "scale")
		total := decimal.New(rapid.Int64().Draw(t, "total"), -scale)
		weights := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) decimal.Decimal {
			return decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, "digits"), -rapid.Int32Range(0, 6).Draw(t, "scale"))
		}), 1, 20).Draw(t, "weights")
		parts := money.Allocate(total, weights, scale)
		require.Len(t, parts, len(weights))
		require.True(t, decimal.Sum(parts[0], parts[1:]...).Equal(total))
		sum := decimal.Sum(weights[0], weights[1:]...)
		if sum.IsZero() {
			return
		}
		unit := decimal.New(1, -scale)
		for i, p := range parts {
			require.True(t, p.Equal(p.Truncate(scale)))
			require.False(t, p.IsNegative() && total.IsPositive() || p.IsPositive() && total.IsNegative())
			off := p.Mul(sum).Sub(total.Mul(weights[i])).Abs() // |part − exact share| × sum of weights
			require.True(t, off.LessThan(unit.Mul(sum)), "part %d", i)
			require.True(t, weights[i].IsPositive() || p.IsZero(), "no weight, no part")
		}
	})
}

func TestAllocationOfANegativeTotalMirrorsThePositive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := anyDecimal(12).Draw(t, "total")
		weights := rapid.SliceOfN(anyDecimal(3), 0, 9).Draw(t, "weights")
		plus, minus := money.Allocate(total, weights, 2), money.Allocate(total.Neg(), weights, 2)
		require.Len(t, minus, len(plus))
		sum := decimal.Zero
		for i := range plus {
			require.True(t, plus[i].Equal(minus[i].Neg()))
			sum = sum.Add(plus[i])
		}
		require.True(t, len(plus) == 0 || sum.Equal(total), "also with an excess of decimals and with negative weights")
	})
}

func TestWhatIsWrittenIsReadBackAsTheSameValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := money.Amount{Value: anyDecimal(20).Draw(t, "value"),
			Asset: rapid.SampledFrom([]money.Asset{"EUR", "JPY", "KWD", "CREDIT", "unit:api"}).Draw(t, "asset")}
		b, err := json.Marshal(a)
		require.NoError(t, err)
		var back money.Amount
		require.NoError(t, json.Unmarshal(b, &back))
		require.True(t, a.Value.Equal(back.Value))
		require.Equal(t, a.Asset, back.Asset)
	})
}

func TestRoundingIsIdempotentAndMovesAtMostHalfAUnit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := anyDecimal(15).Draw(t, "value")
		a := rapid.SampledFrom([]money.Asset{"EUR", "JPY", "KWD", "CREDIT"}).Draw(t, "asset")
		r := money.Round(v, a)
		require.True(t, money.Round(r, a).Equal(r))
		exponent := int32(money.LedgerScale)
		if c, ok := money.Lookup(string(a)); ok {
			exponent = c.Exponent
		}
		require.True(t, r.Sub(v).Abs().LessThanOrEqual(decimal.New(5, -exponent-1)))
		require.True(t, money.Round(v.Neg(), a).Equal(r.Neg()))
	})
}
