package devenv_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/devenv"
)

var billingStatus = temporal.NewSearchAttributeKeyKeyword("BillingStatus")

func mark(ctx workflow.Context) error {
	return workflow.UpsertTypedSearchAttributes(ctx, billingStatus.ValueSet("active"))
}

// runMarked runs a workflow that sets a search attribute and finds it by that attribute.
func runMarked(t *testing.T, at devenv.Endpoint) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.Dial(client.Options{HostPort: at.HostPort, Namespace: at.Namespace})
	require.NoError(t, err)
	defer c.Close()
	queue := "devenv-" + uuid.NewString()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(mark)
	require.NoError(t, w.Start())
	defer w.Stop()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, mark)
	require.NoError(t, err)
	require.NoError(t, run.Get(ctx, nil))
	require.Eventually(t, func() bool {
		listed, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: "BillingStatus = 'active' AND WorkflowId = '" + queue + "'",
		})
		return err == nil && len(listed.GetExecutions()) == 1
	}, 10*time.Second, 50*time.Millisecond)
}

func TestTheSharedTemporalServerRunsWorkflowsWithSearchAttributes(t *testing.T) {
	t.Parallel()
	at, err := devenv.TestTemporal(t.Context())
	require.NoError(t, err)
	runMarked(t, at)
}

func TestANewNamespaceIsUsableAtOnceAndKnowsTheSearchAttributes(t *testing.T) {
	t.Parallel()
	at, err := devenv.TestTemporal(t.Context())
	require.NoError(t, err)
	start := time.Now()
	own, err := at.CreateNamespace(t.Context(), "devenv-"+uuid.NewString())
	require.NoError(t, err)
	t.Logf("made in %s", time.Since(start))
	require.Less(t, time.Since(start), 10*time.Second)
	runMarked(t, own)
}

func TestTheSharedServersAreTheSameForEveryCaller(t *testing.T) {
	t.Parallel()
	first, err := devenv.TestTemporal(t.Context())
	require.NoError(t, err)
	second, err := devenv.TestTemporal(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, second)
	one, err := devenv.TestPostgres(t.Context())
	require.NoError(t, err)
	other, err := devenv.TestPostgres(t.Context())
	require.NoError(t, err)
	require.Equal(t, one, other)
}
