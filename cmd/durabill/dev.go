package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/server"
	"github.com/durabill/durabill/store"
)

// devCommand runs the whole system on this machine. Everything it makes lives below Data; a second start finds it there.
type devCommand struct {
	Data        string `default:".data" env:"DURABILL_DATA" type:"path" help:"Folder for the database, the fake Stripe's state and the secret."`
	DatabaseURL string `env:"DURABILL_DATABASE_URL" help:"A Postgres to use instead of a private one; its role must be allowed to create databases and roles." placeholder:"URL"`
	Port        int    `default:"8080" env:"DURABILL_PORT" help:"Port of the API on 127.0.0.1; a free one when it is taken."`
	UIPort      int    `default:"8233" env:"DURABILL_UI_PORT" help:"Port of the Temporal Web UI; a free one when it is taken."`
	StripeKey   string `env:"STRIPE_API_KEY" help:"With a key the example pays through Stripe, without one through a fake that speaks its API." placeholder:"KEY"`
	Verbose     bool   `help:"Log what the process does."`
}

// devstack is what runs beside our own process.
type devstack struct {
	cluster  *devenv.Cluster
	temporal *devenv.Temporal
	fake     *stripefake.Server
	stopFake func()
	cfg      config.Config
}

func (c *devCommand) Run(ctx context.Context) error {
	if err := os.MkdirAll(c.Data, 0o755); err != nil { //nolint:gosec // the database's own user has to pass through
		return err
	}
	var d devstack
	defer d.stop()
	if err := c.start(ctx, &d); err != nil {
		return err
	}
	steps, err := store.Migrate(ctx, d.cfg.Database.URL)
	if err != nil {
		return err
	}
	say("Schema is current (%d migrations applied)", steps)
	s, err := server.New(ctx, d.cfg, server.Parts{API: true, Worker: true}, d.cfg.Log.Logger())
	if err != nil {
		return err
	}
	// What runs in the process drains in its own order; what runs beside it stops after that.
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Run(running) })
	group.Go(func() error { return c.demo(running, s, &d) })
	err = group.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		say("Drained; stopping Temporal and Postgres")
		return nil
	}
	return err
}

// start brings up what the process needs: Postgres, Temporal, and a Stripe.
func (c *devCommand) start(ctx context.Context, d *devstack) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	d.cfg = config.Config{Secret: secret, Version: version, Log: config.Log{Format: "text"}, Stripe: config.Stripe{APIKey: c.StripeKey}}
	d.cfg.Log.Level = quiet
	if c.Verbose {
		d.cfg.Log.Level = 0
	}
	d.cfg.Database.MaxConns, d.cfg.HTTP.Shutdown, d.cfg.Temporal.TaskQueue = 20, 20*time.Second, "durabill"
	if d.cfg.HTTP.Addr, err = freeOr(c.Port); err != nil {
		return err
	}
	if d.cfg.HTTP.MetricsAddr, err = freeOr(0); err != nil {
		return err
	}
	postgres, err := c.postgres(ctx, d)
	if err != nil {
		return err
	}
	if err := c.runTemporal(ctx, d, postgres); err != nil {
		return err
	}
	if c.StripeKey == "" {
		return c.fakeStripe(d)
	}
	return nil
}

// quiet keeps the demo's terminal for the demo.
const quiet = 8

func (c *devCommand) postgres(ctx context.Context, d *devstack) (string, error) {
	url := c.DatabaseURL
	if url == "" {
		say("Postgres: a private cluster below %s", c.Data)
		cluster, err := devenv.StartCluster(ctx, devenv.ClusterConfig{Dir: filepath.Join(c.Data, "postgres"), Durable: true, MaxConnections: 200,
			Progress: os.Stderr})
		if err != nil {
			return "", err
		}
		d.cluster = cluster
		url = cluster.URL("postgres")
	}
	var err error
	d.cfg.Database.URL, err = devenv.EnsureDatabase(ctx, url, "durabill")
	return url, err
}

func (c *devCommand) runTemporal(ctx context.Context, d *devstack, postgres string) error {
	binary, err := devenv.BuildDevstack(ctx, os.Stderr)
	if err != nil {
		return err
	}
	ui, err := freePort(c.UIPort)
	if err != nil {
		return err
	}
	say("Temporal: starting the server and its Web UI")
	d.temporal, err = devenv.StartTemporal(ctx, devenv.TemporalConfig{Binary: binary, PostgresURL: postgres, Database: "durabill_temporal", UIPort: ui,
		Namespace: "durabill", Retention: 30 * 24 * time.Hour, LogFile: filepath.Join(c.Data, "temporal.log")})
	if err != nil {
		return err
	}
	d.cfg.Temporal.Address, d.cfg.Temporal.Namespace = d.temporal.HostPort, d.temporal.Namespace
	return nil
}

// fakeStripe serves Stripe's API from this process; its state is kept, so that a restart finds its customers and invoices.
func (c *devCommand) fakeStripe(d *devstack) error {
	fake, err := stripefake.New(stripefake.Options{StateFile: filepath.Join(c.Data, "stripe.json"),
		WebhookURL:    "http://" + d.cfg.HTTP.Addr + "/webhooks/stripe/" + keys.Encode(keys.WebhookEndpoint, example.DemoEndpoint),
		WebhookSecret: example.DemoWebhookSecret})
	if err != nil {
		return err
	}
	d.fake = fake
	url, stop, err := fake.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	d.stopFake = func() { stop() }
	d.cfg.Stripe.APIKey, d.cfg.Stripe.BaseURL = "sk_test_demo", url
	say("Stripe: a fake that speaks its API at %s", url)
	return nil
}

// secret is made once and kept: the demo's keys and leases depend on it.
func (c *devCommand) secret() (string, error) {
	file := filepath.Join(c.Data, "secret")
	raw, err := os.ReadFile(file)
	if err == nil {
		return string(raw), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	secret := rand.Text() + rand.Text()
	return secret, os.WriteFile(file, []byte(secret), 0o600)
}

// stop ends what runs beside the process, in the order in which nobody misses anybody.
func (d *devstack) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if d.stopFake != nil {
		d.stopFake()
	}
	if d.fake != nil {
		report(d.fake.Close())
	}
	if d.temporal != nil {
		report(d.temporal.Stop(ctx))
	}
	if d.cluster != nil {
		report(d.cluster.Stop(ctx))
	}
}

func report(err error) {
	if err != nil {
		say("%v", err)
	}
}

func say(format string, args ...any) {
	_, _ = io.WriteString(os.Stderr, fmt.Sprintf(format, args...)+"\n")
}

func freeOr(port int) (string, error) {
	p, err := freePort(port)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p)), err
}

// freePort gives the port, or another one when it is taken.
func freePort(port int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil && port != 0 {
		return freePort(0)
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
