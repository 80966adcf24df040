package devenv_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/devenv"
)

// clusterDir is a folder that the server's user can enter, which t.TempDir is not.
func clusterDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "devenv-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "postgres")
}

func startCluster(t *testing.T, dir string) *devenv.Cluster {
	t.Helper()
	c, err := devenv.StartCluster(t.Context(), devenv.ClusterConfig{Dir: dir, Durable: true, MaxConnections: 120})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Stop(context.Background()) })
	return c
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var value string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func postmaster(t *testing.T, c *devenv.Cluster) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.Dir, "data", "postmaster.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	require.NoError(t, err)
	return pid
}

func TestAClusterIsMadeStartedReusedStoppedAndContinued(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	c := startCluster(t, dir)
	require.False(t, c.Reused)
	require.Equal(t, "on", query(t, c.URL("postgres"), "SHOW fsync"))
	require.Equal(t, "120", query(t, c.URL("postgres"), "SHOW max_connections"))
	require.Equal(t, "127.0.0.1", query(t, c.URL("postgres"), "SHOW listen_addresses"))
	url, err := devenv.EnsureDatabase(t.Context(), c.URL("postgres"), "kept")
	require.NoError(t, err)
	require.Equal(t, c.URL("kept"), url)

	again := startCluster(t, dir)
	require.True(t, again.Reused)
	require.Equal(t, c.Port, again.Port)

	require.NoError(t, c.Stop(t.Context()))
	require.NoError(t, c.Stop(t.Context()), "stopping twice is no error")
	continued := startCluster(t, dir)
	require.False(t, continued.Reused)
	require.Equal(t, c.Port, continued.Port, "the port is kept")
	require.Equal(t, "kept", query(t, continued.URL("kept"), "SELECT current_database()"))
	_, err = devenv.EnsureDatabase(t.Context(), continued.URL("postgres"), "kept")
	require.NoError(t, err, "a database that exists is left alone")
}

func TestAKilledServerIsStartedAgainOverItsStalePidFile(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	c := startCluster(t, dir)
	pid := postmaster(t, c)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(t, func() bool { return syscall.Kill(pid, 0) != nil }, 10*time.Second, 10*time.Millisecond)
	// The pid now belongs to a live process that is no Postgres: this one.
	pidFile := filepath.Join(c.Dir, "data", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	stale := strings.Replace(string(text), strconv.Itoa(pid), strconv.Itoa(os.Getpid()), 1)
	require.NoError(t, os.WriteFile(pidFile, []byte(stale), 0o600))
	again := startCluster(t, dir)
	require.False(t, again.Reused)
	require.Equal(t, "1", query(t, again.URL("postgres"), "SELECT '1'"))
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	c := startCluster(t, clusterDir(t))
	_, err := devenv.StartCluster(t.Context(), devenv.ClusterConfig{Dir: clusterDir(t), Port: c.Port})
	require.ErrorContains(t, err, "port "+strconv.Itoa(c.Port)+" for Postgres is taken")
}

func TestRootsOwnFolderIsSwappedForOneTheServersUserCanEnter(t *testing.T) {
	t.Parallel()
	closed, err := os.MkdirTemp("", "devenv-closed-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(closed) })
	dir := filepath.Join(closed, "postgres")
	c := startCluster(t, dir)
	if os.Geteuid() == 0 {
		require.NotEqual(t, dir, c.Dir)
		t.Cleanup(func() { _ = os.RemoveAll(c.Dir); _ = os.Remove(c.Dir + ".lock") })
	} else {
		require.Equal(t, dir, c.Dir)
	}
	require.Equal(t, "1", query(t, c.URL("postgres"), "SELECT '1'"))
	require.True(t, startCluster(t, dir).Reused, "the second start finds the same place")
}
