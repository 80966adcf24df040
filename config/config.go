// Package config is every setting of a process, once: flag, environment variable (prefix DURABILL_), file key and help text
// are one tag each. It refuses defaults that differ between commands, and secrets on the command line of a shared machine are
// better given by environment.
package config

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Config is what serve, api and worker need.
type Config struct {
	Database Database `embed:"" prefix:"database-" group:"Database"`
	HTTP     HTTP     `embed:"" prefix:"http-" group:"HTTP"`
	Temporal Temporal `embed:"" prefix:"temporal-" group:"Temporal"`
	Stripe   Stripe   `embed:"" prefix:"stripe-" group:"Stripe"`
	Secret   string   `env:"DURABILL_SECRET" help:"Secret of this installation (32 characters or more): service keys, lease tokens and cursors are derived from it." placeholder:"SECRET"`
	Log      Log      `embed:"" prefix:"log-" group:"Logging"`
	Version  string   `kong:"-"` // of the binary, for /healthz
}

// Database says where Postgres is.
type Database struct {
	URL      string `env:"DURABILL_DATABASE_URL,DATABASE_URL" help:"Postgres URL. Its role owns the schema or may become durabill_app." placeholder:"URL"`
	MaxConns int32  `env:"DURABILL_DATABASE_MAX_CONNS" default:"20" help:"Size of the connection pool."`
}

// HTTP says where the process listens.
type HTTP struct {
	Addr        string        `env:"DURABILL_HTTP_ADDR" default:"127.0.0.1:8080" help:"Address of the API."`
	MetricsAddr string        `env:"DURABILL_HTTP_METRICS_ADDR" default:"127.0.0.1:9090" help:"Address of /metrics, and of /healthz and /readyz, which a worker has nowhere else."`
	Drain       time.Duration `env:"DURABILL_HTTP_DRAIN" default:"2s" help:"How long after SIGTERM requests are still taken, while /readyz says 503, so that a load balancer notices."`
	Shutdown    time.Duration `env:"DURABILL_HTTP_SHUTDOWN" default:"20s" help:"How long requests and activities may take to end after SIGTERM."`
}

// Temporal says where the Temporal server is; what is left empty comes from Temporal's own settings (TEMPORAL_ADDRESS,
// TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TLS, profiles).
type Temporal struct {
	Address   string `env:"DURABILL_TEMPORAL_ADDRESS" help:"Frontend address, or else Temporal's own settings." placeholder:"HOST:PORT"`
	Namespace string `env:"DURABILL_TEMPORAL_NAMESPACE" help:"Namespace, or else Temporal's own settings." placeholder:"NAME"`
	TaskQueue string `env:"DURABILL_TEMPORAL_TASK_QUEUE" default:"durabill" help:"Task queue that starters and workers share."`
}

// Stripe says how to reach the payment provider; without a key nothing is collected.
type Stripe struct {
	APIKey  string `env:"STRIPE_API_KEY" help:"Secret key. Without one no invoice can be collected by Stripe." placeholder:"KEY"`
	BaseURL string `env:"DURABILL_STRIPE_BASE_URL" help:"Another address that speaks Stripe's API, for tests." placeholder:"URL"`
}

// Log says what is logged and how.
type Log struct {
	Level  slog.Level `env:"DURABILL_LOG_LEVEL" default:"INFO" help:"DEBUG, INFO, WARN or ERROR."`
	Format string     `env:"DURABILL_LOG_FORMAT" enum:"json,text" default:"json" help:"json or text."`
}

const (
	minSecret = 32
	// longestStop leaves a supervisor that kills after 30 seconds, as Kubernetes does, some to spare.
	longestStop = 25 * time.Second
)

// Check refuses a database that is not named: the driver's own defaults would find some other one.
func (d Database) Check() error {
	if d.URL == "" {
		return errors.New("--database-url (DURABILL_DATABASE_URL) is required")
	}
	return nil
}

// Validate refuses settings that could not work, before anything is opened.
func (c Config) Validate() error {
	if err := c.Database.Check(); err != nil {
		return err
	}
	if c.HTTP.Drain+c.HTTP.Shutdown > longestStop {
		return fmt.Errorf("--http-drain and --http-shutdown together must not be more than %s", longestStop)
	}
	if len(c.Secret) < minSecret {
		return errors.New("--secret (DURABILL_SECRET) must have 32 characters or more")
	}
	return nil
}

// Derive gives the key for one purpose; knowing one says nothing about another.
func (c Config) Derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(c.Secret), nil, "durabill/"+purpose, sha256.Size)
	if err != nil {
		panic(err) // only a length that no hash can give
	}
	return key
}

// Logger makes the process's logger; it writes to standard error.
func (l Log) Logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "text" {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}
