// Command durabill is the whole product in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the build.
var version = "dev"

type cli struct {
	Config  kong.ConfigFlag `help:"JSON file with settings, keyed by flag name." env:"DURABILL_CONFIG" placeholder:"FILE"`
	Dev     devCommand      `cmd:"" help:"Set up Postgres, Temporal and a fake Stripe, run everything, and play the example."`
	Serve   serveCommand    `cmd:"" help:"Run API and worker."`
	API     apiCommand      `cmd:"" name:"api" help:"Run the API alone."`
	Worker  workerCommand   `cmd:"" help:"Run the worker alone."`
	Migrate migrateCommand  `cmd:"" help:"Bring the schema up to this binary's level."`
	Seed    seedCommand     `cmd:"" help:"Load a realm with its catalog from a file, once."`
	Roll    rollCommand     `cmd:"" name:"roll-stripe-secret" help:"Give a realm's Stripe endpoint a new signing secret; the old one is accepted for an overlap."`
	Verify  verifyCommand   `cmd:"" help:"Check the invariants of every realm; exits 1 when one is violated."`
	Bench   benchCommand    `cmd:"" help:"Measure authorize and commit beside pgbench, on a cluster of its own."`
	Version versionCommand  `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks; from then on a second one ends the process as if nobody caught it.
	context.AfterFunc(ctx, stop)
	var c cli
	k := kong.Parse(&c, kong.Name("durabill"), kong.Description("Durable billing on Postgres and Temporal."), kong.UsageOnError(),
		kong.Configuration(kong.JSON, "/etc/durabill/config.json"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "durabill:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println(version)
	return nil
}
