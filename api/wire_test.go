package api

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
)

func TestMoneyIsWrittenWithItsCurrencysDigitsAndNoExponent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, asset, want string }{
		{"29", "EUR", `{"amount":"29.00","currency":"EUR"}`},
		{"0.012", "EUR", `{"amount":"0.012","currency":"EUR"}`},
		{"12.50", "CREDIT", `{"amount":"12.5","currency":"CREDIT"}`},
		{"1e20", "CREDIT", `{"amount":"100000000000000000000","currency":"CREDIT"}`},
		{"5", "JPY", `{"amount":"5","currency":"JPY"}`},
	} {
		a := money.Amount{Value: decimal.RequireFromString(c.value), Asset: money.Asset(c.asset)}
		got, err := json.Marshal(moneyOf(a))
		require.NoError(t, err)
		require.Equal(t, c.want, string(got))
		require.True(t, moneyOf(a).value().Value.Equal(a.Value))
		got, err = json.Marshal(costOf(a))
		require.NoError(t, err)
		require.Equal(t, c.want, string(got))
	}
}

func TestAJSONNumberIsNeverADecimal(t *testing.T) {
	t.Parallel()
	var d Decimal
	var q Quantity
	for _, s := range []string{"1", "1.5", "null", `"1e3"`, `"0.0000000001"`, "{}"} {
		require.Error(t, json.Unmarshal([]byte(s), &d) /* the schema has refused it long before */, s)
	}
	require.NoError(t, json.Unmarshal([]byte(`"0.00000000000000000001"`), &q))
	require.Equal(t, "0.00000000000000000001", written(q.Decimal))
}

func TestInstantsAreWrittenInUTCWithMicroseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 0, 0, 0, 123456789, time.FixedZone("CET", 3600))
	got, err := json.Marshal(instant(at))
	require.NoError(t, err)
	require.Equal(t, `"2026-01-30T23:00:00.123456Z"`, string(got))
	var back Instant
	require.NoError(t, json.Unmarshal([]byte(`"2026-01-31T00:00:00+01:00"`), &back))
	require.Equal(t, "2026-01-30T23:00:00Z", back.Format(time.RFC3339))
	require.Nil(t, maybe(nil))
	for _, bad := range []string{`"2026-01-30T24:00:00Z"`, `"2026-01-30T23:59:60Z"`, `"2026-01-30"`, `"2026-02-30T00:00:00Z"`, "1"} {
		require.Error(t, json.Unmarshal([]byte(bad), &back), bad)
	}
}
