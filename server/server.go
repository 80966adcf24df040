// Package server puts store, provider, API and worker together into a running process, and takes them down in order: stop
// taking requests, let them end, let activities end, close the database. Commands and tests start the same thing. It refuses
// every decision.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/relay"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/telemetry"
	"github.com/durabill/durabill/worker"
)

// Parts says which halves of the system this process runs.
type Parts struct {
	API    bool
	Worker bool
}

// Server is a process that is about to run.
type Server struct {
	cfg      config.Config
	parts    Parts
	log      *slog.Logger
	store    *store.Store
	temporal client.Client
	stripe   *gateway.Stripe
	direct   *relay.Direct
	router   *api.Router
	listener net.Listener
	metrics  net.Listener
	registry *prometheus.Registry
	records  *telemetry.Telemetry
	draining atomic.Bool
	stopping chan struct{} // closed when no new connection is taken
}

// New connects everything and begins to listen, so that whoever gets a Server knows its addresses.
func New(ctx context.Context, cfg config.Config, parts Parts, log *slog.Logger) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, parts: parts, log: slog.New(telemetry.Logged(log.Handler())), registry: prometheus.NewRegistry(), stopping: make(chan struct{})}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := s.connect(ctx); err != nil {
		s.close()
		return nil, err
	}
	if err := s.listen(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) connect(ctx context.Context) error {
	have, want, err := store.SchemaLevel(ctx, s.cfg.Database.URL)
	if err != nil {
		return err
	}
	if s.records, err = telemetry.Open(ctx, s.cfg.Version, s.registry); err != nil {
		return err
	}
	if have < want {
		return fmt.Errorf("the schema is at level %d, this binary needs %d: run `durabill migrate`", have, want)
	}
	if s.store, err = store.Open(ctx, store.Config{URL: s.cfg.Database.URL, MaxConns: s.cfg.Database.MaxConns, Log: s.log,
		Tracer: s.records.SQL()}); err != nil {
		return err
	}
	s.registry.MustRegister(backlog{s.store}, parkings(s.store))
	if s.temporal, err = dial(s.cfg.Temporal, s.log, s.records); err != nil {
		return err
	}
	s.direct = relay.Relay{Store: s.store, Temporal: s.temporal, TaskQueue: s.cfg.Temporal.TaskQueue, Log: s.log}.Direct()
	s.store.OnOutbox(s.direct.Take)
	if s.cfg.Stripe.APIKey == "" {
		return nil
	}
	s.stripe, err = gateway.New(gateway.Config{APIKey: s.cfg.Stripe.APIKey, BaseURL: s.cfg.Stripe.BaseURL})
	return err
}

func (s *Server) listen(ctx context.Context) error {
	if !s.parts.API {
		return s.listenMetrics(ctx)
	}
	s.router = api.New(s.deps())
	var lc net.ListenConfig
	var err error
	if s.listener, err = lc.Listen(ctx, "tcp", s.cfg.HTTP.Addr); err != nil {
		return err
	}
	return s.listenMetrics(ctx)
}

func (s *Server) listenMetrics(ctx context.Context) error {
	if s.cfg.HTTP.MetricsAddr == "" {
		return nil
	}
	var lc net.ListenConfig
	var err error
	s.metrics, err = lc.Listen(ctx, "tcp", s.cfg.HTTP.MetricsAddr)
	return err
}

// Addr is where the API listens.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// MetricsAddr is where the metrics are read; empty when nowhere.
func (s *Server) MetricsAddr() string {
	if s.metrics == nil {
		return ""
	}
	return s.metrics.Addr().String()
}

// Store gives the store of the running process, for a command that works beside it.
func (s *Server) Store() *store.Store { return s.store }

// Temporal gives the client of the running process.
func (s *Server) Temporal() client.Client { return s.temporal }

// OpenAPI is the document that the API serves.
func (s *Server) OpenAPI() ([]byte, error) { return s.router.OpenAPI() }

// Run serves until ctx ends, and returns when everything has come to an end.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	// The API outlives the signal by the time that its requests need; the worker stops by itself.
	group, stop := errgroup.WithContext(ctx)
	if s.parts.API {
		group.Go(func() error { return s.serve(s.lameDuck(stop), s.listener, s.router) })
	}
	if s.metrics != nil {
		group.Go(func() error { return s.serve(s.lameDuck(stop), s.metrics, s.metricsHandler()) })
	}
	if s.parts.Worker {
		group.Go(func() error {
			return worker.Run(stop, worker.Config{Store: s.store, Temporal: s.temporal, Stripe: s.stripe, TaskQueue: s.cfg.Temporal.TaskQueue,
				Log: s.log, StopTimeout: s.cfg.HTTP.Shutdown})
		})
	}
	return group.Wait()
}

// lameDuck ends some time after ctx. In between the process answers as before and says that it is not ready, so that nobody
// is sent to a closed door.
func (s *Server) lameDuck(ctx context.Context) context.Context {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		if !s.draining.Swap(true) {
			time.AfterFunc(s.cfg.HTTP.Drain, func() { close(s.stopping) })
		}
		time.AfterFunc(s.cfg.HTTP.Drain, end)
	})
	return later
}

// serve answers until ctx ends; then it takes no new connection, and lets what runs come to its end.
func (s *Server) serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := api.NewServer(l.Addr().String(), h)
	srv.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.HTTP.Shutdown)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *Server) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	// A worker has no other door at which a supervisor could knock.
	mux.Handle("/", api.Probes(api.Deps{Log: s.log, Ready: s.checks(), Version: s.cfg.Version}))
	return mux
}

func (s *Server) close() {
	for _, l := range []net.Listener{s.listener, s.metrics} {
		if l != nil {
			_ = l.Close()
		}
	}
	if s.direct != nil {
		s.direct.Close()
	}
	if s.temporal != nil {
		s.temporal.Close()
	}
	if s.stripe != nil {
		s.stripe.Close()
	}
	if s.store != nil {
		s.store.Close()
	}
	if s.records != nil {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		if err := s.records.Close(ctx); err != nil {
			s.log.Warn("telemetry not sent", "error", err)
		}
	}
}

// flushTimeout keeps a collector that is away from holding up the end of the process.
const flushTimeout = 2 * time.Second

func (s *Server) deps() api.Deps {
	ring := store.NewKeyRing(s.store, s.cfg.Derive("service-key"))
	deps := api.Deps{Store: s.store, Keys: ring, Authenticate: api.AuthenticateBy(ring), CursorKey: s.cfg.Derive("cursor"),
		LeaseSecret: s.cfg.Derive("lease"), Log: s.log, Metrics: s.registry, Ready: s.checks(), Trace: s.records.HTTP(), Stopping: s.stopping,
		Version: s.cfg.Version}
	if s.stripe != nil {
		deps.OpenCheckout = s.stripe.CreateCheckoutSession
	}
	return deps
}
