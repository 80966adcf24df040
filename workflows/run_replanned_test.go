package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
