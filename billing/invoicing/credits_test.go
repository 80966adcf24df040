package invoicing_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/fault"
)

func TestCreditsAreValuedExactlyAndRounded(t *testing.T) {
	t.Parallel()
	at, amount, used := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), decimal.RequireFromString("1034"), decimal.RequireFromString("10")
	in := invoicing.CreditAccount{Currency: "EUR", Rate: decimal.RequireFromString("0.001"), WholePurchases: true,
		Grants: []credit.Grant{{Name: "gift", Amount: amount, EffectiveAt: at, Promotional: true}},
		Steps:  []credit.Step{{Name: "bought", At: at, Op: credit.OpTopUp, Amount: &amount}, {At: at, Op: credit.OpUse, Amount: &used}}}
	s, err := invoicing.Credits(in)
	require.NoError(t, err)
	require.Equal(t, "1024", s.Lots[0].Balance.String(), "what is given or used is not adjusted")
	require.Equal(t, "1030", s.Lots[1].Granted.String(), "what is sold is what 1.03 pays for")
	require.Equal(t, "1.024", s.LotWorth[0].Exact.String())
	require.Equal(t, "1.02", s.LotWorth[0].Rounded.String())
	in.Rate = decimal.Zero
	_, err = invoicing.Credits(in)
	require.Equal(t, "/rate", fault.Of(err).Fields[0].Pointer)
	in.Currency = ""
	_, err = invoicing.Credits(in)
	require.Equal(t, "/currency", fault.Of(err).Fields[0].Pointer)
}
