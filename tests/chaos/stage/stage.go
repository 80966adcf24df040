package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

const (
	stripeKey = "sk_test_stage"
	secret    = "stage-secret-stage-secret-stage-secret-"
	// deliveries outlast every restart: Stripe goes on for three days.
	deliveries = 1000
)

// Setup says how many processes a stage has, and what some of them are to die of: DURABILL_FAULTS by process name.
type Setup struct {
	APIs    int // api-1, api-2 …; at least one
	Workers int // worker-1, worker-2 …; at least one
	Faults  map[string]string
}

// Stage is one installation: everything that Durabill is, on a Ground that it may share.
type Stage struct {
	*Ground
	URL    string // of the database, as its owner
	Stripe string // address of the fake
	Fake   *stripefake.Server
	Store  *store.Store // for looking and verifying; the processes have their own
	Call   store.Call   // into the example's realm
	Realm  string       // its code

	dir       string
	env       []string
	bases     []string
	processes map[string]*process
	stopFake  func()
}

// NewStage makes an installation with the example's catalog and starts its processes. It returns when they serve.
func (g *Ground) NewStage(ctx context.Context, setup Setup) (*Stage, error) {
	s := &Stage{Ground: g, processes: map[string]*process{}}
	if err := s.raise(ctx, setup); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stage) raise(ctx context.Context, setup Setup) error {
	namespace, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	if s.Fake, err = stripefake.New(stripefake.Options{MaxAttempts: deliveries}); err != nil {
		return err
	}
	if s.Stripe, s.stopFake, err = s.Fake.Start("127.0.0.1:0"); err != nil {
		return err
	}
	cfg := config.Config{Secret: secret}
	seeded, err := example.Seed(ctx, s.Store, example.Vyndara, example.Demo(cfg.Derive("service-key"), api.Scopes()))
	if err != nil {
		return err
	}
	s.Call, s.Realm = store.Call{Realm: seeded.Realm.ID, Actor: "stage"}, seeded.Realm.Code
	s.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"DURABILL_DATABASE_URL=" + s.URL, "DURABILL_DATABASE_MAX_CONNS=8", "DURABILL_SECRET=" + secret, "DURABILL_LOG_FORMAT=text",
		"DURABILL_HTTP_METRICS_ADDR=127.0.0.1:0", "DURABILL_HTTP_SHUTDOWN=5s",
		"DURABILL_TEMPORAL_ADDRESS=" + namespace.HostPort, "DURABILL_TEMPORAL_NAMESPACE=" + namespace.Namespace,
		"STRIPE_API_KEY=" + stripeKey, "DURABILL_STRIPE_BASE_URL=" + s.Stripe}
	for n := range max(setup.APIs, 1) {
		port, err := quietPort()
		if err != nil {
			return err
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		s.add(s.newProcess("api", n+1, "DURABILL_HTTP_ADDR="+addr))
		s.bases = append(s.bases, "http://"+addr)
	}
	for n := range max(setup.Workers, 1) {
		s.add(s.newProcess("worker", n+1))
	}
	s.Fake.SetEndpoint(s.bases[0]+"/webhooks/stripe/"+keys.Encode(keys.WebhookEndpoint, example.DemoEndpoint), example.DemoWebhookSecret)
	for _, name := range s.Names() {
		if err := s.Start(ctx, name, setup.Faults[name]); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the database and the namespace. Stages may be made at once, their roles may not.
func (s *Stage) prepare(ctx context.Context) (devenv.Endpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stages++
	name := fmt.Sprintf("stage%d", s.stages)
	s.dir = filepath.Join(s.Ground.dir, name)
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return devenv.Endpoint{}, err
	}
	var err error
	if s.URL, err = devenv.EnsureDatabase(ctx, s.cluster.URL("postgres"), name); err != nil {
		return devenv.Endpoint{}, err
	}
	if _, err := store.Migrate(ctx, s.URL); err != nil {
		return devenv.Endpoint{}, err
	}
	if s.Store, err = store.Open(ctx, store.Config{URL: s.URL, MaxConns: 4, Log: slog.New(slog.DiscardHandler)}); err != nil {
		return devenv.Endpoint{}, err
	}
	return s.temporal.CreateNamespace(ctx, name)
}

func (s *Stage) add(p *process) { s.processes[p.name] = p }

// Close kills the processes and lets go of everything else; the database stays until the ground is closed.
func (s *Stage) Close() error {
	var errs []error
	for _, p := range s.processes {
		errs = append(errs, p.kill())
	}
	if s.stopFake != nil {
		s.stopFake()
	}
	if s.Fake != nil {
		errs = append(errs, s.Fake.Close())
	}
	if s.Store != nil {
		s.Store.Close()
	}
	return errors.Join(errs...)
}

// Names lists the processes: api-1, …, worker-1, …
func (s *Stage) Names() []string { return slices.Sorted(maps.Keys(s.processes)) }

// Bases are the addresses of the apis, in the order of their names.
func (s *Stage) Bases() []string { return slices.Clone(s.bases) }

// Client calls the first api with the realm's key; repeats may be nil for a client that gives up at the first failure.
func (s *Stage) Client(repeats http.RoundTripper) example.Client {
	return example.Client{Base: s.bases[0], Key: example.DemoKey.Reveal(), Realm: s.Realm, HTTP: &http.Client{Transport: repeats}}
}

// Start starts a process that is not running, armed with faults or with none, and returns when it serves, or when it was
// killed before it could. One that stops by itself, say because a server is down, is an error.
func (s *Stage) Start(ctx context.Context, name, faults string) error {
	p, err := s.process(name)
	if err != nil {
		return err
	}
	if err := p.start(s.Binary, faults); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return until(ctx, name+" does not serve", p.serves)
}

// Kill ends a process by SIGKILL and returns when it is gone; it is no error when it was.
func (s *Stage) Kill(name string) error {
	p, err := s.process(name)
	if err != nil {
		return err
	}
	return p.kill()
}

// PowerCut kills everything of the stage and both servers at once, and starts it all again, servers first.
func (s *Stage) PowerCut(ctx context.Context) error {
	var all errgroup.Group
	for name := range s.processes {
		all.Go(func() error { return s.Kill(name) })
	}
	all.Go(s.KillTemporal)
	all.Go(func() error { return s.StopPostgres(ctx) })
	if err := all.Wait(); err != nil {
		return err
	}
	if err := s.StartPostgres(ctx); err != nil {
		return err
	}
	if err := s.StartTemporal(ctx); err != nil {
		return err
	}
	for _, name := range s.Names() {
		if err := s.Start(ctx, name, ""); err != nil {
			return err
		}
	}
	return nil
}

// Ended waits until a process has come to its end, and says to which.
func (s *Stage) Ended(ctx context.Context, name string) (End, error) {
	p, err := s.process(name)
	if err != nil {
		return End{}, err
	}
	return p.end(ctx)
}

// Running says whether a process is there.
func (s *Stage) Running(name string) bool {
	p := s.processes[name]
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running()
}

// Log is everything that a process has said, over all its lives.
func (s *Stage) Log(name string) (string, error) {
	p, err := s.process(name)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(p.file)
	return string(text), err
}

// Reached lists the crash points that any process has reached in any of its lives; only armed processes say so.
func (s *Stage) Reached() ([]string, error) {
	seen := map[string]bool{}
	for _, name := range s.Names() {
		log, err := s.Log(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(log) {
			if point, ok := strings.CutPrefix(strings.TrimSpace(line), "fault: reached "); ok {
				seen[point] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// Ready waits until every api finds everything it stands on: database, Temporal, a worker that polls.
func (s *Stage) Ready(ctx context.Context) error {
	for _, base := range s.bases {
		err := until(ctx, base+" is not ready", func() (bool, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
			if err != nil {
				return false, err
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return false, nil //nolint:nilerr // it is not up yet
			}
			return res.StatusCode == http.StatusOK, res.Body.Close()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Stage) process(name string) (*process, error) {
	p := s.processes[name]
	if p == nil {
		return nil, fmt.Errorf("no process %q; there are %v", name, s.Names())
	}
	return p, nil
}
