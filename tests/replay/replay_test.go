package replay_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/workflows"
)

const folder = "histories"

// types are those that workflows.Register registers.
var types = []string{keys.TypePlanAssignment, keys.TypeCreditIssuance, keys.TypeBillingPeriod, keys.TypeInvoice, keys.TypeStripeEvent, keys.TypeCheckout,
	keys.TypeSettlement, keys.TypeEventRating, keys.TypeTestClock, keys.TypeReconciler}

func corpus(t *testing.T) map[string]*history.History {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	all := map[string]*history.History{}
	for _, file := range files {
		f, err := os.Open(file)
		require.NoError(t, err)
		h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
		require.NoError(t, err, file)
		require.NoError(t, f.Close())
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = h
	}
	return all
}

func typeOf(h *history.History) string {
	return h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()
}

func TestEveryRecordedHistoryReplays(t *testing.T) {
	t.Parallel()
	for name, h := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replayer := sdkworker.NewWorkflowReplayer()
			workflows.Register(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistory(nil, h))
		})
	}
}

// TestEveryWorkflowHasThreeHistories wants each type to have gone well, to have been cancelled, and to have met an activity that
// failed at first.
func TestEveryWorkflowHasThreeHistories(t *testing.T) {
	t.Parallel()
	have, seen := map[string]int{}, map[string]bool{}
	for _, h := range corpus(t) {
		have[typeOf(h)]++
		for _, e := range h.GetEvents() {
			switch {
			case e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
				seen[typeOf(h)+" cancelled"] = true
			case e.GetActivityTaskStartedEventAttributes().GetAttempt() > 1:
				seen[typeOf(h)+" after a failure"] = true
			case e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
				seen[typeOf(h)+" continued as new"] = true
			}
		}
	}
	require.Len(t, have, len(types))
	for _, name := range types {
		require.GreaterOrEqual(t, have[name], 3, name)
		require.True(t, seen[name+" cancelled"], name)
		require.True(t, seen[name+" after a failure"], name)
	}
	for _, name := range []string{keys.TypePlanAssignment, keys.TypeCreditIssuance} {
		require.True(t, seen[name+" continued as new"], name)
	}
}

// TestAChangedWorkflowDoesNotReplay shows that the net holds: a workflow that begins with another activity than it did, or with
// none, is refused by each history of its type.
func TestAChangedWorkflowDoesNotReplay(t *testing.T) {
	t.Parallel()
	changes := map[string]any{
		"another activity": func(ctx workflow.Context, _ any) error {
			return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 1}),
				(*activities.Activities).ParkAccount, activities.ParkAccountInput{}).Get(ctx, nil)
		},
		"two timers": func(ctx workflow.Context, _ any) error {
			workflow.NewTimer(ctx, 1)
			return workflow.Sleep(ctx, 1)
		},
		"nothing": func(workflow.Context, any) error { return nil },
	}
	for name, h := range corpus(t) {
		for change, w := range changes {
			t.Run(name+" with "+change, func(t *testing.T) {
				t.Parallel()
				replayer := sdkworker.NewWorkflowReplayer()
				replayer.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: typeOf(h)})
				require.Error(t, replayer.ReplayWorkflowHistory(nil, h))
			})
		}
	}
}
