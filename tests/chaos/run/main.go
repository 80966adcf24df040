// Command run is `make chaos`: a storm over an installation of its own, and a report.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/durabill/durabill/tests/chaos/stage"
	"github.com/durabill/durabill/tests/chaos/storm"
)

func main() {
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano())%1_000_000, "what is asked for and what is broken")
	duration := flag.Duration("duration", 10*time.Minute, "how long the storm blows")
	clients := flag.Int("clients", 4, "how many write at once")
	verbose := flag.Bool("v", false, "say every kill")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := storm.Options{Seed: *seed, Duration: *duration, Clients: *clients, Calm: time.Minute}
	if *verbose {
		o.Say = func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	}
	os.Exit(run(ctx, o))
}

func run(ctx context.Context, o storm.Options) int {
	fmt.Fprintf(os.Stderr, "seed %d, %s\n", o.Seed, o.Duration)
	ground, err := stage.Open(ctx, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	report, err := storm.Run(ctx, ground, o)
	if report != nil {
		fmt.Fprint(os.Stdout, report)
	}
	if err := ground.Close(context.WithoutCancel(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	if len(report.Violations) > 0 {
		return 1
	}
	return 0
}
