package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

var noon = time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)

func turn(kind store.TurnKind, due time.Time, k int) activities.Turn {
	return activities.Turn{Kind: kind, DueAt: due, Index: k, Status: "active"}
}

var over = activities.Turn{Kind: store.TurnOver, Status: "ended"}

func nothing() error { return nil }

// failing fails so many times, and then does not.
func failing(times int, err error) func() error {
	return func() error {
		if times--; times < 0 {
			return nil
		}
		return err
	}
}

func TestALiveAccountIsWaitedForByTimersOfADayAtMost(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.SetStartTime(noon)
	due := noon.Add(10*24*time.Hour + time.Hour)
	s.realTime()
	answers(s, "NextTurn", turn(store.TurnNext, due, 1))
	var took time.Time
	s.on("TakeTurn", func() error { took = s.Now(); return nil })
	s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
	require.True(t, workflow.IsContinueAsNewError(s.GetWorkflowError()))
	require.WithinDuration(t, due, took, time.Second)
	require.Equal(t, 12, s.times("NextTurn"), "rows are read again each day")
	require.Equal(t, 1, s.times("TakeTurn"))
}

func TestAPokeMakesAWaitingWorkflowReadItsRowsAgain(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "NextTurn", turn(store.TurnNext, noon.AddDate(1, 0, 0), 1), over)
	s.after(time.Hour, func() { poke(s.TestWorkflowEnvironment) })
	s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"NextTurn", "NextTurn", "EndWait"}, s.order())
}

func TestAWaitOnAClockNeedsNoTimer(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	timers := 0
	s.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	answers(s, "NextTurn", turn(store.TurnNext, noon.Add(time.Hour), 1), over)
	s.after(time.Hour, func() { poke(s.TestWorkflowEnvironment) })
	s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, 0, timers)
}

func TestAStepThatFailsForAWhileIsTriedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "NextTurn", turn(store.TurnNext, noon, 1))
	s.on("TakeTurn", failing(3, failure()))
	s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
	require.True(t, workflow.IsContinueAsNewError(s.GetWorkflowError()))
	require.Equal(t, []string{"NextTurn", "TakeTurn", "TakeTurn", "TakeTurn", "TakeTurn"}, s.order())
}

func TestARefusedStepParksTheAccountAndIsTriedAgainWhenPoked(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "NextTurn", turn(store.TurnNext, noon, 1))
	s.on("TakeTurn", failing(1, refusal("state_conflict")))
	var parked []activities.ParkAccountInput
	s.play("ParkAccount", func(_ context.Context, in activities.ParkAccountInput) error {
		s.note("ParkAccount")
		parked = append(parked, in)
		return nil
	})
	s.after(30*24*time.Hour, func() {
		require.Equal(t, []string{"NextTurn", "TakeTurn", "ParkAccount"}, s.order(), "nothing moves before the poke")
		poke(s.TestWorkflowEnvironment)
	})
	s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
	require.True(t, workflow.IsContinueAsNewError(s.GetWorkflowError()))
	require.Equal(t, []string{"NextTurn", "TakeTurn", "ParkAccount", "TakeTurn"}, s.order())
	require.Len(t, parked, 1)
	require.Equal(t, "take turn: state_conflict", parked[0].Reason)
}

func TestACanceledWorkflowEndsWhereverItWaits(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{"on a clock": false, "parked": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.SetStartTime(noon)
			s.clockTime(noon)
			answers(s, "NextTurn", turn(store.TurnNext, noon.Add(time.Hour), 1))
			s.on("ParkAccount", nothing)
			if refused {
				answers(s, "NextTurn", turn(store.TurnNext, noon, 1))
				s.on("TakeTurn", func() error { return refusal("state_conflict") })
			}
			s.after(time.Hour, s.CancelWorkflow)
			s.after(48*time.Hour, func() { poke(s.TestWorkflowEnvironment) })
			s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
			require.True(t, temporal.IsCanceledError(s.GetWorkflowError()), s.GetWorkflowError())
			require.Less(t, s.Now().Sub(noon), 24*time.Hour)
		})
	}
}

func TestACancellationAtThePeriodsEndIsTakenAtThatInstant(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.SetStartTime(noon)
	s.realTime()
	end := noon.Add(5 * time.Hour)
	answers(s, "NextTurn", turn(store.TurnNext, end, 1), turn(store.TurnEnd, end, 0), turn(store.TurnEnd, end, 0), over)
	var took activities.Turn
	var when time.Time
	s.play("TakeTurn", func(_ context.Context, in activities.TakeTurnInput) error {
		s.note("TakeTurn")
		took, when = in.Turn, s.Now()
		return nil
	})
	s.after(time.Hour, func() { poke(s.TestWorkflowEnvironment) })
	s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, store.TurnEnd, took.Kind)
	require.WithinDuration(t, end, when, time.Second)
	require.Equal(t, []string{"NextTurn", "NextTurn", "NextTurn", "TakeTurn", "NextTurn", "EndWait"}, s.order())
}

func TestACancellationNowIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.SetStartTime(noon)
	s.realTime()
	answers(s, "NextTurn", turn(store.TurnNext, noon.AddDate(0, 1, 0), 1), turn(store.TurnEnd, noon.Add(time.Hour), 0), over)
	var when time.Time
	s.on("TakeTurn", func() error { when = s.Now(); return nil })
	s.after(time.Hour, func() { poke(s.TestWorkflowEnvironment) })
	s.ExecuteWorkflow(keys.TypePlanAssignment, keys.PlanAssignmentInput{})
	require.NoError(t, s.GetWorkflowError())
	require.WithinDuration(t, noon.Add(time.Hour), when, time.Second)
	require.Equal(t, []string{"NextTurn", "NextTurn", "TakeTurn", "NextTurn", "EndWait"}, s.order())
}

func TestARuleWithoutAnotherLotEndsItsIssuance(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "NextIssuance", activities.Issuance{DueAt: noon, Index: 0}, activities.Issuance{Over: true})
	s.on("IssueLot", nothing)
	s.ExecuteWorkflow(keys.TypeCreditIssuance, keys.CreditIssuanceInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"NextIssuance", "IssueLot", "NextIssuance", "EndWait"}, s.order())
}

func TestABillingRunThatIsPokedWhileItLeavesRunsAgain(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "PlanRun", activities.Run{DueAt: noon})
	answers(s, "CloseRun", activities.ClosedRun{})
	first := true
	s.SetOnActivityStartedListener(onActivity("EndWait", func() {
		if first {
			poke(s.TestWorkflowEnvironment)
		}
		first = false
	}))
	s.ExecuteWorkflow(keys.TypeBillingPeriod, keys.BillingPeriodInput{Boundary: noon})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"PlanRun", "CloseRun", "EndWait", "PlanRun", "CloseRun", "EndWait"}, s.order())
}
