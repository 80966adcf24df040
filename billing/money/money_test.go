package money_test

import (
	_ "embed"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func TestTheTableHasTheActiveCurrenciesWithTheirExponents(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]int32{ // ISO exponent, Stripe exponent
		"EUR": {2, 2}, "USD": {2, 2}, "JPY": {0, 0}, "KWD": {3, 3}, "BHD": {3, 3}, "JOD": {3, 3}, "OMR": {3, 3}, "TND": {3, 3},
		"HUF": {2, 2}, "IDR": {2, 2}, "COP": {2, 2}, "PKR": {2, 2}, "TWD": {2, 2}, "ISK": {0, 2}, "UGX": {0, 2}, "MGA": {2, 0},
		"CLF": {4, 4}, "SLE": {2, 2}, "VED": {2, 2}, "XCG": {2, 2}, "ZWG": {2, 2}, "BIF": {0, 0}, "XPF": {0, 0}, "IQD": {3, 3},
	} {
		c, ok := money.Lookup(code)
		require.True(t, ok, code)
		require.Equal(t, want, [2]int32{c.Exponent, c.StripeExponent}, code)
		require.Equal(t, code, c.Code)
		require.Len(t, c.Numeric, 3)
		require.True(t, money.Asset(code).IsCurrency())
	}
	for _, code := range []string{"", "eur", "CREDIT", "XUSD", "XAU", "XXX", "ANG", "BGN", "CUC", "HRK", "ZWL", "SLL"} {
		require.False(t, money.Asset(code).IsCurrency(), code)
	}
}

func TestTheAssetOfAUsageCreditNamesItsMeter(t *testing.T) {
	t.Parallel()
	meter, ok := money.UnitAsset("api_requests").Meter()
	require.True(t, ok)
	require.Equal(t, "api_requests", meter)
	_, ok = money.Asset("EUR").Meter()
	require.False(t, ok)
}

//go:embed testdata/rounding.json
var roundingCases []byte

func TestTheSharedRoundingAndAllocationCasesHold(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []struct {
			ID       string            `json:"id"`
			Currency money.Asset       `json:"currency"`
			Value    decimal.Decimal   `json:"value"`
			Rounded  string            `json:"rounded"`
			Minor    *int64            `json:"minor"`
			Digits   int32             `json:"digits"`
			Total    decimal.Decimal   `json:"total"`
			Weights  []decimal.Decimal `json:"weights"`
			Shares   []string          `json:"shares"`
		} `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(roundingCases, &file))
	require.Len(t, file.Cases, 12)
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			switch {
			case c.Rounded != "":
				require.Equal(t, d(c.Rounded).String(), money.Round(c.Value, c.Currency).String())
			case c.Minor != nil:
				minor, err := money.ToMinor(money.Amount{Value: c.Value, Asset: c.Currency})
				require.NoError(t, err)
				require.Equal(t, *c.Minor, minor)
			default:
				require.Equal(t, c.Shares, fixed(money.Allocate(c.Total, c.Weights, c.Digits), c.Digits))
			}
		})
	}
}

func fixed(parts []decimal.Decimal, scale int32) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.StringFixed(scale)
	}
	return out
}

func TestRoundingGoesHalfAwayFromZeroToTheMinorUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value string
		asset money.Asset
		want  string
	}{
		{"0.125", "EUR", "0.13"}, {"-0.125", "EUR", "-0.13"}, {"0.124999", "EUR", "0.12"}, {"2.5", "JPY", "3"}, {"-2.5", "JPY", "-3"},
		{"1.0005", "KWD", "1.001"}, {"0.0000000005", "CREDIT", "0.000000001"}, {"0.0000000004", "CREDIT", "0"}, {"2.5", "ISK", "3"},
	} {
		require.Equal(t, c.want, money.Round(d(c.value), c.asset).String(), "%s %s", c.value, c.asset)
	}
	require.Equal(t, "-0.000000003", money.ToLedger(d("-0.0000000025")).String())
}

func TestProviderUnitsAreExactOrRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value string
		asset money.Asset
		want  int64
	}{
		{"29.00", "EUR", 2900}, {"-0.01", "EUR", -1}, {"500", "JPY", 500}, {"1.230", "KWD", 1230}, {"5", "ISK", 500}, {"5", "UGX", 500},
		{"7", "MGA", 7}, {"12.34", "HUF", 1234}, {"92233720368547758.07", "EUR", math.MaxInt64}, {"0", "TND", 0},
	} {
		minor, err := money.ToMinor(money.Amount{Value: d(c.value), Asset: c.asset})
		require.NoError(t, err, "%s %s", c.value, c.asset)
		require.Equal(t, c.want, minor)
		back, err := money.FromMinor(minor, c.asset)
		require.NoError(t, err)
		require.True(t, back.Value.Equal(d(c.value)))
		require.Equal(t, c.asset, back.Asset)
	}
	for _, c := range []struct {
		value string
		asset money.Asset
		code  string
	}{
		{"0.001", "EUR", "amount_not_minor"}, {"1.5", "JPY", "amount_not_minor"}, {"1.234", "KWD", "amount_not_minor"},
		{"0.5", "ISK", "amount_not_minor"}, {"0.2", "MGA", "amount_not_minor"}, {"1", "CREDIT", "currency_unknown"},
		{"92233720368547758.08", "EUR", "amount_out_of_range"},
	} {
		_, err := money.ToMinor(money.Amount{Value: d(c.value), Asset: c.asset})
		require.True(t, fault.Is(err, c.code), "%s %s: %v", c.value, c.asset, err)
	}
	_, err := money.FromMinor(1, "CREDIT")
	require.True(t, fault.Is(err, "currency_unknown"))
	odd, err := money.FromMinor(1234, "KWD")
	require.NoError(t, err)
	require.Equal(t, "1.234 KWD", odd.String())
}

func TestOnlyPlainBoundedDecimalsAreRead(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0", "-0", "12.34", "-1.000000001", "99999999999999999999.999999999"} {
		v, err := money.ParseAmount(s)
		require.NoError(t, err, s)
		require.True(t, v.Equal(d(s)))
	}
	for _, s := range []string{"", "+1", "1e20", "01", ".5", "1.", "1,5", " 1", "1 ", "1\n", "NaN", "Infinity", "0x10", "1_000", "١", "--1",
		"1.0000000001", "100000000000000000000", strings.Repeat("9", 1_000_000)} {
		_, err := money.ParseAmount(s)
		require.True(t, fault.Is(err, "decimal_malformed"), "%.40q", s)
	}
	v, err := money.ParseQuantity("-99999999999999999999.00000000000000000001")
	require.NoError(t, err)
	require.Equal(t, "-99999999999999999999.00000000000000000001", v.String())
	_, err = money.ParseQuantity("0.000000000000000000001")
	require.True(t, fault.Is(err, "decimal_malformed"))
}

func TestAnAmountIsAnObjectOfStrings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"amount":"29","currency":"EUR"}`:             `{"amount":"29.00","currency":"EUR"}`,
		`{"amount":"0.0000000012","currency":"EUR"}`:   `{"amount":"0.0000000012","currency":"EUR"}`,
		`{"amount":"12.50","currency":"CREDIT"}`:       `{"amount":"12.5","currency":"CREDIT"}`,
		`{"amount":"-1","currency":"KWD"}`:             `{"amount":"-1.000","currency":"KWD"}`,
		`{"currency":"unit:api","amount":"700000"}`:    `{"amount":"700000","currency":"unit:api"}`,
		`{"amount":"500","currency":"JPY"}`:            `{"amount":"500","currency":"JPY"}`,
		`{"amount":"0.12345678901234","currency":"X"}`: `{"amount":"0.12345678901234","currency":"X"}`,
	} {
		var a money.Amount
		require.NoError(t, json.Unmarshal([]byte(in), &a), in)
		out, err := json.Marshal(a)
		require.NoError(t, err)
		require.Equal(t, want, string(out))
	}
	for in, code := range map[string]string{
		`{"amount":12.5,"currency":"EUR"}`:            "validation_failed",
		`{"amount":null,"currency":"EUR"}`:            "validation_failed",
		`{"currency":"EUR"}`:                          "validation_failed",
		`{"amount":"1e3","currency":"EUR"}`:           "validation_failed",
		`{"amount":"1"}`:                              "validation_failed",
		`{"amount":"1","currency":"EUR","scale":"2"}`: "amount_malformed",
		`{"amount":"1","currency":5}`:                 "amount_malformed",
		`"12.50 EUR"`:                                 "amount_malformed",
		`12.5`:                                        "amount_malformed",
	} {
		var a money.Amount
		err := json.Unmarshal([]byte(in), &a)
		require.True(t, fault.Is(err, code), "%s: %v", in, err)
	}
}
