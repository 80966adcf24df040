package main

import (
	"context"

	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/server"
	"github.com/durabill/durabill/store"
)

type serveCommand struct {
	config.Config `embed:""`
	Migrate       bool `env:"DURABILL_MIGRATE" help:"Bring the schema up to date first."`
}

func (c *serveCommand) Run(ctx context.Context) error {
	return run(ctx, c.Config, server.Parts{API: true, Worker: true}, c.Migrate)
}

type apiCommand struct {
	config.Config `embed:""`
}

func (c *apiCommand) Run(ctx context.Context) error {
	return run(ctx, c.Config, server.Parts{API: true}, false)
}

type workerCommand struct {
	config.Config `embed:""`
}

func (c *workerCommand) Run(ctx context.Context) error {
	return run(ctx, c.Config, server.Parts{Worker: true}, false)
}

func run(ctx context.Context, cfg config.Config, parts server.Parts, migrate bool) error {
	log := cfg.Log.Logger()
	cfg.Version = version
	if migrate {
		if _, err := store.Migrate(ctx, cfg.Database.URL); err != nil {
			return err
		}
	}
	s, err := server.New(ctx, cfg, parts, log)
	if err != nil {
		return err
	}
	log.Info("serving", "addr", s.Addr(), "api", parts.API, "worker", parts.Worker, "version", version)
	err = s.Run(ctx)
	log.Info("stopped", "error", err)
	return err
}
