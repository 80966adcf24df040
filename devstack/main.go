// Command durabill-devstack is the Temporal server and its Web UI in one process, on Postgres, for `make demo` and tests.
//
// It owns two databases beside the application's own and the registration of one namespace with the search attributes
// that Durabill's workflows set; state survives a restart and a kill. It listens on one loopback address unless it is
// told --allow-remote, has no authentication, and refuses to be a production server: there one runs Temporal's own cluster or
// Temporal Cloud.
// It is a module of its own so that the server's dependencies never reach Durabill's go.mod.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/common/log"
)

// stopWithin bounds a graceful stop. The state is in Postgres, so a harder end loses nothing.
const stopWithin = 5 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "durabill-devstack:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	opts, err := parseOptions(args)
	if err != nil {
		return err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: opts.LogLevel, Format: "console"}))
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if opts.ExitWithStdin {
		ctx = endWithStdin(ctx)
	}

	if err := prepareDatabases(opts.Postgres, logger); err != nil {
		return err
	}
	if err := createNamespaceRow(opts); err != nil {
		return err
	}
	server, err := newServer(opts, logger)
	if err != nil {
		return fmt.Errorf("assemble the server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	if err := awaitNamespace(ctx, opts); err != nil {
		return err
	}
	ui := startUI(opts)
	fmt.Println(opts.readyLine())

	<-ctx.Done()
	return stopInTime(func() error {
		if ui != nil {
			ui.Stop()
		}
		return server.Stop()
	})
}

// endWithStdin gives a context that also ends when stdin does. The parent holds the other end of the pipe, so this
// process follows it even when the parent is killed and can tell nobody.
func endWithStdin(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		buf := make([]byte, 64)
		for {
			if _, err := os.Stdin.Read(buf); err != nil {
				return
			}
		}
	}()
	return ctx
}

func stopInTime(stop func() error) error {
	done := make(chan error, 1)
	go func() { done <- stop() }()
	select {
	case err := <-done:
		return err
	case <-time.After(stopWithin):
		return nil
	}
}
