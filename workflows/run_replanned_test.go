package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

func TestABillingRunWhoseInstantMovedAwayIsPlannedAgain(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "PlanRun", activities.Run{DueAt: noon})
	answers(s, "CloseRun", activities.ClosedRun{Early: true}, activities.ClosedRun{})
	s.ExecuteWorkflow(keys.TypeBillingPeriod, keys.BillingPeriodInput{Boundary: noon})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"PlanRun", "CloseRun", "PlanRun", "CloseRun", "EndWait"}, s.order())
}

func TestARunOfAClosedAccountEndsWithoutBilling(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "PlanRun", activities.Run{DueAt: noon, Over: true})
	s.ExecuteWorkflow(keys.TypeBillingPeriod, keys.BillingPeriodInput{Boundary: noon})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"PlanRun", "EndWait"}, s.order())
}

// Ten minutes are given to it, and ten seconds until it is missed.
func TestARunThatIsBeingClosedIsMissedSoonAfterItsWorkerIsKilled(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "PlanRun", activities.Run{DueAt: noon})
	answers(s, "CloseRun", activities.ClosedRun{})
	missed := map[string]time.Duration{}
	s.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		missed[info.ActivityType.Name] = info.HeartbeatTimeout
	})
	s.ExecuteWorkflow(keys.TypeBillingPeriod, keys.BillingPeriodInput{Boundary: noon})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, 10*time.Second, missed["CloseRun"])
}
