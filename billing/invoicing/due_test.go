package invoicing_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
)

func TestAnInvoiceTakesWholeMinorUnitsOfCreditUpToItsTotal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ currency, total, available, want string }{
		{"EUR", "29.00", "100", "29.00"},
		{"EUR", "29.00", "29.00", "29.00"},
		{"EUR", "29.00", "28.999999999", "28.99"},
		{"EUR", "29.00", "0.009", "0"},
		{"JPY", "500", "99.5", "99"},
		{"EUR", "29.00", "0", "0"},
		{"EUR", "29.00", "-1", "0"},
		{"EUR", "0", "5", "0"},
		{"CREDIT", "1", "5", "0"},
	} {
		got := invoicing.CreditUsed(money.Asset(c.currency), decimal.RequireFromString(c.total), decimal.RequireFromString(c.available))
		require.True(t, decimal.RequireFromString(c.want).Equal(got), "%+v gave %s", c, got)
	}
}

func TestCreditNeverPaysMoreThanThereIsOrIsAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := decimal.New(rapid.Int64Range(0, 1e9).Draw(t, "cents"), -2)
		available := decimal.New(rapid.Int64Range(-1e12, 1e15).Draw(t, "nano"), -9)
		used := invoicing.CreditUsed("EUR", total, available)
		require.False(t, used.IsNegative())
		require.True(t, used.LessThanOrEqual(total))
		require.True(t, used.LessThanOrEqual(decimal.Max(available, decimal.Zero)))
		require.True(t, used.Equal(used.Round(2)))
		if used.LessThan(total) && available.IsPositive() {
			require.True(t, available.Sub(used).LessThan(decimal.New(1, -2)), "a whole cent was left unused")
		}
	})
}

func TestADeclinedInvoiceIsTriedAgainThreeFiveAndSevenDaysAfterItsFirstDecline(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	latest := first
	for attempts, days := range map[int]int{1: 3, 2: 5, 3: 7} {
		at, ok := invoicing.NextAttempt(attempts, first, latest)
		require.True(t, ok)
		require.Equal(t, first.AddDate(0, 0, days), at)
	}
	for _, attempts := range []int{0, 4, 5} {
		_, ok := invoicing.NextAttempt(attempts, first, latest)
		require.False(t, ok, attempts)
	}
	at, ok := invoicing.NextAttempt(2, first, first.AddDate(0, 0, 6)) // the second came three days late
	require.True(t, ok)
	require.Equal(t, first.AddDate(0, 0, 7), at)
}
