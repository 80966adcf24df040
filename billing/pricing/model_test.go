package pricing_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
)

func parsed(t testing.TB, text string) pricing.Price {
	t.Helper()
	var p pricing.Price
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	p.Version = pricing.Version
	return p
}

func ptr[T any](v T) *T { return &v }

func list(values ...string) []decimal.Decimal {
	out := []decimal.Decimal{}
	for _, v := range values {
		out = append(out, d(v))
	}
	return out
}

const (
	graduated = `{"model":"graduated","tiers":[{"up_to":"10","amount":"10","per_units":"1","flat_amount":"2"},{"up_to":"20","amount":"5","per_units":"1","flat_amount":"3"},{"amount":"1","per_units":"3"}]}`
	volume    = `{"model":"volume","tiers":[{"up_to":"100","amount":"2","per_units":"1","flat_amount":"10"},{"amount":"1","per_units":"1"}]}`
	rates     = `{"model":"graduated_percentage","tiers":[{"up_to":"1000","rate_percent":"1","flat_amount":"200"},{"rate_percent":"2","flat_amount":"300"}]}`
	blocks    = `{"model":"tiered_blocks","blocks":[{"size":"1","amount":"1.5","max_blocks":10},{"size":"10","amount":"8","max_blocks":10}]}`
)

func TestAQuantityOnABoundStaysInItsTier(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, price, quantity, want string }{
		{"graduated on the bound", graduated, "10", "102"},
		{"graduated a sliver above", graduated, "10.00000000000000000001", "105.00000000000000000005"},
		{"graduated in the open tier", graduated, "21", "155.33333333333333333333"},
		{"graduated at zero", graduated, "0", "0"},
		{"volume on the bound", volume, "100", "210"},
		{"volume falls above it", volume, "100.5", "100.5"},
		{"rates on the bound", rates, "1000", "210"},
		{"rates above it", rates, "1050", "511"},
		{"a block that is begun", blocks, "9.5", "15"},
		{"blocks of the next tier", blocks, "11", "23"},
		{"the last unit there is a block for", blocks, "110", "95"},
		{"flat", `{"model":"flat","amount":"9.99"}`, "3", "9.99"},
		{"flat without usage", `{"model":"flat","amount":"9.99"}`, "0", "0"},
		{"flat without usage but with the switch", `{"model":"flat","amount":"9.99","flat_fee_at_zero":true}`, "0", "9.99"},
		{"only full packages", `{"model":"package","amount":"5","per_units":"10","round":"down"}`, "29.9", "10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := parsed(t, c.price).Of(d(c.quantity))
			require.NoError(t, err)
			requireEqual(t, c.want, got)
		})
	}
}

func TestTheFirstFlatFeeIsPaidAtZeroOnlyUnderItsSwitch(t *testing.T) {
	t.Parallel()
	for _, text := range []string{graduated, volume, rates} {
		p := parsed(t, text)
		p.FlatFeeAtZero = true
		first := computed(t, pricing.Request{Asset: "EUR", Price: p, Quantity: ptr(d("0"))})
		require.True(t, first.Amount.Equal(p.Tiers[0].FlatAmount))
		require.Equal(t, 1, first.Parts[0].Lines[0].Tier)
		// The period is open: the fee is not asked for again, and entering the tier does not cost it twice.
		later := computed(t, pricing.Request{Asset: "EUR", Price: p, Quantity: ptr(d("4")), Billed: pricing.Billed{Quantity: ptr(d("0"))}})
		total, err := p.Of(d("4"))
		require.NoError(t, err)
		require.True(t, first.Amount.Add(later.Amount).Equal(total))
	}
}

func TestVolumeShowsTheTierThatTheQuantityLeaves(t *testing.T) {
	t.Parallel()
	lines, err := parsed(t, volume).Explain(d("100"), d("1"))
	require.NoError(t, err)
	require.Len(t, lines, 2)
	requireEqual(t, "-100", lines[0].Quantity)
	requireEqual(t, "-210", lines[0].Amount)
	requireEqual(t, "-10", lines[0].FlatPart)
	requireEqual(t, "101", lines[1].Amount)
}

func TestTheTopTierOfBlocksPricesEveryUnit(t *testing.T) {
	t.Parallel()
	p := parsed(t, blocks)
	p.Policy = pricing.TopTier
	for quantity, want := range map[string]string{"10": "15", "11": "16", "110": "88"} {
		got, err := p.Of(d(quantity))
		require.NoError(t, err)
		requireEqual(t, want, got)
	}
	_, err := p.Of(d("110.1"))
	require.True(t, fault.Is(err, pricing.CodeAboveBlocks))
	_, err = p.Delta(d("100"), d("10.1"))
	require.True(t, fault.Is(err, pricing.CodeAboveBlocks))
}

func TestAPercentageIsPricedTransactionByTransaction(t *testing.T) {
	t.Parallel()
	const base = `{"model":"percentage","rate_percent":"1.3","fixed_amount":"2"`
	for _, c := range []struct {
		name, price  string
		transactions []string
		want         string
	}{
		{"events only", base + `,"free_events":3}`, []string{"50", "100", "250", "400"}, "7.2"},
		{"amount only", base + `,"free_amount":"250"}`, []string{"50", "100", "250", "400"}, "11.15"},
		{"the first limit ends both", base + `,"free_events":2,"free_amount":"1000"}`, []string{"50", "100", "250", "400"}, "12.45"},
		{"a transaction that ends on the limit is free", base + `,"free_amount":"150"}`, []string{"50", "100", "250"}, "5.25"},
		{"and then the allowance has ended, also for nothing", base + `,"free_amount":"150"}`, []string{"150", "0"}, "2"},
		{"the limit is crossed once", base + `,"free_amount":"150"}`, []string{"151", "0"}, "4.013"},
		{"no minimum on what is free", base + `,"free_events":1,"transaction_minimum":"5"}`, []string{"10", "10"}, "5"},
		{"clamped one by one", `{"model":"percentage","rate_percent":"10","transaction_minimum":"1","transaction_maximum":"3"}`, []string{"1", "20", "100"}, "6"},
		{"no allowance of no events", base + `,"free_events":0}`, []string{"100"}, "3.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := computed(t, pricing.Request{Asset: "EUR", Price: parsed(t, c.price), Transactions: list(c.transactions...)})
			requireEqual(t, c.want, r.Amount)
		})
	}
}

func TestAnEventCarriesItsOwnPrice(t *testing.T) {
	t.Parallel()
	minor := parsed(t, `{"model":"dynamic","minor_units":true,"multiplier":"1.5"}`)
	for asset, want := range map[string]string{"EUR": "0.603", "JPY": "60.3", "KWD": "0.0603"} {
		r := computed(t, pricing.Request{Asset: moneyAsset(asset), Price: minor, Transactions: list("40.2")})
		requireEqual(t, want, r.Amount)
	}
	r := computed(t, pricing.Request{Asset: "EUR", Price: parsed(t, `{"model":"dynamic"}`), Transactions: list("10", "-3.5")})
	requireEqual(t, "6.5", r.Amount)
}

func TestAMatrixPricesCombinationsAndFallsBackToItsDefault(t *testing.T) {
	t.Parallel()
	p := parsed(t, `{"model":"matrix","dimensions":["region","size"],"cells":[
		{"values":{"region":"eu","size":"l"},"amount":"1","per_units":"3"},{"values":{"region":"eul","size":""},"amount":"7","per_units":"1"}]}`)
	eu := map[string]string{"region": "eu", "size": "l"}
	thirds := []pricing.Combination{{Values: eu, Quantity: d("1")}, {Values: eu, Quantity: d("1")}, {Values: eu, Quantity: d("1")}}
	requireEqual(t, "1", computed(t, pricing.Request{Asset: "EUR", Price: p, Combinations: thirds}).Amount)

	other := []pricing.Combination{{Values: map[string]string{"region": "us", "size": "l"}, Quantity: d("2")}}
	_, err := pricing.Compute(pricing.Request{Asset: "EUR", Price: p, Combinations: other})
	require.Equal(t, []string{"/combinations/0/values"}, pointers(err))
	p.Default = &pricing.UnitPrice{Amount: d("4"), PerUnits: d("1")}
	requireEqual(t, "8", computed(t, pricing.Request{Asset: "EUR", Price: p, Combinations: other}).Amount)
}

func TestProratedUnitsComeOffTheTopTierAndKeepItsFlatFee(t *testing.T) {
	t.Parallel()
	p := parsed(t, `{"model":"graduated","tiers":[{"up_to":"5","amount":"10","per_units":"1","flat_amount":"100"},{"amount":"5","per_units":"1","flat_amount":"50"}]}`)
	for _, c := range []struct {
		name, want string
		events     [][2]string
	}{
		{"an event over two tiers", "190", [][2]string{{"5", "3.5"}, {"2", "1"}, {"-4", "-1.6"}, {"10", "2"}}},
		{"back to the first tier", "180.5", [][2]string{{"4", "2.8"}, {"2", "1"}, {"-3", "-0.6"}}},
		{"one event over all", "350", [][2]string{{"35", "35"}}},
		{"exactly the first tier", "107", [][2]string{{"5", "0.7"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var events []pricing.Event
			for _, e := range c.events {
				events = append(events, pricing.Event{Units: d(e[0]), Prorated: d(e[1])})
			}
			requireEqual(t, c.want, computed(t, pricing.Request{Asset: "EUR", Price: p, Events: events}).Amount)
		})
	}
	_, err := pricing.Compute(pricing.Request{Asset: "EUR", Price: p, Events: []pricing.Event{{Units: d("5"), Prorated: d("2")}, {Units: d("-6"), Prorated: d("-1")}}})
	require.Equal(t, []string{"/events/1/units"}, pointers(err))
}

func TestAConversionIsRoundedOnThePeriodOrOnTheLine(t *testing.T) {
	t.Parallel()
	unit := price("per_unit", "10", "1", "0")
	for _, c := range []struct {
		name, before, quantity, want string
		conversion                   pricing.Conversion
	}{
		{"up", "0", "1400", "20", pricing.Conversion{Round: pricing.RoundUp}},
		{"down", "0", "1400", "10", pricing.Conversion{Round: pricing.RoundDown}},
		{"nearest, half up", "0", "1500", "20", pricing.Conversion{Round: pricing.RoundNearest}},
		{"nearest, below half", "0", "1499.9", "10", pricing.Conversion{Round: pricing.RoundNearest}},
		{"to a decimal", "0", "1410", "15", pricing.Conversion{Round: pricing.RoundUp, Decimals: 1}},
		{"not at all", "0", "1400", "14", pricing.Conversion{}},
		{"free units after rounding", "0", "1400", "15", pricing.Conversion{Round: pricing.RoundUp, FreeUnits: d("0.5")}},
		{"the period's total", "1400", "1300", "10", pricing.Conversion{Round: pricing.RoundUp}},
		{"each line", "1400", "1300", "20", pricing.Conversion{Round: pricing.RoundUp, PerLine: true}},
		{"free units once", "1400", "1300", "10", pricing.Conversion{Round: pricing.RoundUp, FreeUnits: d("1")}},
		{"multiplied", "0", "0.0015", "20", pricing.Conversion{Operation: pricing.Multiply, Round: pricing.RoundUp}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.conversion.Factor = d("1000")
			if c.conversion.Operation == "" {
				c.conversion.Operation = pricing.Divide
			}
			r := computed(t, pricing.Request{Asset: "EUR", Price: unit, Quantity: ptr(d(c.quantity)), Conversion: &c.conversion,
				Billed: pricing.Billed{Quantity: ptr(d(c.before))}})
			requireEqual(t, c.want, r.Amount)
		})
	}
}

func TestTiersRestartInEveryBucket(t *testing.T) {
	t.Parallel()
	r := computed(t, pricing.Request{Asset: "EUR", Price: parsed(t, graduated), Buckets: list("10", "12")})
	requireEqual(t, "102", r.Parts[0].Amount)
	requireEqual(t, "115", r.Parts[1].Amount)
	requireEqual(t, "217", r.Amount)
}

func TestTermsOfAPartOfAPeriodAreItsShare(t *testing.T) {
	t.Parallel()
	unit := price("per_unit", "1", "1", "0")
	share := &pricing.Fraction{Numerator: d("10"), Denominator: d("30")}
	r := computed(t, pricing.Request{Asset: "EUR", Price: unit, Quantity: ptr(d("5")), Terms: pricing.Terms{Minimum: ptr(d("30")), Share: share}})
	requireEqual(t, "5", r.TrueUp)
	r = computed(t, pricing.Request{Asset: "EUR", Price: unit, Quantity: ptr(d("15")), Terms: pricing.Terms{Maximum: ptr(d("30")), Share: share}})
	requireEqual(t, "5", r.MaximumDiscount)
	r = computed(t, pricing.Request{Asset: "EUR", Price: unit, Quantity: ptr(d("15")), Terms: pricing.Terms{Share: share,
		Commitment: &pricing.Commitment{Amount: d("30"), OverageFactor: ptr(d("2"))}}})
	requireEqual(t, "20", r.Amount)
	r = computed(t, pricing.Request{Asset: "EUR", Price: unit, Quantity: ptr(d("5")), Terms: pricing.Terms{Commitment: &pricing.Commitment{Amount: d("30"), NoTrueUp: true}}})
	requireEqual(t, "5", r.Amount)
}

func TestAMaximumThatIsUsedUpLeavesNothingAndGivesNothingBack(t *testing.T) {
	t.Parallel()
	r := computed(t, pricing.Request{Asset: "EUR", Price: price("per_unit", "1", "1", "0"), Quantity: ptr(d("5")),
		Terms: pricing.Terms{Maximum: ptr(d("100"))}, Billed: pricing.Billed{Amount: ptr(d("120"))}})
	requireEqual(t, "0", r.Amount)
	requireEqual(t, "5", r.MaximumDiscount)
}

// Volume takes back 210 and charges 101: what it takes back is room under the maximum again.
func TestWhatATierTakesBackIsRoomUnderTheMaximum(t *testing.T) {
	t.Parallel()
	r := computed(t, pricing.Request{Asset: "EUR", Price: parsed(t, volume), Quantity: ptr(d("1")),
		Terms: pricing.Terms{Maximum: ptr(d("215"))}, Billed: pricing.Billed{Quantity: ptr(d("100")), Amount: ptr(d("210"))}})
	requireEqual(t, "-109", r.Amount)
}

func TestCombinationsThatOnlyReadAlikeAreTwo(t *testing.T) {
	t.Parallel()
	p := parsed(t, `{"model":"matrix","dimensions":["a","b"],"cells":[{"values":{"a":"x","b":"0y"},"amount":"1","per_units":"1"},
		{"values":{"a":"x0","b":"y"},"amount":"2","per_units":"1"},{"values":{"a":"x1:","b":"y"},"amount":"3","per_units":"1"}]}`)
	require.NoError(t, p.Validate())
}
