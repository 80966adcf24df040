package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

func TestALoopContinuesAsNewAfterItsRounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, do string
		input    []any
		rounds   int
	}{
		"settlement":                      {keys.TypeSettlement, "SettleShard", []any{keys.ShardInput{Shard: 1, Shards: 4}}, 50},
		"settlement in short runs":        {keys.TypeSettlement, "SettleShard", []any{keys.ShardInput{Shard: 1, Shards: 4, Rounds: 3}}, 3},
		"rating":                          {keys.TypeEventRating, "RateShard", []any{keys.ShardInput{Shard: 1, Shards: 4}}, 50},
		"reconciler":                      {keys.TypeReconciler, "Reconcile", []any{keys.ReconcilerInput{}}, 200},
		"reconciler started with nothing": {keys.TypeReconciler, "Reconcile", nil, 200},
		"reconciler in short runs":        {keys.TypeReconciler, "Reconcile", []any{keys.ReconcilerInput{Rounds: 2}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			answers(s, "SettleShard", activities.ShardResult{Items: 1})
			answers(s, "RateShard", activities.ShardResult{Items: 1})
			answers(s, "Reconcile", activities.Reconciled{})
			s.on("Tidy", nothing)
			s.ExecuteWorkflow(c.kind, c.input...)
			var again *workflow.ContinueAsNewError
			require.ErrorAs(t, s.GetWorkflowError(), &again)
			require.Equal(t, c.rounds, s.times(c.do))
			require.Len(t, again.Input.GetPayloads(), 1, "the next run has the same input")
		})
	}
}

func TestAClockWithALongWayToGoContinuesAsNew(t *testing.T) {
	t.Parallel()
	s, _ := clockScript(t, []activities.ClockStep{{Now: noon}}, activities.Rest{})
	s.ExecuteWorkflow(keys.TypeTestClock, keys.TestClockInput{})
	require.True(t, workflow.IsContinueAsNewError(s.GetWorkflowError()))
	require.Equal(t, 50, s.times("StepClock"))
}
