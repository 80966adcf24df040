package workflows_test

import (
	"context"
	"testing"

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
