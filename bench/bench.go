// Package bench measures the path that callers' products wait for, beside what Postgres itself does on the same machine in
// the same run. It owns its cluster, its load and its table.
//
// Invariants: durability is on; ours and the references alternate, so that a noisy machine is noisy for all; the numbers that
// count are the ratios of one run, and each is a median of rounds. Every run is bounded in time. The package refuses to judge:
// there is no threshold here, and no test waits for one.
package bench

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"github.com/durabill/durabill/devenv"
)

// Config bounds a run.
type Config struct {
	Dir      string // for the cluster and the profiles
	Clients  []int
	Accounts int
	Rounds   int
	Each     time.Duration // of one measurement
	Progress io.Writer
}

// Cell is what one kind of work did with so many clients: the medians of its rounds.
type Cell struct {
	Work    string        `json:"work"`
	Clients int           `json:"clients"`
	Rate    float64       `json:"per_second"`
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
	Failed  int           `json:"failed"`
}

// Report is a whole run.
type Report struct {
	At       time.Time     `json:"at"`
	Machine  string        `json:"machine"`
	Postgres string        `json:"postgres"`
	Accounts int           `json:"accounts"`
	Rounds   int           `json:"rounds"`
	Each     time.Duration `json:"each_ns"`
	Cells    []Cell        `json:"cells"`
	Profile  Profile       `json:"profile"`
}

// Kinds of work.
const (
	Pairs  = "authorize+commit pairs over HTTP"
	Simple = "pgbench simple-update (-N)"
	Insert = "pgbench single-row insert"
)

// measurement is one round of one kind of work.
type measurement struct {
	rate     float64
	p50, p99 time.Duration
	failed   int
}

// Run sets everything up, measures, and takes it down.
func Run(ctx context.Context, cfg Config) (Report, error) {
	report := Report{At: time.Now().UTC(), Machine: fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()), Accounts: cfg.Accounts,
		Rounds: cfg.Rounds, Each: cfg.Each}
	cluster, err := devenv.StartCluster(ctx, devenv.ClusterConfig{Dir: filepath.Join(cfg.Dir, "postgres"), Durable: true, MaxConnections: 200,
		Progress: cfg.Progress})
	if err != nil {
		return report, err
	}
	defer func() { _ = cluster.Stop(context.WithoutCancel(ctx)) }()
	peer, err := newPeer(ctx, cluster)
	if err != nil {
		return report, err
	}
	report.Postgres = peer.version
	say(cfg.Progress, "Seeding %d accounts", cfg.Accounts)
	h, err := openHouse(ctx, cluster, cfg.Accounts)
	if err != nil {
		return report, err
	}
	defer h.close()
	kinds := []struct {
		work string
		run  func(context.Context, int, time.Duration) (measurement, error)
	}{{Pairs, h.pairs}, {Simple, peer.simpleUpdate}, {Insert, peer.insert}}
	for _, clients := range cfg.Clients {
		rounds := map[string][]measurement{}
		for round := range cfg.Rounds {
			for _, k := range kinds {
				m, err := k.run(ctx, clients, cfg.Each)
				if err != nil {
					return report, fmt.Errorf("%s: %w", k.work, err)
				}
				say(cfg.Progress, "%3d clients, round %d: %-34s %8.0f/s", clients, round+1, k.work, m.rate)
				rounds[k.work] = append(rounds[k.work], m)
			}
		}
		for _, k := range kinds {
			report.Cells = append(report.Cells, cell(k.work, clients, rounds[k.work]))
		}
	}
	report.Profile, err = h.profile(ctx, cfg)
	return report, err
}

func cell(work string, clients int, rounds []measurement) Cell {
	c := Cell{Work: work, Clients: clients, Rate: median(rounds, func(m measurement) float64 { return m.rate })}
	c.P50 = time.Duration(median(rounds, func(m measurement) float64 { return float64(m.p50) }))
	c.P99 = time.Duration(median(rounds, func(m measurement) float64 { return float64(m.p99) }))
	for _, m := range rounds {
		c.Failed += m.failed
	}
	return c
}

func say(w io.Writer, format string, args ...any) {
	if w != nil {
		_, _ = fmt.Fprintf(w, format+"\n", args...)
	}
}
