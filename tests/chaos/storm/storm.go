// Package storm is the random mode of chaos: clients that write through the error oracle while processes, servers and the
// provider fail at random, then a calm in which everything must come to its end.
//
// The seed decides what is asked for and what is broken, in which order; when exactly is the machine's affair. The package
// keeps what it finds and refuses to judge it by anything but the oracle's model, rest within a bounded time, and the
// product's own invariants.
package storm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/tests/chaos/stage"
	"github.com/durabill/durabill/tests/harness/oracle"
)

// Options say how hard it blows.
type Options struct {
	Seed     uint64
	Duration time.Duration
	Clients  int
	Calm     time.Duration // within which everything must come to rest
	Say      func(format string, args ...any)
}

type storm struct {
	Options
	*stage.Stage
	world  *oracle.World
	model  string
	clocks []string
	report *Report
}

// Run makes a stage on the ground and lets the storm pass over it.
func Run(ctx context.Context, ground *stage.Ground, o Options) (*Report, error) {
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	st, err := ground.NewStage(ctx, stage.Setup{APIs: 2, Workers: 2})
	if err != nil {
		return nil, err
	}
	s := &storm{Options: o, Stage: st, report: newReport(o)}
	err = s.pass(ctx)
	s.report.Record = s.world.Record()
	return s.report, errors.Join(err, st.Close())
}

func (s *storm) pass(ctx context.Context) error {
	draw := s.draw(0)
	bases := s.Bases()
	s.world = &oracle.World{Name: fmt.Sprintf("s%d", s.Seed), Client: &oracle.Client{
		Base: func() string { return bases[rand.IntN(len(bases))] }, //nolint:gosec // which of two equals is asked is no secret
		Key:  example.DemoKey.Reveal(), Realm: s.Realm, Limit: impatience,
		HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s.Clients}}}}
	if err := s.populate(ctx); err != nil {
		return err
	}
	begun := time.Now()
	blowing, stop := context.WithTimeout(ctx, s.Duration)
	defer stop()
	// Requests under way when the wind drops have until the end of the calm.
	patient, over := context.WithTimeout(ctx, s.Duration+2*s.Calm)
	defer over()
	clients, _ := errgroup.WithContext(patient)
	for n := range s.Clients {
		clients.Go(func() error { return s.client(blowing, patient, s.draw(n+1)) })
	}
	clients.Go(func() error { return s.turn(blowing, patient, s.draw(100)) })
	broken := s.blow(blowing, ctx, draw)
	stop()
	s.report.Blown = time.Since(begun)
	if err := errors.Join(broken, s.mend(ctx)); err != nil {
		over()
		return errors.Join(err, clients.Wait())
	}
	return s.calm(ctx, clients)
}

// calm is liveness, then safety: everything ends, and nothing is missing or double. What does not end does not keep the
// rest from being looked at.
func (s *storm) calm(ctx context.Context, clients *errgroup.Group) error {
	s.Say("calm: everything under way has %s to come to its end", s.Calm)
	if err := clients.Wait(); err != nil {
		s.world.Violation("a request did not end: %v", err)
	}
	begun := time.Now()
	for _, clock := range s.clocks {
		// A retry comes after a minute at most, and a clock waits a minute for rest before it says that it is blocked.
		s.within(ctx, "clock "+clock, 5*s.Calm, func(ctx context.Context) error { return s.arrive(ctx, clock) })
	}
	s.within(ctx, "leases that were left alone", s.Calm, s.world.Settle)
	s.within(ctx, "rest", s.Calm, s.Rest)
	s.report.Rest = time.Since(begun)
	s.within(ctx, "the last look", 2*s.Calm, s.world.Check)
	found, err := s.Verify(ctx)
	for _, v := range found {
		s.world.Violation("invariant: %s", v)
	}
	points, reached := s.Reached()
	s.report.Reached = points
	return errors.Join(err, reached)
}

// within lets something come to its end in bounded time, and notes when it does not.
func (s *storm) within(ctx context.Context, what string, bound time.Duration, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	if err := do(ctx); err != nil {
		s.world.Violation("%s, in %s: %v", what, bound, err)
	}
}

// draw gives each actor draws of its own, so that one being late does not change what the others do.
func (s *storm) draw(actor int) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed, uint64(actor))) //nolint:gosec // must be repeatable
}

// impatience is how long a client waits: now and then hardly at all, so that it does not hear what it did.
func impatience() time.Duration {
	if rand.IntN(12) == 0 { //nolint:gosec // not a secret
		return time.Duration(1+rand.IntN(40)) * time.Millisecond //nolint:gosec // not a secret
	}
	return 8 * time.Second
}

// Report is what a storm did and found.
type Report struct {
	Options
	oracle.Record
	Kills   map[string]int // by what was killed
	Points  map[string]int // crash points that processes died at
	Faults  map[string]int
	Reached []string
	Blown   time.Duration
	Rest    time.Duration
}

func newReport(o Options) *Report {
	return &Report{Options: o, Kills: map[string]int{}, Points: map[string]int{}, Faults: map[string]int{}}
}

// Total is the number of kills.
func (r *Report) Total() int {
	n := 0
	for _, k := range r.Kills {
		n += k
	}
	return n
}

// String is the report as a person reads it.
func (r *Report) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s "+format+"\n", append([]any{name}, args...)...)
	}
	line("seed", "%d", r.Seed)
	line("blown", "%s, rest after %s", r.Blown.Round(time.Second), r.Rest.Round(time.Millisecond))
	line("kills", "%d %v", r.Total(), r.Kills)
	line("died at", "%v", r.Points)
	line("faults", "%v", r.Faults)
	line("operations", "%d", r.Operations)
	line("answers", "%v", r.Answers)
	line("codes", "%v", r.Codes)
	line("violations", "%d", len(r.Violations))
	for _, v := range r.Violations {
		line("", "%s", v)
	}
	if n := r.Total(); n > 0 && len(r.Violations) == 0 {
		line("bound", "at 95 %%, at most 3/%d = %.2f %% of kills do harm", n, 300/float64(n))
	}
	line("again", "make chaos SEED=%d DURATION=%s CLIENTS=%d", r.Seed, r.Duration, r.Clients)
	return b.String()
}
