package devenv_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/durabill/durabill/devenv"
)

func TestATemporalServerKeepsItsWorkflowsOverARestart(t *testing.T) {
	t.Parallel()
	postgres, err := devenv.TestPostgres(t.Context())
	require.NoError(t, err)
	binary, err := devenv.BuildDevstack(t.Context(), nil)
	require.NoError(t, err)
	cfg := devenv.TemporalConfig{
		Binary: binary, PostgresURL: postgres, Database: "devenv_restart", Namespace: "kept",
		LogFile: filepath.Join(t.TempDir(), "temporal.log"),
	}
	first, err := devenv.StartTemporal(t.Context(), cfg)
	require.NoError(t, err)
	require.Empty(t, first.UIURL)
	sleeping := client.StartWorkflowOptions{ID: "sleeping", TaskQueue: "nobody-polls"}
	run := start(t, first.Endpoint, sleeping)
	require.NoError(t, first.Stop(t.Context()))
	<-first.Done()

	second, err := devenv.StartTemporal(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = second.Stop(t.Context()) })
	require.Equal(t, run, start(t, second.Endpoint, sleeping), "the same run still has the id")
}

func start(t *testing.T, at devenv.Endpoint, options client.StartWorkflowOptions) string {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: at.HostPort, Namespace: at.Namespace})
	require.NoError(t, err)
	defer c.Close()
	run, err := c.ExecuteWorkflow(t.Context(), options, "Sleeping")
	require.NoError(t, err)
	return run.GetRunID()
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	binary, err := devenv.BuildDevstack(t.Context(), nil)
	require.NoError(t, err)
	begun := time.Now()
	_, err = devenv.StartTemporal(t.Context(), devenv.TemporalConfig{
		Binary: binary, PostgresURL: "mysql://nowhere", LogFile: filepath.Join(t.TempDir(), "temporal.log"),
	})
	require.ErrorContains(t, err, "--postgres-url must look like")
	require.Less(t, time.Since(begun), 30*time.Second)
}
