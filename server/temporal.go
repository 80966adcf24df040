package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	tlog "go.temporal.io/sdk/log"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/telemetry"
)

// dial connects to Temporal by its own settings, and by ours where they say more.
func dial(cfg config.Temporal, log *slog.Logger, t *telemetry.Telemetry) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("temporal settings: %w", err)
	}
	if cfg.Address != "" {
		options.HostPort = cfg.Address
	}
	if cfg.Namespace != "" {
		options.Namespace = cfg.Namespace
	}
	options.Logger = tlog.NewStructuredLogger(log)
	if err := t.Temporal(&options, keys.TypeSettlement, keys.TypeEventRating); err != nil {
		return nil, err
	}
	c, err := client.Dial(options)
	if err != nil {
		return nil, fmt.Errorf("temporal at %s: %w", options.HostPort, err)
	}
	return c, nil
}

// checks are what the process stands on.
func (s *Server) checks() []api.Check {
	return []api.Check{
		{Name: "serving", Func: func(context.Context) error {
			if s.draining.Load() {
				return errors.New("shutting down")
			}
			return nil
		}},
		{Name: "database", Func: s.store.Ping},
		{Name: "schema", Func: s.schemaIsCurrent},
		{Name: "temporal", Func: func(ctx context.Context) error {
			_, err := s.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}},
		{Name: "worker", Func: s.workerPolls},
	}
}

func (s *Server) schemaIsCurrent(ctx context.Context) error {
	have, want, err := store.SchemaLevel(ctx, s.cfg.Database.URL)
	if err == nil && have < want {
		err = fmt.Errorf("schema level %d, need %d", have, want)
	}
	return err
}

// workerPolls asks Temporal whether anyone takes the work that this API sends.
func (s *Server) workerPolls(ctx context.Context) error {
	for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
		queue, err := s.temporal.DescribeTaskQueue(ctx, s.cfg.Temporal.TaskQueue, kind)
		if err != nil {
			return err
		}
		if len(queue.GetPollers()) == 0 {
			return fmt.Errorf("nobody polls %s for %s", s.cfg.Temporal.TaskQueue, kind)
		}
	}
	return nil
}
