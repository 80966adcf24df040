package pricing_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
)

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func price(model pricing.Model, amount, perUnits, free string) pricing.Price {
	return pricing.Price{Version: pricing.Version, Model: model, Amount: d(amount), PerUnits: d(perUnits), FreeUnits: d(free)}
}

func requireEqual(t require.TestingT, want string, got decimal.Decimal, args ...any) {
	require.Equal(t, d(want).String(), got.String(), args...)
}

func TestAPriceIsExactWhereAUnitPriceWouldNotBe(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name           string
		price          pricing.Price
		quantity, want string
	}{
		{"1e-14 × 1e14 is 1", price("per_unit", "0.00000000000001", "1", "0"), "100000000000000", "1"},
		{"1 per 3 for 3", price("per_unit", "1", "3", "0"), "3", "1"},
		{"1 per 3 for 1", price("per_unit", "1", "3", "0"), "1", "0.33333333333333333333"},
		{"2 per 3 for 1 rounds up", price("per_unit", "2", "3", "0"), "1", "0.66666666666666666667"},
		{"1 credit per 100,000 for 700,000", price("per_unit", "1", "100000", "0"), "700000", "7"},
		{"part of a unit", price("per_unit", "1", "25", "0"), "12.5", "0.5"},
		{"free units first", price("per_unit", "2", "1", "10"), "12", "4"},
		{"all free", price("per_unit", "2", "1", "10"), "9.99", "0"},
		{"a price of zero", price("per_unit", "0", "1", "0"), "5", "0"},
		{"a sliver begins a package", price("package", "5", "10", "0"), "10.00000000000000000001", "10"},
		{"a full package is one", price("package", "5", "10", "0"), "10", "5"},
		{"free units before packages", price("package", "5", "10", "100"), "111", "10"},
		{"a package of a fraction", price("package", "5", "0.25", "0"), "0.75", "15"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.price.Of(d(c.quantity))
			require.NoError(t, err)
			requireEqual(t, c.want, got)
		})
	}
}

func TestAMalformedPriceIsRefusedAtEveryWrongField(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		price    pricing.Price
		pointers []string
	}{
		{"nothing set", pricing.Price{}, []string{"/version", "/model"}},
		{"negative numbers", price("package", "-1", "-1", "-1"), []string{"/amount", "/per_units", "/free_units"}},
		{"no units", price("per_unit", "1", "0", "0"), []string{"/per_units"}},
		{"21 decimals", price("per_unit", "0.000000000000000000001", "1", "0"), []string{"/amount"}},
		{"21 digits", price("per_unit", "1", "100000000000000000000", "0"), []string{"/per_units"}},
		{"a model there is not", price("stairstep", "1", "1", "0"), []string{"/model"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.price.Validate()
			require.True(t, fault.Is(err, "validation_failed"))
			var got []string
			for _, f := range fault.Of(err).Fields {
				got = append(got, f.Pointer)
			}
			require.Equal(t, c.pointers, got)
			_, err = c.price.Of(d("1"))
			require.True(t, fault.Is(err, "validation_failed"))
		})
	}
	require.NoError(t, price("package", "99999999999999999999.99999999999999999999", "1", "0").Validate())
}

func TestANegativeQuantityHasNoPrice(t *testing.T) {
	t.Parallel()
	p := price("per_unit", "1", "1", "0")
	_, err := p.Of(d("-0.1"))
	require.True(t, fault.Is(err, "quantity_negative"))
	for _, q := range [][2]string{{"-1", "2"}, {"2", "-1"}} {
		_, err = p.Delta(d(q[0]), d(q[1]))
		require.True(t, fault.Is(err, "quantity_negative"))
		_, err = p.Explain(d(q[0]), d(q[1]))
		require.True(t, fault.Is(err, "quantity_negative"))
	}
}

func TestAPriceRoundTripsAsJSON(t *testing.T) {
	t.Parallel()
	p := price("package", "1.25", "1000000", "0.00000000000000000001")
	b, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, `{"version":1,"model":"package","amount":"1.25","per_units":"1000000",
		"free_units":"0.00000000000000000001"}`, string(b))
	var back pricing.Price
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, p, back)
}
