package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/tests/harness/system"
)

// Most accounts live on no clock but the database's: the same workflows, with timers.
func TestAnAccountInRealTimeIsBilledAtItsStartAndSpendsItsCredits(t *testing.T) {
	sys := system.Start(t)
	s := &scene{Story: &example.Story{Client: sys.Client}, sys: sys}
	var made struct{ ID string }
	s.post(t, "/mgt/v1/billing-accounts", "account", map[string]any{"principal_id": "now", "name": "Now", "timezone": "Europe/Berlin"}, &made)
	s.AccountID = made.ID
	start := time.Now().Add(2 * time.Second).UTC().Truncate(time.Millisecond)
	s.post(t, "/mgt/v1/plan-assignments", "assign", map[string]any{"billing_account_id": s.AccountID, "plan_code": "api-starter",
		"source_kind": "test", "source_ref": "now", "start_at": start}, nil)
	require.Eventually(t, func() bool {
		invoices := s.invoices(t)
		return len(invoices) == 1 && invoices[0].Status == "paid"
	}, 60*time.Second, 100*time.Millisecond)
	require.True(t, s.invoices(t)[0].FinalizedAt.Equal(start), "the invoice counts from the boundary, not from when we woke")

	s.use(t, "now", "2500000")
	require.Eventually(t, func() bool {
		balance := get[example.BalanceView](t, s.Story, "/v1/balance?principal_id=now").Balances
		return len(balance) == 1 && dec(t, balance[0].Pending).IsZero() && dec(t, balance[0].Spendable).IsZero()
	}, 60*time.Second, 100*time.Millisecond)
	requireLedger(t, s, "unbilled:"+s.AccountID, "5")
	requireLedger(t, s, "credits_used", "-20")
	s.verify(t)
}
