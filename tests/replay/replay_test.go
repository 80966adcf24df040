package replay_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/workflows"
)

const folder = "histories"

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
