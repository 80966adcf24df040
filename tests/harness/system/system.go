// Package system gives tests the whole of Durabill, running in the test's own process on real parts. It stands apart from
// harness so that the packages it is made of can use that in their own tests.
package system

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/server"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/contract"
	"github.com/durabill/durabill/tests/harness"
)

// Running is the whole system in this process: a database of its own, a Temporal namespace of its own, API, worker, and a fake
// Stripe that delivers its events, with the example's catalog loaded.
type Running struct {
	example.Client
	Server *server.Server
	Fake   *stripefake.Server
	Stripe string     // address of the fake
	Call   store.Call // into the example's realm
	URL    string     // of the database, as its owner
}

// Secret is the installation's; with it a test opens realms of its own.
const Secret = "test-secret-test-secret-test-secret-test-secret-"

// Options are what a test wants to be different.
type Options struct {
	// APIDatabase gives the API another way to the database, such as a proxy; the worker keeps the straight one.
	APIDatabase func(url string) string
}

// Start starts the whole system; every exchange is held to the OpenAPI document.
func Start(t testing.TB) *Running {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith is Start with options.
func StartWith(t testing.TB, options Options) *Running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	url := harness.Database(t)
	temporal, err := devenv.TestTemporal(ctx)
	require.NoError(t, err)
	temporal, err = temporal.CreateNamespace(ctx, "test-"+strings.ToLower(rand.Text()))
	require.NoError(t, err)
	fake, err := stripefake.New(stripefake.Options{})
	require.NoError(t, err)
	stripe, stop, err := fake.Start("127.0.0.1:0")
	require.NoError(t, err)
	cfg := config.Config{Secret: Secret, Database: config.Database{URL: url, MaxConns: 16},
		HTTP:     config.HTTP{Addr: "127.0.0.1:0", MetricsAddr: "127.0.0.1:0", Shutdown: 10 * time.Second},
		Temporal: config.Temporal{Address: temporal.HostPort, Namespace: temporal.Namespace, TaskQueue: "durabill"},
		Stripe:   config.Stripe{APIKey: "sk_test_harness", BaseURL: stripe}}
	ended := make(chan error, 2)
	run := func(s *server.Server) { ended <- s.Run(ctx) }
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	parts, processes := server.Parts{API: true, Worker: true}, 1
	if options.APIDatabase != nil {
		worker, err := server.New(ctx, cfg, server.Parts{Worker: true}, log)
		require.NoError(t, err)
		go run(worker)
		parts.Worker, processes = false, 2
		cfg.Database.URL = options.APIDatabase(url)
	}
	s, err := server.New(ctx, cfg, parts, log)
	require.NoError(t, err)
	seeded, err := example.Seed(ctx, s.Store(), example.Vyndara, example.Demo(cfg.Derive("service-key"), api.Scopes()))
	require.NoError(t, err)
	realm := seeded.Realm
	base := "http://" + s.Addr()
	fake.SetEndpoint(base+"/webhooks/stripe/"+keys.Encode(keys.WebhookEndpoint, example.DemoEndpoint), example.DemoWebhookSecret)
	go run(s)
	t.Cleanup(func() {
		cancel()
		for range processes {
			require.NoError(t, <-ended)
		}
		stop()
		require.NoError(t, fake.Close())
	})
	document, err := s.OpenAPI()
	require.NoError(t, err)
	r := &Running{Server: s, Fake: fake, Stripe: stripe, Call: store.Call{Realm: realm.ID, Actor: "test"}, URL: url,
		Client: example.Client{Base: base, Key: example.DemoKey.Reveal(), Realm: realm.Code}}
	r.HTTP = &http.Client{Transport: contract.Watch(t, document, nil), Timeout: 30 * time.Second}
	return r
}
