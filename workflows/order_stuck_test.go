package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

func TestALoopThatIsRefusedGoesOnAfterAPause(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	began := s.Now()
	s.play("SettleShard", func(context.Context, activities.ShardInput) (activities.ShardResult, error) {
		if s.note("SettleShard") <= 3 {
			return activities.ShardResult{}, refusal("not_found")
		}
		return activities.ShardResult{}, nil
	})
	s.ExecuteWorkflow(keys.TypeSettlement, keys.ShardInput{Shards: 1})
	require.True(t, workflow.IsContinueAsNewError(s.GetWorkflowError()), "%v", s.GetWorkflowError())
	require.Equal(t, 50, s.times("SettleShard"))
	require.GreaterOrEqual(t, s.Now().Sub(began).Seconds(), 45.0, "three pauses of fifteen seconds")
}

func TestAClockWhoseStepIsRefusedEndsBlockedAndSaysWhy(t *testing.T) {
	t.Parallel()
	s, finished := clockScript(t, nil, activities.Rest{})
	s.play("StepClock", func(context.Context, activities.ClockInput) (activities.ClockStep, error) {
		s.note("StepClock")
		return activities.ClockStep{}, refusal("not_found")
	})
	s.ExecuteWorkflow(keys.TypeTestClock, keys.TestClockInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Len(t, *finished, 1)
	require.Len(t, (*finished)[0], 1)
	require.Contains(t, (*finished)[0][0], "not_found")
}

func TestAStepOfAParkedAccountWaitsToBeToldAndDoesNotParkItAgain(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "InspectInvoice", invoiceAt(activities.StepFinalize), invoiceAt(activities.StepDone))
	s.on("ParkAccount", func() error { return nil })
	s.play("FinalizeInvoice", func(context.Context, any) (activities.InvoiceState, error) {
		if s.note("FinalizeInvoice") == 1 {
			return activities.InvoiceState{}, refusal("account_parked")
		}
		return activities.InvoiceState{}, nil
	})
	s.after(90*24*time.Hour, func() {
		require.Equal(t, 1, s.times("FinalizeInvoice"), "nothing is tried while it is parked")
		poke(s.TestWorkflowEnvironment)
	})
	s.ExecuteWorkflow(keys.TypeInvoice, keys.InvoiceInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"InspectInvoice", "FinalizeInvoice", "FinalizeInvoice", "InspectInvoice", "EndWait"}, s.order())
}
