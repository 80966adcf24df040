package money_test

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/money"
)

func TestTheTableIsComplete(t *testing.T) {
	t.Parallel()
	exponents, stripe, total := map[int32]int{}, map[int32]int{}, 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				if row, ok := money.Lookup(string([]rune{a, b, c})); ok {
					exponents[row.Exponent]++
					stripe[row.StripeExponent]++
					total++
				}
			}
		}
	}
	require.Equal(t, 165, total, "active codes of ISO 4217 that have a minor unit")
	require.Equal(t, map[int32]int{0: 17, 2: 139, 3: 7, 4: 2}, exponents)
	require.Equal(t, map[int32]int{0: 16, 2: 140, 3: 7, 4: 2}, stripe)
}

func TestAnAmountIsScaledAsItsAsset(t *testing.T) {
	t.Parallel()
	for asset, scale := range map[money.Asset]int32{"EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4, "CREDIT": 9, "unit:api": 9} {
		require.Equal(t, scale, money.Scale(asset), asset)
	}
}

func TestAQuotientIsRoundedAsItsExactValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, d, want string }{
		{"1", "3", "0.33"}, {"2", "3", "0.67"}, {"-2", "3", "-0.67"}, {"0.045", "9", "0.01"}, {"-0.045", "9", "-0.01"},
		{"0.0449999999999999999999999999999", "9", "0"}, {"0.0450000000000000000000000000001", "9", "0.01"}, {"1", "-8", "-0.13"},
	} {
		require.Equal(t, c.want, money.RoundQuotient(d(c.n), d(c.d), "EUR").String(), "%v", c)
	}
}

func TestRoundedPartsAreTheRoundedSumAndLieWithinAUnitOfEach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asset := rapid.SampledFrom([]money.Asset{"EUR", "JPY", "KWD"}).Draw(t, "asset")
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *big.Rat {
			return big.NewRat(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "n"), rapid.Int64Range(1, 1000).Draw(t, "d"))
		}), 0, 12).Draw(t, "parts")
		total, shares := money.RoundParts(parts, asset)
		unit := decimal.New(1, -money.Scale(asset)).Rat()
		sum, exact := decimal.Zero, new(big.Rat)
		for i, s := range shares {
			sum = sum.Add(s)
			exact.Add(exact, parts[i])
			off := new(big.Rat).Sub(s.Rat(), parts[i])
			require.Negative(t, off.Abs(off).Cmp(unit))
			if new(big.Rat).Quo(parts[i], unit).IsInt() {
				require.Zero(t, s.Rat().Cmp(parts[i]), "a whole part keeps its value")
			}
		}
		require.True(t, sum.Equal(total))
		off := new(big.Rat).Sub(total.Rat(), exact)
		half := new(big.Rat).Quo(unit, big.NewRat(2, 1))
		require.LessOrEqual(t, off.Abs(off).Cmp(half), 0)
		if off.Cmp(half) == 0 {
			require.Equal(t, 1, new(big.Rat).Abs(total.Rat()).Cmp(exact.Abs(exact)), "a tie goes away from zero")
		}
	})
}

func TestStripeIsAskedForNoMoreThanIsOwedInUnitsThatItHas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value string
		asset money.Asset
		units int64
		rest  string
	}{
		{"500", "JPY", 500, "0"}, {"29", "EUR", 2900, "0"}, {"5.124", "KWD", 5120, "0.004"}, {"5.12", "KWD", 5120, "0"}, {"5", "ISK", 500, "0"},
		{"7.20", "MGA", 7, "0.2"}, {"0.009", "TND", 0, "0.009"},
	} {
		units, rest, err := money.Payable(money.Amount{Value: d(c.value), Asset: c.asset})
		require.NoError(t, err)
		require.Equal(t, c.units, units, c.value)
		require.Equal(t, c.rest, rest.String(), c.value)
	}
	_, _, err := money.Payable(money.Amount{Value: d("1"), Asset: "CREDIT"})
	require.Error(t, err)
	_, _, err = money.Payable(money.Amount{Value: d("1e18"), Asset: "EUR"})
	require.Error(t, err)
}
