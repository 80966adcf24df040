package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/workflows"
)

// stuckAfter fails a workflow that nothing drives any more; a busy machine must not look like one.
const stuckAfter = time.Minute

func newEnv(t *testing.T, id string) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(stuckAfter)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: "test"})
	workflows.Register(env)
	return env
}

// onWait calls back when the workflow has been told to wait for an instant of a test clock.
func onWait(t *testing.T, env *testsuite.TestWorkflowEnvironment, waiting func(due time.Time)) {
	t.Helper()
	due := map[string]time.Time{}
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
		if info.ActivityType.Name == "EnterWait" {
			var in activities.EnterWaitInput
			require.NoError(t, args.Get(&in))
			due[info.ActivityID] = in.Due
		}
	})
	env.SetOnActivityCompletedListener(func(info *activity.Info, result converter.EncodedValue, err error) {
		if info.ActivityType.Name != "EnterWait" || err != nil {
			return
		}
		var state activities.WaitState
		require.NoError(t, result.Get(&state))
		if state.OnClock && !state.Reached {
			waiting(due[info.ActivityID])
		}
	})
}

func poke(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow(keys.PokeSignal, nil) }
