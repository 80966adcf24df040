package pricing_test

import (
	"encoding/json"
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

func anyPositive() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(1, 1_000_000).Draw(t, "digits"), -rapid.Int32Range(0, 6).Draw(t, "scale"))
	})
}

var cumulative = []pricing.Model{pricing.ModelFlat, pricing.ModelPerUnit, pricing.ModelPackage, pricing.ModelGraduated, pricing.ModelVolume,
	pricing.ModelGraduatedPercentage, pricing.ModelTieredBlocks}

func anyPrice() *rapid.Generator[pricing.Price] {
	return rapid.Custom(func(t *rapid.T) pricing.Price { return priceOf(t, rapid.SampledFrom(cumulative).Draw(t, "model")) })
}

func priceOf(t *rapid.T, model pricing.Model) pricing.Price {
	p := pricing.Price{Version: pricing.Version, Model: model}
	switch model {
	case pricing.ModelFlat:
		p.Amount = anyDecimal(1_000_000_000).Draw(t, "amount")
	case pricing.ModelPerUnit, pricing.ModelPackage:
		p.Amount, p.PerUnits = anyDecimal(1_000_000_000).Draw(t, "amount"), anyPositive().Draw(t, "per units")
		p.FreeUnits = anyDecimal(1000).Draw(t, "free units")
		if model == pricing.ModelPackage {
			p.Round = rapid.SampledFrom([]pricing.Rounding{"", pricing.RoundUp, pricing.RoundDown}).Draw(t, "round")
		}
	case pricing.ModelTieredBlocks:
		p.Policy = rapid.SampledFrom([]pricing.BlockPolicy{"", pricing.AllTiers, pricing.TopTier}).Draw(t, "policy")
		n := rapid.IntRange(1, 4).Draw(t, "tiers")
		for i := range n {
			b := pricing.Block{Size: anyPositive().Draw(t, "size"), Amount: anyDecimal(1000).Draw(t, "amount")}
			if i < n-1 {
				most := rapid.Int64Range(1, 100).Draw(t, "max")
				b.MaxBlocks = &most
			}
			p.Blocks = append(p.Blocks, b)
		}
	default:
		p.Tiers = anyTiers(t, model)
	}
	return p
}

func anyTiers(t *rapid.T, model pricing.Model) []pricing.Tier {
	var tiers []pricing.Tier
	bound := decimal.Zero
	n := rapid.IntRange(1, 5).Draw(t, "tiers")
	for i := range n {
		tier := pricing.Tier{FlatAmount: anyDecimal(1000).Draw(t, "flat")}
		if model == pricing.ModelGraduatedPercentage {
			tier.RatePercent = decimal.New(rapid.Int64Range(0, 10_000).Draw(t, "rate"), -2)
		} else {
			tier.Amount, tier.PerUnits = anyDecimal(1_000_000).Draw(t, "amount"), anyPositive().Draw(t, "per units")
		}
		if i < n-1 {
			bound = bound.Add(anyPositive().Draw(t, "width"))
			upTo := bound
			tier.UpTo = &upTo
		}
		tiers = append(tiers, tier)
	}
	return tiers
}

// falls tells whether the price means to fall where a cheaper tier prices the whole quantity.
func falls(p pricing.Price) bool {
	return p.Model == pricing.ModelVolume || p.Policy == pricing.TopTier
}

func TestAPriceBeginsAtZeroAndNeverFallsUnlessTheTierPricesTheWhole(t *testing.T) {
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
		require.False(t, less.IsNegative())
		require.True(t, falls(p) || greater.GreaterThanOrEqual(less))
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
			require.True(t, falls(p) || !delta.IsNegative())
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
		require.True(t, falls(p) || l.Quantity.IsPositive())
		require.True(t, l.Kind == pricing.LineFree || l.Amount.Equal(l.UnitPart.Add(l.FlatPart)))
		if l.Kind == pricing.LinePackages {
			require.True(t, l.Amount.Equal(l.Packages.Mul(p.Amount)))
		}
	}
	require.True(t, amount.Equal(delta))
	require.True(t, units.Equal(quantity) || p.Model == pricing.ModelFlat)
}

func TestPackagesCoverTheUsageAndNoneIsEmpty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := priceOf(t, pricing.ModelPackage)
		p.Round, p.Amount, p.FreeUnits = pricing.RoundUp, decimal.NewFromInt(1), decimal.Zero
		q := anyDecimal(1_000_000_000).Draw(t, "quantity")
		packages, err := p.Of(q)
		require.NoError(t, err)
		require.True(t, packages.IsInteger())
		require.True(t, packages.Mul(p.PerUnits).GreaterThanOrEqual(q))
		require.True(t, q.IsZero() || packages.Sub(decimal.NewFromInt(1)).Mul(p.PerUnits).LessThan(q))
	})
}

func TestGraduatedWithOneTierIsPerUnitAndAPackageCostsNoLessThanItsShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		unit := priceOf(t, pricing.ModelPerUnit)
		unit.FreeUnits = decimal.Zero
		tiers := pricing.Price{Version: 1, Model: pricing.ModelGraduated, Tiers: []pricing.Tier{{Amount: unit.Amount, PerUnits: unit.PerUnits}}}
		volume, packages := tiers, unit
		volume.Model, packages.Model = pricing.ModelVolume, pricing.ModelPackage
		q := anyDecimal(1_000_000_000).Draw(t, "quantity")
		want := of(t, unit, q)
		require.True(t, want.Equal(of(t, tiers, q)))
		require.True(t, want.Equal(of(t, volume, q)))
		require.True(t, of(t, packages, q).Round(pricing.QuotientScale-1).GreaterThanOrEqual(want.Round(pricing.QuotientScale-1)))
	})
}

func of(t require.TestingT, p pricing.Price, q decimal.Decimal) decimal.Decimal {
	amount, err := p.Of(q)
	require.NoError(t, err)
	return amount
}

func TestAPriceIsTheSameAfterItWasStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPrice().Draw(t, "price")
		b, err := json.Marshal(p)
		require.NoError(t, err)
		var back pricing.Price
		require.NoError(t, json.Unmarshal(b, &back))
		require.NoError(t, back.Validate())
		q := anyDecimal(1_000_000).Draw(t, "quantity")
		require.True(t, of(t, p, q).Equal(of(t, back, q)))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	})
}

func percentagePrice(t *rapid.T) pricing.Price {
	rate, fixed := decimal.New(rapid.Int64Range(0, 10_000).Draw(t, "rate"), -2), anyDecimal(100).Draw(t, "fixed")
	p := pricing.Price{Version: 1, Model: pricing.ModelPercentage, RatePercent: &rate, FixedAmount: &fixed}
	if rapid.Bool().Draw(t, "free events") {
		n := rapid.Int64Range(0, 5).Draw(t, "events")
		p.FreeEvents = &n
	}
	if rapid.Bool().Draw(t, "free amount") {
		amount := anyDecimal(1000).Draw(t, "amount")
		p.FreeAmount = &amount
	}
	if rapid.Bool().Draw(t, "clamped") {
		low := anyDecimal(50).Draw(t, "minimum")
		high := low.Add(anyDecimal(100).Draw(t, "width"))
		p.TransactionMinimum, p.TransactionMaximum = &low, &high
	}
	return p
}

func TestTransactionsCostTheSameWhereverTheirListIsCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := percentagePrice(t)
		if rapid.Bool().Draw(t, "cumulative") {
			p = anyPrice().Draw(t, "price")
		}
		list := rapid.SliceOfN(anyDecimal(1000), 1, 12).Draw(t, "transactions")
		cut := rapid.IntRange(1, len(list)).Draw(t, "cut")
		whole := computed(t, pricing.Request{Asset: "EUR", Price: p, Transactions: list})
		first := computed(t, pricing.Request{Asset: "EUR", Price: p, Transactions: list[:cut]})
		before, events := decimal.Sum(decimal.Zero, list[:cut]...), int64(cut)
		billed := pricing.Billed{Quantity: &before}
		if p.Model == pricing.ModelPercentage {
			billed.Events = &events
		}
		rest := computed(t, pricing.Request{Asset: "EUR", Price: p, Transactions: list[cut:], Billed: billed})
		require.True(t, whole.Amount.Equal(first.Amount.Add(rest.Amount)), "%s is not %s and %s", whole.Amount, first.Amount, rest.Amount)
		for _, part := range whole.Parts {
			fee := part.Amount
			for _, l := range part.Lines {
				if p.Model == pricing.ModelPercentage {
					require.True(t, l.Amount.Equal(l.UnitPart.Add(l.FlatPart).Add(l.Clamp)))
					require.True(t, l.Free.Equal(l.Quantity) || p.TransactionMinimum == nil || fee.GreaterThanOrEqual(*p.TransactionMinimum))
					require.True(t, p.TransactionMaximum == nil || fee.LessThanOrEqual(*p.TransactionMaximum))
				}
			}
		}
	})
}

func computed(t require.TestingT, r pricing.Request) pricing.Result {
	result, err := pricing.Compute(r)
	require.NoError(t, err)
	sum, gross := decimal.Zero, decimal.Zero
	for _, c := range result.Charges {
		sum = sum.Add(c.Amount)
	}
	for _, part := range result.Parts {
		for _, l := range part.Lines {
			gross = gross.Add(l.Amount)
		}
	}
	require.True(t, sum.Equal(result.Amount), "charges")
	require.True(t, gross.Equal(result.Gross), "lines")
	return result
}

func TestMinimumAndMaximumHoldForThePeriodHoweverItIsSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPrice().Draw(t, "price")
		low := anyDecimal(10_000).Draw(t, "minimum")
		high := low.Add(anyDecimal(100_000).Draw(t, "width"))
		terms := pricing.Terms{Minimum: &low, Maximum: &high}
		before, billed := decimal.Zero, decimal.Zero
		list := rapid.SliceOfN(anyDecimal(1_000_000), 1, 5).Draw(t, "quantities")
		for i, q := range list {
			was, paid := before, billed
			r := computed(t, pricing.Request{Asset: "EUR", Price: p, Quantity: &q, Terms: terms, Interim: i < len(list)-1,
				Billed: pricing.Billed{Quantity: &was, Amount: &paid}})
			billed, before = billed.Add(r.Amount), before.Add(q)
			require.True(t, billed.LessThanOrEqual(high), "%s is above %s", billed, high)
		}
		require.True(t, billed.GreaterThanOrEqual(low), "%s is below %s", billed, low)
		if !falls(p) {
			require.True(t, billed.Equal(decimal.Max(low, decimal.Min(high, of(t, p, before)))))
		}
	})
}

func TestWhatWasBilledFollowsFromTheQuantity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPrice().Draw(t, "price")
		factor, before, q := decimal.New(3, 0), anyDecimal(1000).Draw(t, "before"), anyDecimal(1000).Draw(t, "quantity")
		terms := pricing.Terms{Commitment: &pricing.Commitment{Amount: anyDecimal(1000).Draw(t, "commitment"), OverageFactor: &factor}}
		total := before.Add(q)
		first := computed(t, pricing.Request{Asset: "EUR", Price: p, Quantity: &before, Terms: terms, Interim: true})
		second := computed(t, pricing.Request{Asset: "EUR", Price: p, Quantity: &q, Terms: terms, Billed: pricing.Billed{Quantity: &before}})
		whole := computed(t, pricing.Request{Asset: "EUR", Price: p, Quantity: &total, Terms: terms})
		if !falls(p) {
			require.True(t, whole.Amount.Equal(first.Amount.Add(second.Amount)), "%s is not %s and %s", whole.Amount, first.Amount, second.Amount)
		}
	})
}
