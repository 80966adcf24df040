package worker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// The activity says nothing of itself; its worker's pulse is what Temporal misses when the worker is killed.
func TestAnActivityThatIsAtWorkIsHeardOfWithoutItsDoing(t *testing.T) {
	t.Parallel()
	heard := make(chan struct{}, 1000)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&pulse{}}})
	env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { heard <- struct{}{} })
	silent := func(ctx context.Context) error {
		select {
		case <-heard:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	env.RegisterActivityWithOptions(silent, activity.RegisterOptions{Name: "silent"})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, HeartbeatTimeout: 300 * time.Millisecond})
		return workflow.ExecuteActivity(ctx, "silent").Get(ctx, nil)
	})
	require.NoError(t, env.GetWorkflowError())
}
