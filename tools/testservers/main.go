// Command testservers starts or stops the Postgres and Temporal servers that the tests of this checkout share. It owns
// nothing but the call: package devenv does the work, and a test that finds no server starts one itself.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/durabill/durabill/devenv"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "testservers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "start" {
		return devenv.StartTest(ctx, os.Stderr)
	}
	if len(args) == 1 && args[0] == "stop" {
		return devenv.StopTest(ctx)
	}
	return fmt.Errorf("usage: testservers start|stop")
}
