package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/tests/harness"
)

func TestUnparkingWakesEveryWorkflowThatStopped(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)})
	a := s.Assign(time.Time{})
	turn, err := s.Store.NextTurn(t.Context(), s.Call, a.ID)
	require.NoError(t, err)
	require.NoError(t, s.Store.TakeTurn(t.Context(), s.Call, a.ID, turn))
	require.NoError(t, s.Store.ParkAccount(t.Context(), s.Call, s.Account.ID, "take turn: state_conflict"))
	require.Equal(t, "0", s.Text("SELECT count(*) FROM outbox WHERE kind = 'signal'"))
	account, err := s.Store.UnparkAccount(t.Context(), s.Call, s.Account.ID)
	require.NoError(t, err)
	require.Equal(t, models.AccountActive, account.Status)
	require.Equal(t, "BillingPeriod,CreditIssuance,PlanAssignment",
		s.Text("SELECT string_agg(workflow_type, ',' ORDER BY workflow_type) FROM outbox o JOIN dispatch d ON d.id = o.id WHERE kind = 'signal'"))
	require.Empty(t, s.Sound())
}
