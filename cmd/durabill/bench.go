package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/durabill/durabill/bench"
)

type benchCommand struct {
	Dir      string        `default:".cache/bench" type:"path" help:"Folder for the cluster, the profile and the JSON report."`
	Clients  []int         `default:"1,16,64" help:"How many clients to measure with."`
	Accounts int           `default:"1000" help:"How many accounts the load spreads over."`
	Rounds   int           `default:"3" help:"Rounds of each measurement; medians are reported."`
	Each     time.Duration `default:"5s" help:"Length of one measurement, in whole seconds."`
}

func (c *benchCommand) Run(ctx context.Context) error {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil { //nolint:gosec // the database's own user has to pass through
		return err
	}
	report, err := bench.Run(ctx, bench.Config{Dir: c.Dir, Clients: c.Clients, Accounts: c.Accounts, Rounds: c.Rounds, Each: c.Each, Progress: os.Stderr})
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(c.Dir, "report.json")
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		return err
	}
	fmt.Print(report.Markdown())
	fmt.Fprintf(os.Stderr, "\nWritten: %s and, for `go tool pprof`, %s\n", file, filepath.Join(c.Dir, "cpu.pprof"))
	return nil
}
