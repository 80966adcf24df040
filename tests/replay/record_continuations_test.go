package replay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/worker"
)

// recordContinuations lets the workflows that go on for ever, and a clock that has a long way to go, end a run by continuing as
// new, and keeps that run and the one after it. The loops are asked for short runs: theirs take an hour and more.
func recordContinuations(t *testing.T) {
	r := newRecorder(t, harness.Setting{Now: start.Add(-11 * time.Hour)})
	shard := keys.ShardInput{Shards: 4, Rounds: 2}
	r.restart(keys.SettlementWorkflow(0), keys.TypeSettlement, shard)
	r.restart(keys.EventRatingWorkflow(0), keys.TypeEventRating, shard)
	r.restart(keys.ReconcilerWorkflow, keys.TypeReconciler, keys.ReconcilerInput{Rounds: 1})
	r.Assign(start)
	_, err := r.Store.AdvanceClock(t.Context(), r.Call, r.Clock.ID, start.AddDate(3, 0, 0)) // some seventy due instants
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		c, err := r.Store.FindClock(t.Context(), r.Call, r.Clock.ID)
		require.NoError(t, err)
		require.NotEqual(t, models.ClockBlocked, c.Status, c.BlockedOn)
		return c.Status == models.ClockReady
	}, 10*time.Minute, time.Second)
	r.ended(keys.TestClockWorkflow(r.Clock.ID))
	r.keepChain("test_clock_continued", keys.TestClockWorkflow(r.Clock.ID), 2)
	for name, workflow := range map[string]string{"settlement_continued": keys.SettlementWorkflow(0), "event_rating_continued": keys.EventRatingWorkflow(0),
		"reconciler_continued": keys.ReconcilerWorkflow} {
		r.second(workflow)
		r.keepChain(name, workflow, 2)
	}
	require.Empty(t, r.Sound())
}

// restart cancels a loop that the worker began and begins it with another input.
func (r *recorder) restart(workflow, kind string, input any) {
	r.t.Helper()
	r.running(workflow)
	r.cancel("", workflow)
	_, err := r.temporal.ExecuteWorkflow(r.t.Context(), client.StartWorkflowOptions{ID: workflow, TaskQueue: worker.TaskQueue}, kind, input)
	require.NoError(r.t, err)
}

// second waits until a workflow's second run has had the answer of an activity.
func (r *recorder) second(workflow string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		d, err := r.temporal.DescribeWorkflowExecution(r.t.Context(), workflow, "")
		require.NoError(r.t, err)
		run := d.GetWorkflowExecutionInfo()
		if run.GetExecution().GetRunId() == run.GetFirstRunId() {
			return false
		}
		for it := r.temporal.GetWorkflowHistory(r.t.Context(), workflow, run.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
			e, err := it.Next()
			require.NoError(r.t, err)
			if e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED {
				return true
			}
		}
		return false
	}, 10*time.Minute, 2*time.Second)
}
