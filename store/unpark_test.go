package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
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

// Usage on no plan has sent for the month's run; the plan that came since will bill it first, so nothing is left for that run to do.
func TestARunThatHasNothingLeftToDoIsWokenTooWhenItsClockWaitsForIt(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)})
	s.Assign(time.Time{})
	month := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	run := keys.BillingPeriodWorkflow(s.Account.ID, month)
	signals := func() string {
		return s.Text("SELECT string_agg(o.workflow_id, ',') FROM outbox o JOIN dispatch d ON d.id = o.id WHERE kind = 'signal' AND o.workflow_id LIKE 'billing-period/%'")
	}
	_, err := s.Store.EnterWait(t.Context(), s.Call, s.Account.ID, run, month)
	require.NoError(t, err)
	require.NoError(t, s.Store.ParkAccount(t.Context(), s.Call, s.Account.ID, "somebody else's trouble"))
	_, err = s.Store.UnparkAccount(t.Context(), s.Call, s.Account.ID)
	require.NoError(t, err)
	require.Equal(t, run, signals(), "it may have stopped at the parked account")

	s.Exec("DELETE FROM dispatch")
	s.Exec("UPDATE waits SET status = 'waiting', due_at = '2026-03-01T00:00:00Z'")
	s.Exec("UPDATE operations SET status = 'succeeded', finished_at = recorded_at")
	_, err = s.Store.DeleteClock(t.Context(), s.Call, s.Clock.ID)
	require.NoError(t, err)
	require.Equal(t, run, signals(), "its clock will never wake it")
}
