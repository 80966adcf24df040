package credit_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

func TestALotCoversFromItsEffectiveInstantToBeforeItsExpiry(t *testing.T) {
	t.Parallel()
	end := day(20)
	lot := credit.Lot{ID: "a", Remaining: dec("1"), EffectiveAt: day(10), ExpiresAt: &end}
	require.False(t, lot.Covers(day(10).Add(-time.Microsecond)), "usage before the grant is not back-filled")
	require.True(t, lot.Covers(day(10)))
	require.True(t, lot.Covers(end.Add(-time.Microsecond)))
	require.False(t, lot.Covers(end), "the instant of expiry is exclusive")
	lot.ExpiresAt = nil
	require.True(t, lot.Covers(day(400)))
	lot.Remaining = decimal.Zero
	require.False(t, lot.Covers(day(15)), "an empty lot covers nothing")
}

func TestANeedThatIsNotPositiveDrawsNothing(t *testing.T) {
	t.Parallel()
	lots := []credit.Lot{{ID: "a", Remaining: dec("5"), EffectiveAt: day(1)}}
	for _, need := range []string{"0", "-3"} {
		draws, overage := credit.Burn(dec(need), lots, day(2))
		require.Empty(t, draws)
		require.True(t, overage.IsZero())
	}
}

func TestEachRankOfTheBurnOrderDecidesOnlyWhenTheOnesBeforeTie(t *testing.T) {
	t.Parallel()
	soon, later := day(10), day(20)
	base := credit.Lot{ID: "m", Priority: 5, ExpiresAt: &later, Promotional: false, GrantedAt: day(5)}
	for name, first := range map[string]credit.Lot{
		"a lower priority beats everything else": {ID: "z", Priority: 4, GrantedAt: day(9)},
		"an earlier expiry beats promotional":    {ID: "z", Priority: 5, ExpiresAt: &soon, GrantedAt: day(9)},
		"promotional beats an older grant":       {ID: "z", Priority: 5, ExpiresAt: &later, Promotional: true, GrantedAt: day(9)},
		"an older grant beats the id":            {ID: "z", Priority: 5, ExpiresAt: &later, GrantedAt: day(4)},
		"the id decides last":                    {ID: "a", Priority: 5, ExpiresAt: &later, GrantedAt: day(5)},
	} {
		require.Equal(t, first.ID, credit.BurnOrder([]credit.Lot{base, first})[0].ID, name)
		require.Equal(t, first.ID, credit.BurnOrder([]credit.Lot{first, base})[0].ID, name)
	}
	never := base
	never.ID, never.ExpiresAt, never.Promotional = "a", nil, true
	require.Equal(t, "m", credit.BurnOrder([]credit.Lot{never, base})[0].ID, "never expires last")
}

func TestBurnOrderLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	lots := []credit.Lot{{ID: "b"}, {ID: "a"}}
	credit.BurnOrder(lots)
	require.Equal(t, "b", lots[0].ID)
}

func TestOfKeepsOneAsset(t *testing.T) {
	t.Parallel()
	kept := credit.Of([]credit.Lot{{ID: "a", Asset: "CREDIT"}, {ID: "b", Asset: "EUR"}}, "EUR")
	require.Len(t, kept, 1)
	require.Equal(t, "b", kept[0].ID)
}

func TestBurningConservesAndNeverOverdrawsALot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lots := anyLots(t)
		need := decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, "need"), -rapid.Int32Range(0, 12).Draw(t, "scale"))
		at := day(rapid.IntRange(0, 40).Draw(t, "at"))
		draws, overage := credit.Burn(need, lots, at)

		byID := map[string]credit.Lot{}
		for _, l := range lots {
			byID[l.ID] = l
		}
		sum := overage
		drawn := map[string]bool{}
		for _, d := range draws {
			require.True(t, d.Amount.IsPositive())
			require.False(t, drawn[d.LotID], "a lot is drawn once")
			drawn[d.LotID] = true
			require.True(t, byID[d.LotID].Covers(at))
			require.True(t, d.Amount.LessThanOrEqual(byID[d.LotID].Remaining))
			sum = sum.Add(d.Amount)
		}
		require.True(t, sum.Equal(need), "%s + overage = %s", sum, need)
		require.False(t, overage.IsNegative())
		spendable := credit.Spendable(lots, at)
		require.True(t, overage.Equal(decimal.Max(decimal.Zero, need.Sub(spendable))),
			"nothing is left over while a lot could pay")
	})
}

func TestBurningDoesNotDependOnTheOrderOfTheLots(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lots := anyLots(t)
		shuffled := rapid.Permutation(lots).Draw(t, "shuffled")
		require.Equal(t, credit.BurnOrder(lots), credit.BurnOrder(shuffled))
		need := decimal.NewFromInt(rapid.Int64Range(0, 300).Draw(t, "need"))
		a, overA := credit.Burn(need, lots, day(15))
		b, overB := credit.Burn(need, shuffled, day(15))
		require.Equal(t, a, b)
		require.True(t, overA.Equal(overB))
	})
}

// anyLots draws from few values on purpose, so that ties in every rank are common.
func anyLots(t *rapid.T) []credit.Lot {
	lots := make([]credit.Lot, rapid.IntRange(1, 8).Draw(t, "lots"))
	for i := range lots {
		lots[i] = credit.Lot{
			ID:          string(rune('a' + i)),
			Asset:       money.Asset("CREDIT"),
			Remaining:   decimal.New(rapid.Int64Range(0, 100).Draw(t, "remaining"), -rapid.Int32Range(0, 2).Draw(t, "scale")),
			Priority:    rapid.IntRange(0, 1).Draw(t, "priority"),
			Promotional: rapid.Bool().Draw(t, "promotional"),
			EffectiveAt: day(rapid.IntRange(1, 12).Draw(t, "effective")),
			GrantedAt:   day(rapid.IntRange(1, 2).Draw(t, "granted")),
		}
		if rapid.Bool().Draw(t, "expires") {
			end := day(rapid.IntRange(14, 20).Draw(t, "end"))
			lots[i].ExpiresAt = &end
		}
	}
	return lots
}
