package pricing_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
)

func moneyAsset(code string) money.Asset { return money.Asset(code) }

func pointers(err error) []string {
	var out []string
	if err != nil {
		for _, f := range fault.Of(err).Fields {
			out = append(out, f.Pointer)
		}
	}
	return out
}

func TestEveryWrongFieldOfAModelIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, price, pointers string }{
		{"no tiers", `{"model":"graduated"}`, "/tiers"},
		{"a last tier that ends", `{"model":"volume","tiers":[{"up_to":"1","per_units":"1"}]}`, "/tiers/0/up_to"},
		{"an open tier before the last", `{"model":"volume","tiers":[{"per_units":"1"},{"per_units":"1"}]}`, "/tiers/0/up_to"},
		{"a first tier of nothing", `{"model":"volume","tiers":[{"up_to":"0","per_units":"1"},{"per_units":"1"}]}`, "/tiers/0/up_to"},
		{"tiers that do not rise", `{"model":"graduated","tiers":[{"up_to":"5","per_units":"1"},{"up_to":"5","per_units":"1"},{"up_to":"4","per_units":"1"},{"per_units":"1"}]}`,
			"/tiers/1/up_to /tiers/2/up_to"},
		{"negative amounts of a tier", `{"model":"graduated","tiers":[{"amount":"-1","per_units":"-1","flat_amount":"-1"}]}`,
			"/tiers/0/flat_amount /tiers/0/amount /tiers/0/per_units"},
		{"a rate in a tier of units", `{"model":"graduated","tiers":[{"rate_percent":"1","per_units":"1"}]}`, "/tiers/0/rate_percent"},
		{"units in a tier of rates", `{"model":"graduated_percentage","tiers":[{"amount":"1","per_units":"1","rate_percent":"101"}]}`,
			"/tiers/0/rate_percent /tiers/0/amount /tiers/0/per_units"},
		{"blocks of nothing", `{"model":"tiered_blocks","policy":"x","blocks":[{"size":"0","amount":"-1"},{"size":"1","amount":"1","max_blocks":0}]}`,
			"/policy /blocks/0/size /blocks/0/amount /blocks/0/max_blocks /blocks/1/max_blocks"},
		{"no rate", `{"model":"percentage"}`, "/rate_percent"},
		{"a percentage out of bounds", `{"model":"percentage","rate_percent":"100.1","fixed_amount":"-1","free_events":-1,"free_amount":"-1","transaction_minimum":"2","transaction_maximum":"1"}`,
			"/rate_percent /fixed_amount /free_events /free_amount /transaction_maximum"},
		{"a negative multiplier", `{"model":"dynamic","multiplier":"-1"}`, "/multiplier"},
		{"a matrix of nothing", `{"model":"matrix"}`, "/dimensions /cells"},
		{"cells that do not fit", `{"model":"matrix","dimensions":["a","a"],"cells":[{"values":{"b":"1"},"amount":"-1","per_units":"0"}],"default":{"amount":"1"}}`,
			"/dimensions/1 /default/per_units /cells/0/amount /cells/0/per_units /cells/0/values"},
		{"a cell twice", `{"model":"matrix","dimensions":["a"],"cells":[{"values":{"a":"1"},"per_units":"1"},{"values":{"a":"1"},"per_units":"1"}]}`, "/cells/1/values"},
		{"a package rounded to the nearest", `{"model":"package","per_units":"1","round":"nearest"}`, "/round"},
		{"fields of other models", `{"model":"flat","amount":"1","per_units":"1","free_units":"1","round":"up","tiers":[{}],"rate_percent":"0","fixed_amount":"0",
			"free_events":0,"free_amount":"0","transaction_minimum":"0","transaction_maximum":"0","multiplier":"0","minor_units":true,"blocks":[{}],"policy":"top_tier",
			"dimensions":["a"],"cells":[{}],"default":{}}`,
			"/per_units /free_units /round /tiers /rate_percent /fixed_amount /free_events /free_amount /transaction_minimum /transaction_maximum /multiplier /minor_units /blocks /policy /dimensions /cells /default"},
		{"an amount and a switch that the model has not", `{"model":"dynamic","amount":"1","flat_fee_at_zero":true}`, "/amount /flat_fee_at_zero"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, strings.Fields(c.pointers), pointers(parsed(t, c.price).Validate()))
		})
	}
	far := decimal.New(1, 2_000_000_000)
	apart := parsed(t, `{"model":"percentage","rate_percent":"1","transaction_minimum":"1"}`)
	apart.TransactionMaximum = &far
	require.Equal(t, []string{"/transaction_maximum"}, pointers(apart.Validate()))
	long := parsed(t, graduated)
	long.Tiers = slices.Repeat(long.Tiers[:1], pricing.MaxTiers+1)
	require.Equal(t, []string{"/tiers"}, pointers(long.Validate()))
}

func TestUsageThatThePriceCannotPriceIsRefusedAtItsPlace(t *testing.T) {
	t.Parallel()
	unit, one := price("per_unit", "1", "1", "0"), d("1")
	percentage := parsed(t, `{"model":"percentage","rate_percent":"1"}`)
	matrix := parsed(t, `{"model":"matrix","dimensions":["a"],"default":{"amount":"1","per_units":"1"}}`)
	dynamic := parsed(t, `{"model":"dynamic","minor_units":true}`)
	minus := d("-1")
	for _, c := range []struct {
		name     string
		request  pricing.Request
		pointers string
	}{
		{"none", pricing.Request{Price: unit}, " "},
		{"two forms", pricing.Request{Price: unit, Quantity: &one, Buckets: list("1")}, "/buckets"},
		{"a quantity of a percentage", pricing.Request{Price: percentage, Quantity: &one}, "/quantity"},
		{"events of per_unit", pricing.Request{Price: unit, Events: []pricing.Event{{Units: one, Prorated: one}}}, "/events"},
		{"a negative transaction", pricing.Request{Price: percentage, Transactions: list("1", "-1")}, "/transactions/1"},
		{"too many buckets", pricing.Request{Price: unit, Buckets: slices.Repeat(list("1"), pricing.MaxItems+1)}, "/buckets"},
		{"a share larger than its units", pricing.Request{Price: parsed(t, graduated), Events: []pricing.Event{{Units: one, Prorated: d("2")}, {Units: minus, Prorated: one}}},
			"/events/0/prorated_units /events/1/prorated_units"},
		{"a combination that does not fit", pricing.Request{Price: matrix, Combinations: []pricing.Combination{{Values: map[string]string{"b": "x"}, Quantity: minus, Before: minus}}},
			"/combinations/0/quantity /combinations/0/already_billed_quantity /combinations/0/values"},
		{"a commitment beside the others", pricing.Request{Price: unit, Quantity: &one, Terms: pricing.Terms{Minimum: &one, Maximum: &one,
			Commitment: &pricing.Commitment{Amount: minus, OverageFactor: &minus}}}, "/commitment/amount /commitment/overage_factor /minimum /maximum"},
		{"a maximum below the minimum", pricing.Request{Price: unit, Quantity: &one, Terms: pricing.Terms{Minimum: &one, Maximum: ptr(d("0"))}}, "/maximum"},
		{"a share of nothing", pricing.Request{Price: unit, Quantity: &one, Terms: pricing.Terms{Share: &pricing.Fraction{Numerator: d("2"), Denominator: one}}},
			"/period_share /period_share"},
		{"a conversion of transactions", pricing.Request{Price: percentage, Transactions: list("1"), Conversion: &pricing.Conversion{Operation: "x", Round: "x", Decimals: 10, FreeUnits: minus}},
			"/conversion/operation /conversion/factor /conversion/round /conversion/decimals /conversion/free_units /conversion"},
		{"what buckets do not continue", pricing.Request{Price: unit, Buckets: list("1"), Billed: pricing.Billed{Quantity: &one, Events: ptr(int64(1))}},
			"/already_billed/quantity /already_billed/events"},
		{"an unknown amount", pricing.Request{Price: percentage, Transactions: list("1"), Billed: pricing.Billed{Quantity: &one, Events: ptr(int64(-1))},
			Terms: pricing.Terms{Minimum: &one}}, "/already_billed/events /already_billed/amount"},
		{"minor units of credits", pricing.Request{Asset: "CREDIT", Price: dynamic, Transactions: list("1")}, "/price/minor_units"},
		{"a mistyped currency", pricing.Request{Asset: "EUX", Price: unit, Quantity: &one}, "/currency"},
		{"a price that is none", pricing.Request{Quantity: &one}, "/price/version /price/model"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.request.Asset == "" {
				c.request.Asset = "EUR"
			}
			_, err := pricing.Compute(c.request)
			require.True(t, fault.Is(err, "validation_failed"))
			if c.pointers == " " {
				require.Equal(t, []string{""}, pointers(err))
				return
			}
			require.Equal(t, strings.Fields(c.pointers), pointers(err))
		})
	}
	_, err := percentage.Of(one)
	require.True(t, fault.Is(err, pricing.CodeNotCumulative))
}

// The rows of the first release have these five fields and no other.
func TestARowOfTheFirstReleaseReadsAndWritesAsItDid(t *testing.T) {
	t.Parallel()
	const row = `{"version":1,"model":"per_unit","amount":"1","per_units":"100000","free_units":"0"}`
	var p pricing.Price
	require.NoError(t, json.Unmarshal([]byte(row), &p))
	require.NoError(t, p.Validate())
	amount, err := p.Of(d("1250000"))
	require.NoError(t, err)
	requireEqual(t, "12.5", amount)
	b, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, row, string(b))
}

// A price is written without the fields that its model does not have.
func TestAPriceIsWrittenWithTheFieldsOfItsModel(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"version":1,"model":"flat","amount":"0"}`,
		`{"version":1,"model":"dynamic","multiplier":"0"}`,
		`{"version":1,"model":"graduated","tiers":[{"up_to":"1","amount":"1","per_units":"1"},{"up_to":null,"per_units":"1","flat_amount":"2"}]}`,
		`{"version":1,"model":"percentage","rate_percent":"0","free_events":0,"free_amount":"0"}`,
		`{"version":1,"model":"tiered_blocks","blocks":[{"size":"1","amount":"1","max_blocks":null}]}`,
		`{"version":1,"model":"matrix","dimensions":["a"],"cells":[{"values":{"a":"x"},"amount":"0","per_units":"1"}]}`,
	} {
		b, err := json.Marshal(parsed(t, text))
		require.NoError(t, err)
		require.JSONEq(t, text, string(b))
	}
}

var moneyQuantity = money.ParseQuantity
