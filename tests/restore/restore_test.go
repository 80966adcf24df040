// Package restore_test tries the backup and restore that docs/operations.md describes: with Postgres's own tools, into a
// new cluster, beside a Temporal that knows nothing.
package restore_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/server"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

const secret = "restore-secret-restore-secret-restore"

// house is one installation: a database and a Temporal namespace of its own, and the Stripe account that all of them share.
type house struct {
	t    *testing.T
	url  string
	fake *stripefake.Server
	srv  *server.Server
	stop func()
	example.Client
}

func open(t *testing.T, url string, fake *stripefake.Server, stripe string) *house {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	temporal, err := devenv.TestTemporal(ctx)
	require.NoError(t, err)
	temporal, err = temporal.CreateNamespace(ctx, "restore-"+strings.ToLower(rand.Text()))
	require.NoError(t, err)
	cfg := config.Config{Secret: secret, Database: config.Database{URL: url, MaxConns: 16},
		HTTP:     config.HTTP{Addr: "127.0.0.1:0", Shutdown: 10 * time.Second},
		Temporal: config.Temporal{Address: temporal.HostPort, Namespace: temporal.Namespace, TaskQueue: "durabill"},
		Stripe:   config.Stripe{APIKey: "sk_test_restore", BaseURL: stripe}}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := server.New(ctx, cfg, server.Parts{API: true, Worker: true}, log)
	require.NoError(t, err)
	seeded, err := example.Seed(ctx, s.Store(), example.Vyndara, example.Demo(cfg.Derive("service-key"), api.Scopes()))
	require.NoError(t, err)
	fake.SetEndpoint("http://"+s.Addr()+"/webhooks/stripe/"+keys.Encode(keys.WebhookEndpoint, example.DemoEndpoint), example.DemoWebhookSecret)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	h := &house{t: t, url: url, fake: fake, srv: s, Client: example.Client{Base: "http://" + s.Addr(), Key: example.DemoKey.Reveal(), Realm: seeded.Realm.Code}}
	h.stop = sync.OnceFunc(func() {
		fake.RemoveEndpoint("http://" + s.Addr() + "/webhooks/stripe/" + keys.Encode(keys.WebhookEndpoint, example.DemoEndpoint))
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(h.stop)
	return h
}

// play tells the story to its end and says what it came to, without what differs between two tellings.
func (h *house) play(tell func(step string)) example.Billed {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 4*time.Minute)
	defer cancel()
	story, err := example.Play(ctx, h.Client, tell)
	require.NoError(h.t, err)
	billed, err := story.Billed(ctx)
	require.NoError(h.t, err)
	return billed
}

func (h *house) requireSound() {
	h.t.Helper()
	reports, err := h.srv.Store().VerifyRealms(h.t.Context())
	require.NoError(h.t, err)
	for _, r := range reports {
		require.Zero(h.t, r.Violations(), "%+v", r.Findings)
	}
}

func TestARestoredBackupBesideAnEmptyTemporalEndsWithTheSameNumbers(t *testing.T) {
	fake, err := stripefake.New(stripefake.Options{})
	require.NoError(t, err)
	stripe, stopFake, err := fake.Start("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { stopFake(); require.NoError(t, fake.Close()) })
	old := open(t, harness.Database(t), fake, stripe)

	dir := t.TempDir()
	resting, moving := filepath.Join(dir, "resting.dump"), filepath.Join(dir, "moving.dump")
	var dumps sync.WaitGroup
	want := old.play(func(step string) {
		t.Log(step)
		if strings.Contains(step, "AI compute") {
			dump(t, old.url, resting)
			dumps.Go(func() { dumpWhileAdvancing(t, old, moving) })
		}
	})
	dumps.Wait()
	charged := len(charges(t, stripe))
	require.Equal(t, 3, charged)
	roles := filepath.Join(dir, "roles.sql")
	tool(t, old.url, "pg_dumpall", "--roles-only", "--no-role-passwords", "--file", roles)
	old.requireRunning()
	old.stop()

	for name, backup := range map[string]string{"at rest": resting, "in the middle of a month's turn": moving} {
		t.Run(name, func(t *testing.T) {
			h := open(t, restore(t, roles, backup), fake, stripe)
			got := h.play(func(step string) { t.Log(step) })
			require.Equal(t, want, got)
			require.Len(t, charges(t, stripe), charged, "Stripe was asked again under the same keys")
			h.requireSound()
			h.requireRunning()
		})
	}
}

// dump takes a backup as the operations page says.
func dump(t *testing.T, url, file string) {
	t.Helper()
	tool(t, url, "pg_dump", "--format=custom", "--file", file)
}

// dumpWhileAdvancing takes the backup while the clock moves and a month is being turned.
func dumpWhileAdvancing(t *testing.T, h *house, file string) {
	require.Eventually(t, func() bool {
		var found struct{ Data []struct{ Status string } }
		return assert.NoError(t, h.Get(t.Context(), "/mgt/v1/test-clocks?name=demo", &found)) && found.Data[0].Status == "advancing"
	}, time.Minute, 5*time.Millisecond)
	dump(t, h.url, file)
}

// restore gives the backup a new cluster, as the operations page says.
func restore(t *testing.T, roles, backup string) string {
	t.Helper()
	cluster, err := devenv.StartCluster(t.Context(), devenv.ClusterConfig{Dir: filepath.Join(t.TempDir(), "restored"), MaxConnections: 60})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop(context.Background())) })
	// The superuser exists in every cluster, so psql must not stop at the first error.
	tool(t, cluster.URL("postgres"), "psql", "--quiet", "--file", roles)
	tool(t, cluster.URL("postgres"), "psql", "--quiet", "--command", "CREATE DATABASE durabill")
	tool(t, cluster.URL("durabill"), "pg_restore", "--exit-on-error", "--dbname", cluster.URL("durabill"), backup)
	return cluster.URL("durabill")
}

func tool(t *testing.T, url, name string, args ...string) {
	t.Helper()
	bin, err := devenv.FindPostgres(t.Context(), 0)
	require.NoError(t, err)
	program := filepath.Join(bin.Bin, name)
	if _, err := os.Stat(program); err != nil {
		program, err = exec.LookPath(name) // some systems keep clients apart from the server
		require.NoError(t, err)
	}
	if name != "pg_restore" {
		args = append([]string{"--dbname", url}, args...)
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}

// charges are what Stripe took, by its own account.
func charges(t *testing.T, stripe string) []any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, stripe+"/v1/charges?limit=100", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer sk_test_restore")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var list struct{ Data []any }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&list))
	return list.Data
}

// requireRunning wants Temporal to run exactly what the rows say is left to do, and the loops.
func (h *house) requireRunning() {
	h.t.Helper()
	ctx := h.t.Context()
	want := []string{"event-rating/0", "event-rating/1", "reconciler", "settlement/0", "settlement/1"}
	realms, err := h.srv.Store().Realms(ctx)
	require.NoError(h.t, err)
	for _, realm := range realms {
		call := store.Call{Realm: realm}
		work, err := h.srv.Store().ListUnfinishedOfRealm(ctx, call)
		require.NoError(h.t, err)
		accounts, _, err := h.srv.Store().ListUnfinished(ctx, call, uuid.Nil, 100)
		require.NoError(h.t, err)
		for _, u := range append(work, accounts...) {
			want = append(want, u.WorkflowID)
		}
	}
	slices.Sort(want)
	require.Greater(h.t, len(want), 5)
	require.EventuallyWithT(h.t, func(c *assert.CollectT) {
		// Temporal's list is behind by a moment.
		open, err := h.srv.Temporal().ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus = 'Running'"})
		require.NoError(c, err)
		var got []string
		for _, e := range open.GetExecutions() {
			got = append(got, e.GetExecution().GetWorkflowId())
		}
		slices.Sort(got)
		require.Equal(c, want, got)
	}, 30*time.Second, 200*time.Millisecond)
}
