package rating_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/billing/rating"
	"github.com/durabill/durabill/fault"
)

var at = time.Date(2026, 2, 5, 10, 0, 0, 0, time.UTC)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func value(s string) *decimal.Decimal {
	v := dec(s)
	return &v
}

func perUnit(amount, per string) pricing.Price {
	return pricing.Price{Version: 1, Model: pricing.ModelPerUnit, Amount: dec(amount), PerUnits: dec(per)}
}

func lot(id, remaining string, asset money.Asset) credit.Lot {
	return credit.Lot{ID: id, Asset: asset, Remaining: dec(remaining), EffectiveAt: at.Add(-time.Hour)}
}

// inCredits is a usage of API requests: 1 CREDIT per 100,000, a CREDIT being worth 1 EUR.
func inCredits(quantity string, lots ...credit.Lot) rating.Input {
	return rating.Input{Price: perUnit("1", "100000"), Asset: "CREDIT", Quantity: dec(quantity), OccurredAt: at,
		Lots: lots, CreditValue: value("1.00"), Currency: "EUR"}
}

func ExampleRate() {
	monthly := lot("monthly", "20", "CREDIT")
	in := inCredits("700000")
	for range 4 {
		in.Lots = []credit.Lot{monthly}
		r, err := rating.Rate(in)
		fmt.Println(r.Amount, "=", r.Covered, "from the lot +", r.Overage, "of overage,", r.OverageFiat, "EUR", err)
		monthly.Remaining = monthly.Remaining.Sub(r.Covered)
		in.Before = in.Before.Add(in.Quantity)
	}
	// Output:
	// 7 = 7 from the lot + 0 of overage, 0 EUR <nil>
	// 7 = 7 from the lot + 0 of overage, 0 EUR <nil>
	// 7 = 6 from the lot + 1 of overage, 1 EUR <nil>
	// 7 = 0 from the lot + 7 of overage, 7 EUR <nil>
}

func TestAUsageStraddlesLotsInBurnOrder(t *testing.T) {
	t.Parallel()
	end := at.Add(time.Hour)
	monthly := lot("monthly", "2", "CREDIT")
	monthly.ExpiresAt = &end
	r, err := rating.Rate(inCredits("700000", lot("bought", "3", "CREDIT"), monthly))
	require.NoError(t, err)
	require.Equal(t, rating.Billed, r.Kind)
	require.Len(t, r.Draws, 2)
	require.Equal(t, "monthly", r.Draws[0].LotID)
	require.Equal(t, "bought", r.Draws[1].LotID)
	require.Equal(t, "5", r.Covered.String())
	require.Equal(t, "2", r.Overage.String())
}

func TestUsageBeforeALotIsEffectiveIsOverageAndAtItsExpiryToo(t *testing.T) {
	t.Parallel()
	later := lot("later", "20", "CREDIT")
	later.EffectiveAt = at.Add(time.Microsecond)
	expired := lot("expired", "20", "CREDIT")
	expired.ExpiresAt = &at
	r, err := rating.Rate(inCredits("100000", later, expired))
	require.NoError(t, err)
	require.Empty(t, r.Draws)
	require.Equal(t, "1", r.OverageFiat.String())
}

func TestALotOfAnotherAssetPaysNothing(t *testing.T) {
	t.Parallel()
	r, err := rating.Rate(inCredits("100000", lot("seats", "20", "PLATFORM_CREDIT"), lot("euro", "20", "EUR")))
	require.NoError(t, err)
	require.Empty(t, r.Draws)
	require.Equal(t, "1", r.Overage.String())
}

func TestOverageBecomesFiatAtTheCreditValueUnrounded(t *testing.T) {
	t.Parallel()
	in := inCredits("33333")
	in.CreditValue = value("0.333333333333")
	r, err := rating.Rate(in)
	require.NoError(t, err)
	require.Equal(t, "0.33333", r.Overage.String())
	require.Equal(t, "0.11110999999988889", r.OverageFiat.String())
}

func TestOverageWithoutACreditValueIsRefusedAndCoveredUsageIsNot(t *testing.T) {
	t.Parallel()
	in := inCredits("100000")
	in.CreditValue = nil
	_, err := rating.Rate(in)
	require.True(t, fault.Is(err, rating.CodePriceMissing), "%v", err)
	in.Lots = []credit.Lot{lot("a", "1", "CREDIT")}
	_, err = rating.Rate(in)
	require.NoError(t, err)
	in.Lots, in.CreditValue = nil, value("-1")
	_, err = rating.Rate(in)
	require.True(t, fault.Is(err, rating.CodeOutOfRange))
}

func TestAFiatPriceDrawsFiatLotsAndTheRestIsOverageAtFaceValue(t *testing.T) {
	t.Parallel()
	in := rating.Input{Price: perUnit("0.05", "1"), Asset: "EUR", Quantity: dec("100"), OccurredAt: at,
		Lots: []credit.Lot{lot("prepaid", "2", "EUR")}, Currency: "EUR"}
	r, err := rating.Rate(in)
	require.NoError(t, err)
	require.Equal(t, "2", r.Covered.String())
	require.Equal(t, "3", r.Overage.String())
	require.Equal(t, "3", r.OverageFiat.String())
	in.Currency = "USD"
	_, err = rating.Rate(in)
	require.True(t, fault.Is(err, rating.CodeCurrency), "one currency is never billed as another")
}

func TestAWaivedRatingKeepsItsAmountAndTouchesNothing(t *testing.T) {
	t.Parallel()
	in := inCredits("700000", lot("a", "3", "CREDIT"))
	in.Waived, in.CreditValue = true, nil
	r, err := rating.Rate(in)
	require.NoError(t, err)
	require.Equal(t, rating.Result{Amount: r.Amount, Kind: rating.Waived}, r)
	require.Equal(t, "7", r.Amount.String())
}

func TestAPriceOfZeroIsRatedAtZero(t *testing.T) {
	t.Parallel()
	in := inCredits("700000", lot("a", "3", "CREDIT"))
	in.Price, in.CreditValue = perUnit("0", "1"), nil
	r, err := rating.Rate(in)
	require.NoError(t, err)
	require.True(t, r.Amount.IsZero())
	require.Empty(t, r.Draws)
	require.Equal(t, rating.Billed, r.Kind)
}

func TestANegativeQuantityAndABrokenPriceAreRefused(t *testing.T) {
	t.Parallel()
	_, err := rating.Rate(inCredits("-1"))
	require.True(t, fault.Is(err, rating.CodeOutOfRange))
	in := inCredits("1")
	in.Before = dec("-1")
	_, err = rating.Rate(in)
	require.True(t, fault.Is(err, rating.CodeOutOfRange))
	in = inCredits("1")
	in.Price = pricing.Price{}
	_, err = rating.Rate(in)
	require.Error(t, err)
}

func TestRatingsOfAPeriodTelescopeToThePriceOfTheTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := pricing.Price{Version: 1,
			Model:     rapid.SampledFrom([]pricing.Model{pricing.ModelPerUnit, pricing.ModelPackage}).Draw(t, "model"),
			Amount:    decimal.New(rapid.Int64Range(0, 1000).Draw(t, "amount"), -3),
			PerUnits:  decimal.NewFromInt(rapid.Int64Range(1, 1000).Draw(t, "per")),
			FreeUnits: decimal.NewFromInt(rapid.Int64Range(0, 500).Draw(t, "free")),
		}
		purse := lot("purse", "1.5", "CREDIT")
		total, amount, due := decimal.Zero, decimal.Zero, decimal.Zero
		for _, q := range rapid.SliceOfN(rapid.Int64Range(0, 2000), 1, 12).Draw(t, "quantities") {
			quantity := decimal.New(q, -1)
			r, err := rating.Rate(rating.Input{Price: price, Asset: "CREDIT", Before: total, Quantity: quantity,
				OccurredAt: at, Lots: []credit.Lot{purse}, CreditValue: value("2"), Currency: "EUR"})
			require.NoError(t, err)
			require.True(t, r.Covered.Add(r.Overage).Equal(r.Amount))
			require.False(t, r.Amount.IsNegative())
			purse.Remaining = purse.Remaining.Sub(r.Covered)
			total, amount, due = total.Add(quantity), amount.Add(r.Amount), due.Add(r.OverageFiat)
		}
		whole, err := price.Of(total)
		require.NoError(t, err)
		require.True(t, amount.Equal(whole))
		owed := decimal.Max(decimal.Zero, whole.Sub(dec("1.5"))).Mul(dec("2"))
		require.True(t, due.Equal(owed), "%s due, %s owed", due, owed)
	})
}
