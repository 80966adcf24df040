package rating_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/billing/rating"
	"github.com/durabill/durabill/fault"
)

func ExampleResult_Parts() {
	in := inCredits("700000", lot("monthly", "2", "CREDIT"), lot("requests", "100000", "unit:requests"))
	in.UnitAsset = "unit:requests"
	r, err := rating.Rate(in)
	for _, p := range r.Parts() {
		fmt.Println(p.Payer, p.LotID, p.Amount)
	}
	fmt.Println("amount", r.Amount, err)
	// Output:
	// units requests 100000
	// lot monthly 2
	// overage  4
	// amount 6 <nil>
}

func TestUnitLotsReduceTheQuantityBeforeItIsPriced(t *testing.T) {
	t.Parallel()
	in := inCredits("700000", lot("requests", "800000", "unit:requests"))
	r, err := rating.Rate(in)
	require.NoError(t, err)
	require.Equal(t, "7", r.Overage.String(), "a price that no unit lots are asked for is not paid by them")
	in.UnitAsset = "unit:requests"
	r, err = rating.Rate(in)
	require.NoError(t, err)
	require.True(t, r.Amount.IsZero())
	require.Equal(t, "700000", r.Units.String())
	in.Waived = true
	r, err = rating.Rate(in)
	require.NoError(t, err)
	require.Empty(t, r.UnitDraws, "a waived rating takes nothing from a lot")
	require.Equal(t, "7", r.Amount.String())
}

func TestALotThatIsLimitedToAnotherFeaturePaysNothing(t *testing.T) {
	t.Parallel()
	storage := lot("storage", "20", "CREDIT")
	storage.Scope.Features = []string{"storage"}
	in := inCredits("100000", storage, lot("any", "20", "CREDIT"))
	in.Feature = "api"
	r, err := rating.Rate(in)
	require.NoError(t, err)
	require.Equal(t, "any", r.Draws[0].LotID)
	in.Feature, in.Order = "storage", credit.RestrictedFirst()
	r, err = rating.Rate(in)
	require.NoError(t, err)
	require.Equal(t, "storage", r.Draws[0].LotID)
}

// A hundred units cost 2 each up to 100 in total and 1 each beyond: the 101st gives 99 back.
func TestAPriceThatFallsWithTheTotalGivesBackOverageFirstThenTheLotThatPaidLast(t *testing.T) {
	t.Parallel()
	edge := dec("100")
	in := inCredits("1")
	in.Price = pricing.Price{Version: 1, Model: pricing.ModelVolume, Tiers: []pricing.Tier{
		{UpTo: &edge, Amount: dec("2"), PerUnits: dec("1")}, {Amount: dec("1"), PerUnits: dec("1")}}}
	in.Before, in.Over = dec("100"), dec("50")
	in.Paid = []credit.Draw{{LotID: "first", Amount: dec("120")}, {LotID: "last", Amount: dec("30")}}
	r, err := rating.Rate(in)
	require.NoError(t, err)
	require.Equal(t, "-99 -49 -50 -50", fmt.Sprint(r.Amount, " ", r.Covered, " ", r.Overage, " ", r.OverageFiat))
	require.Equal(t, "[{last 30} {first 19}]", fmt.Sprint(r.Returned))
	in.Paid = nil
	_, err = rating.Rate(in)
	require.True(t, fault.Is(err, rating.CodeOutOfRange), "nothing is given back that was not taken")
}

func TestAReversalIsTheMirrorOfItsRating(t *testing.T) {
	t.Parallel()
	in := inCredits("700000", lot("a", "2", "CREDIT"), lot("b", "3", "CREDIT"), lot("u", "100", "unit:requests"))
	in.UnitAsset = "unit:requests"
	r, err := rating.Rate(in)
	require.NoError(t, err)
	back := rating.Reverse(r)
	require.Equal(t, rating.Reversal, back.Kind)
	require.True(t, r.Amount.Add(back.Amount).IsZero() && r.Covered.Add(back.Covered).IsZero() && r.Overage.Add(back.Overage).IsZero())
	require.True(t, r.OverageFiat.Add(back.OverageFiat).IsZero() && r.Units.Add(back.Units).IsZero())
	require.Equal(t, "b", back.Returned[0].LotID, "last drawn first")
	require.Equal(t, "u", back.UnitReturned[0].LotID)
	require.Equal(t, "a", r.Draws[0].LotID, "the rating stays as it is")
}

func TestACorrectionTakesBackPricedUsageBeforeUnitsAndOverageBeforeLots(t *testing.T) {
	t.Parallel()
	in := inCredits("700000", lot("a", "2", "CREDIT"), lot("b", "3", "CREDIT"), lot("u", "100000", "unit:requests"))
	in.UnitAsset = "unit:requests"
	r, err := rating.Rate(in)
	require.NoError(t, err)
	in.Before = dec("600000")
	less, err := rating.Correct(in, r, dec("650000"))
	require.NoError(t, err)
	require.Equal(t, rating.Adjustment, less.Kind)
	require.Equal(t, "-6 -5 -1 -50000", fmt.Sprint(less.Amount, " ", less.Covered, " ", less.Overage, " ", less.Units))
	require.Equal(t, "[{b 3} {a 2}] [{u 50000}]", fmt.Sprint(less.Returned, " ", less.UnitReturned))
	for _, part := range []string{"-1", "700001"} {
		_, err = rating.Correct(in, r, dec(part))
		require.True(t, fault.Is(err, rating.CodeOutOfRange))
	}
	in.Before = dec("1")
	_, err = rating.Correct(in, r, dec("2"))
	require.True(t, fault.Is(err, rating.CodeOutOfRange), "the period never had so much")
}

func TestACorrectionOfAWaivedRatingMovesNothing(t *testing.T) {
	t.Parallel()
	in := inCredits("200000", lot("a", "2", "CREDIT"))
	in.Waived = true
	r, err := rating.Rate(in)
	require.NoError(t, err)
	in.Before = in.Quantity
	less, err := rating.Correct(in, r, dec("100000"))
	require.NoError(t, err)
	require.Equal(t, "-1", less.Amount.String())
	require.Empty(t, less.Returned)
	require.Equal(t, rating.ByWaiver, less.Parts()[0].Payer)
}

func spend(lots []credit.Lot, draws []credit.Draw) []credit.Lot {
	out := make([]credit.Lot, len(lots))
	for i, l := range lots {
		for _, d := range draws {
			if d.LotID == l.ID {
				l.Remaining = l.Remaining.Sub(d.Amount)
			}
		}
		out[i] = l
	}
	return out
}

func anyInput(t *rapid.T) rating.Input {
	in := inCredits("0")
	edge := dec("10")
	in.Price = rapid.SampledFrom([]pricing.Price{
		perUnit("0.3", "7"), {Version: 1, Model: pricing.ModelPackage, Amount: dec("2"), PerUnits: dec("5")},
		{Version: 1, Model: pricing.ModelGraduated, Tiers: []pricing.Tier{{UpTo: &edge, Amount: dec("2"), PerUnits: dec("1")},
			{Amount: dec("1"), PerUnits: dec("3")}}},
	}).Draw(t, "price")
	in.UnitAsset = "unit:requests"
	for i := range rapid.IntRange(0, 4).Draw(t, "lots") {
		in.Lots = append(in.Lots, lot(fmt.Sprint(i), fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "left")),
			rapid.SampledFrom([]money.Asset{"CREDIT", "unit:requests"}).Draw(t, "asset")))
	}
	return in
}

func total(draws []credit.Draw) string {
	sums := map[string]decimal.Decimal{}
	for _, d := range draws {
		sums[d.LotID] = sums[d.LotID].Add(d.Amount)
	}
	return fmt.Sprint(sums)
}

func TestRatingAndThenRatingMoreIsRatingTheSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		a, b := decimal.New(rapid.Int64Range(0, 300).Draw(t, "a"), -1), decimal.New(rapid.Int64Range(0, 300).Draw(t, "b"), -1)
		in.Quantity = a.Add(b)
		whole, err := rating.Rate(in)
		require.NoError(t, err)
		in.Quantity = a
		first, err := rating.Rate(in)
		require.NoError(t, err)
		next := in
		next.Before, next.Quantity = a.Sub(first.Units), b
		next.Lots = spend(spend(in.Lots, first.Draws), first.UnitDraws)
		second, err := rating.Rate(next)
		require.NoError(t, err)
		require.True(t, whole.Units.Equal(first.Units.Add(second.Units)))
		if !whole.Amount.Equal(first.Amount.Add(second.Amount)) {
			// A quotient without finite decimals is cut off once for each rating, far below what an invoice sees.
			require.True(t, whole.Amount.Sub(first.Amount).Sub(second.Amount).Abs().LessThan(decimal.New(1, -15)))
			return
		}
		require.True(t, whole.Covered.Equal(first.Covered.Add(second.Covered)), "%s, %s + %s", whole.Covered, first.Covered, second.Covered)
		require.True(t, whole.Overage.Equal(first.Overage.Add(second.Overage)))
		require.Equal(t, total(whole.Draws), total(append(first.Draws, second.Draws...)))
	})
}

func TestACorrectionLeavesWhatRatingLessWouldHave(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.Quantity = decimal.New(rapid.Int64Range(0, 300).Draw(t, "quantity"), -1)
		part := decimal.Min(in.Quantity, decimal.New(rapid.Int64Range(0, 300).Draw(t, "part"), -1))
		r, err := rating.Rate(in)
		require.NoError(t, err)
		now := in
		now.Before = in.Quantity.Sub(r.Units)
		back, err := rating.Correct(now, r, part)
		require.NoError(t, err)
		in.Quantity = in.Quantity.Sub(part)
		less, err := rating.Rate(in)
		require.NoError(t, err)
		near := func(a, b decimal.Decimal) {
			require.True(t, a.Sub(b).Abs().LessThan(decimal.New(1, -15)), "%s, %s", a, b)
		}
		near(less.Amount, r.Amount.Add(back.Amount))
		near(less.Covered, r.Covered.Add(back.Covered))
		near(less.Overage, r.Overage.Add(back.Overage))
		near(less.Units, r.Units.Add(back.Units))
		sum := decimal.Zero
		for _, p := range back.Parts() {
			if p.Payer != rating.ByUnits {
				sum = sum.Add(p.Amount)
			}
		}
		near(sum, back.Amount)
	})
}
