// Package worker runs what Temporal and the dispatch tables have to do: workflows, activities, and the relay. It is importable, so that a command and a test run the same thing. It refuses HTTP and decisions.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/relay"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/workflows"
)

// TaskQueue is where workers and starters meet unless the configuration names another.
const TaskQueue = "durabill"

// Config is what a worker needs. Stripe is nil where no provider is configured.
type Config struct {
	Store     *store.Store
	Temporal  client.Client
	Stripe    *gateway.Stripe
	TaskQueue string
	Log       *slog.Logger
	// StopTimeout is how long running activities may take to end once the worker is told to stop.
	StopTimeout time.Duration
}

// Registry takes workflows and activities.
type Registry interface {
	workflows.Registry
	RegisterActivity(a any)
}

// Register gives a worker everything it may be asked to do.
func Register(r Registry, cfg Config) {
	workflows.Register(r)
	r.RegisterActivity(&activities.Activities{Store: cfg.Store, Stripe: cfg.Stripe, Temporal: cfg.Temporal})
}

// Run works until ctx ends, then lets running activities finish. It returns an error when it cannot work.
func Run(ctx context.Context, cfg Config) error {
	if cfg.TaskQueue == "" {
		cfg.TaskQueue = TaskQueue
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.StopTimeout == 0 {
		cfg.StopTimeout = 10 * time.Second
	}
	w := sdkworker.New(cfg.Temporal, cfg.TaskQueue, sdkworker.Options{WorkerStopTimeout: cfg.StopTimeout,
		Interceptors: []interceptor.WorkerInterceptor{&pulse{}}})
	Register(w, cfg)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	// Temporal may be away for a while: a worker that gave up would have to be started by somebody.
	for err := startLoops(ctx, cfg); err != nil && ctx.Err() == nil; err = startLoops(ctx, cfg) {
		cfg.Log.ErrorContext(ctx, "loops not started", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(loopsPause):
		}
	}
	relay.Relay{Store: cfg.Store, Temporal: cfg.Temporal, TaskQueue: cfg.TaskQueue, Log: cfg.Log}.Run(ctx)
	w.Stop()
	return nil
}

// loopsPause is between two attempts to start the loops.
const loopsPause = time.Second

// loop is a workflow that never ends and of which there is one.
type loop struct {
	id, workflow, summary string
	args                  []any
}

func loops() []loop {
	all := []loop{{id: keys.ReconcilerWorkflow, workflow: keys.TypeReconciler, summary: "What has something left to do runs", args: []any{keys.ReconcilerInput{}}}}
	for shard := range store.Shards {
		in := keys.ShardInput{Shard: shard, Shards: store.Shards}
		of := fmt.Sprintf(", shard %d of %d", shard, store.Shards)
		all = append(all,
			loop{id: keys.SettlementWorkflow(shard), workflow: keys.TypeSettlement, summary: keys.TypeSettlement + of, args: []any{in}},
			loop{id: keys.EventRatingWorkflow(shard), workflow: keys.TypeEventRating, summary: keys.TypeEventRating + of, args: []any{in}})
	}
	return all
}

// startLoops sees to it that every loop runs; one that runs already is left alone.
func startLoops(ctx context.Context, cfg Config) error {
	for _, l := range loops() {
		_, err := cfg.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: l.id, TaskQueue: cfg.TaskQueue,
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			StaticSummary:            l.summary, TypedSearchAttributes: relay.Attributes("", "", "running")}, l.workflow, l.args...)
		if err != nil {
			return fmt.Errorf("start %s: %w", l.id, err)
		}
	}
	return nil
}
