package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/store"
)

// maxConns is what an API process takes; more would only queue inside Postgres on a small machine.
const maxConns = 20

// house is the API on its own database, as an API process runs it: authorize and commit never talk to Temporal, so none is here.
type house struct {
	store  *store.Store
	server *http.Server
	client example.Client
	url    string
	// principals are the accounts that the load spreads over.
	principals []string
	runs       int
	statements atomic.Int64
}

// TraceQueryStart counts the statements that are sent.
func (h *house) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	h.statements.Add(1)
	return ctx
}

// TraceQueryEnd completes the interface; an answer is not counted again.
func (h *house) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func openHouse(ctx context.Context, cluster *devenv.Cluster, accounts int) (*house, error) {
	h := &house{url: cluster.URL("bench_durabill")}
	if err := recreate(ctx, cluster, "bench_durabill"); err != nil {
		return nil, err
	}
	if _, err := store.Migrate(ctx, h.url); err != nil {
		return nil, err
	}
	var err error
	quiet := slog.New(slog.DiscardHandler)
	if h.store, err = store.Open(ctx, store.Config{URL: h.url, MaxConns: maxConns, Log: quiet, Tracer: h}); err != nil {
		return nil, err
	}
	cfg := config.Config{Secret: strings.Repeat("bench-secret-", 4)}
	seeded, err := example.Seed(ctx, h.store, example.Vyndara, example.Demo(cfg.Derive("service-key"), api.Scopes()))
	if err != nil {
		return nil, err
	}
	if err := h.open(ctx, store.Call{Realm: seeded.Realm.ID, Actor: "bench"}, accounts); err != nil {
		return nil, err
	}
	ring := store.NewKeyRing(h.store, cfg.Derive("service-key"))
	router := api.New(api.Deps{Store: h.store, Keys: ring, Authenticate: api.AuthenticateBy(ring), CursorKey: cfg.Derive("cursor"),
		LeaseSecret: cfg.Derive("lease"), Log: quiet})
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.server = api.NewServer(l.Addr().String(), router)
	go func() { _ = h.server.Serve(l) }() // ends with close
	h.client = example.Client{Base: "http://" + l.Addr().String(), Key: example.DemoKey.Reveal(), Realm: seeded.Realm.Code,
		HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024}}}
	return h, nil
}

func recreate(ctx context.Context, cluster *devenv.Cluster, name string) error {
	conn, err := pgx.Connect(ctx, cluster.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, q := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name} {
		if _, err := conn.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// open gives every account the example's plan in real time, and begins its first period as its workflow would.
func (h *house) open(ctx context.Context, call store.Call, accounts int) error {
	plans, _, err := h.store.ListPlans(ctx, call, store.Page{Limit: 50}, store.PlanFilter{})
	if err != nil {
		return err
	}
	for n := range accounts {
		principal := fmt.Sprintf("bench-%06d", n)
		account, err := h.store.CreateAccount(ctx, call, store.NewAccount{PrincipalID: principal, Name: principal, Email: "bench@durabill.example", Timezone: "UTC"})
		if err != nil {
			return err
		}
		for _, p := range plans {
			if p.Code != "api-starter" {
				continue
			}
			assigned, err := h.store.AssignPlan(ctx, call, store.NewAssignment{Account: account.ID, Plan: p.ID, SourceKind: "bench", SourceRef: principal})
			if err != nil {
				return err
			}
			turn, err := h.store.NextTurn(ctx, call, assigned.Assignment.ID)
			if err != nil {
				return err
			}
			if err := h.store.TakeTurn(ctx, call, assigned.Assignment.ID, turn); err != nil {
				return err
			}
		}
		h.principals = append(h.principals, principal)
	}
	return nil
}

func (h *house) close() {
	if h.server != nil {
		_ = h.server.Close()
	}
	if h.store != nil {
		h.store.Close()
	}
}
