package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func TestARunThatIsSentForAgainKeepsItsClockFromRestingUntilItHasLookedAgain(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)})
	a := s.Assign(time.Time{})
	take := func() {
		turn, err := s.Store.NextTurn(t.Context(), s.Call, a.ID)
		require.NoError(t, err)
		require.NoError(t, s.Store.TakeTurn(t.Context(), s.Call, a.ID, turn))
	}
	take()
	end := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	s.SetClock(end)
	run := keys.BillingPeriodWorkflow(s.Account.ID, end)
	// Another assignment reached the boundary before, and its run waits for the grace.
	_, err := s.Store.EnterWait(t.Context(), s.Call, s.Account.ID, run, end.Add(time.Hour))
	require.NoError(t, err)
	take()
	require.Equal(t, "running", s.Text("SELECT status FROM waits WHERE workflow_id = '"+run+"'"))
}

func TestUsageIsLateByWhenItWasHeardOfAndNotByWhenItWasRated(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)})
	s.Assign(time.Time{})
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	s.SetClock(at.AddDate(0, 0, 33))
	_, err := s.Store.RecordUsage(t.Context(), s.Call, store.Report{Account: s.Account.ID, OccurredAt: &at, Key: "u", Hash: []byte("u"),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec("100000")}}})
	require.NoError(t, err)
	s.SetClock(at.AddDate(0, 0, 36)) // the rating loop was away for three days
	_, err = s.Store.RateUsage(t.Context(), s.Call, s.Account.ID, 10)
	require.NoError(t, err)
	require.Equal(t, "rated", s.Text("SELECT status FROM usage_events"))
}

// Its worker may be killed between the end's commit and its completion, and the next advance may have begun by the repeat.
func TestARepeatedEndOfAnAdvanceLeavesTheNextAdvanceAlone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	s := harness.NewScene(t, harness.Setting{Now: now})
	clock := *s.Account.TestClockID
	advance := func(to time.Time) store.ClockStep {
		_, err := s.Store.AdvanceClock(t.Context(), s.Call, clock, to)
		require.NoError(t, err)
		step, err := s.Store.StepClock(t.Context(), s.Call, clock)
		require.NoError(t, err)
		return step
	}
	finish := func(step store.ClockStep, busy ...string) models.ClockStatus {
		c, err := s.Store.FinishClock(t.Context(), s.Call, clock, step.Version, busy)
		require.NoError(t, err)
		return c.Status
	}
	first := advance(now.Add(time.Hour))
	require.Equal(t, models.ClockReady, finish(first))
	second := advance(now.Add(2 * time.Hour))
	require.Equal(t, models.ClockAdvancing, finish(first))
	require.Equal(t, models.ClockAdvancing, finish(first, "something"))
	require.Equal(t, models.ClockBlocked, finish(second, "something"))
	third := advance(now.Add(2 * time.Hour)) // the same target once more
	require.Equal(t, models.ClockAdvancing, finish(second, "something"))
	require.Equal(t, models.ClockReady, finish(third))
}

func TestTheRecordOfAnAdvanceSaysWhatTheClockWasBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	s := harness.NewScene(t, harness.Setting{Now: now})
	_, err := s.Store.AdvanceClock(t.Context(), s.Call, *s.Account.TestClockID, now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, "ready → advancing", s.Text("SELECT (before->>'Status') || ' → ' || (after->>'Status') FROM audit_log WHERE action = 'test_clock.advance'"))
}
