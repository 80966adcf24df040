// Package store makes each business decision atomic: an exported method is one decision, opens its own transaction, enters
// one realm, and leaves rows, ledger entries, outbox and answer together or not at all.
//
// Invariants: nothing remote happens inside a transaction; every query runs inside a realm (row level security gives nothing
// otherwise); effects apply only where their unique key was really inserted; a decision about an account's money locks its
// billing_accounts row first, and no decision locks two accounts, but the deletion of their clock. The package is the only one that imports GORM or pgx. It
// refuses to compute amounts, dates or decisions: those come from billing, transitions from models.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/durabill/durabill/models"
)

// Config says how to reach Postgres and how long anything may take there.
type Config struct {
	URL              string
	MaxConns         int32
	LockTimeout      time.Duration
	StatementTimeout time.Duration
	AcquireTimeout   time.Duration // for a connection of the pool
	Log              *slog.Logger
	Tracer           pgx.QueryTracer // sees every statement; none if nil
}

// Store is the one door to the database.
type Store struct {
	pool    *pgxpool.Pool
	sql     *sql.DB
	db      *gorm.DB
	log     *slog.Logger
	acquire time.Duration
	heard   func([]models.Outbox) // of messages that are committed; nil if nobody listens
	parked  atomic.Int64
}

// Parkings counts the accounts that this process has parked, for an alert: whoever watches looks at the accounts themselves.
func (s *Store) Parkings() int64 { return s.parked.Load() }

// OnOutbox has hear called with the messages of each transaction once it is committed, before its caller goes on; hear must not
// block. Such messages are not due for the relays until hear has had time to send them. To be set before the store is used.
func (s *Store) OnOutbox(hear func([]models.Outbox)) { s.heard = hear }

const (
	defaultLockTimeout      = 2 * time.Second
	defaultStatementTimeout = 10 * time.Second
	defaultAcquireTimeout   = 5 * time.Second
	idleInTransaction       = 15 * time.Second
)

// Open connects as the application's role, which row level security binds.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.LockTimeout == 0 {
		cfg.LockTimeout = defaultLockTimeout
	}
	if cfg.StatementTimeout == 0 {
		cfg.StatementTimeout = defaultStatementTimeout
	}
	if cfg.AcquireTimeout == 0 {
		cfg.AcquireTimeout = defaultAcquireTimeout
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	if cfg.MaxConns > 0 {
		pc.MaxConns = cfg.MaxConns
	}
	for name, value := range map[string]string{
		"role": "durabill_app", "timezone": "UTC", "application_name": "durabill",
		"lock_timeout":                        millis(cfg.LockTimeout),
		"statement_timeout":                   millis(cfg.StatementTimeout),
		"idle_in_transaction_session_timeout": millis(idleInTransaction),
	} {
		pc.ConnConfig.RuntimeParams[name] = value
	}
	pc.ConnConfig.Tracer = cfg.Tracer
	pc.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		// Instants come back in UTC wherever the process runs.
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		TranslateError:         false,
		// GORM asks on every insert, for columns it would fill by itself; rows carry their own times, so it gets none.
		NowFunc: func() time.Time { return time.Time{} },
		Logger:  statementLogger(cfg.Log),
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("gorm: %w", err)
	}
	if err := refuseOutsideRealm(g); err != nil {
		pool.Close()
		return nil, err
	}
	return &Store{pool: pool, sql: db, db: g, log: cfg.Log, acquire: cfg.AcquireTimeout}, nil
}

// Close gives the connections back.
func (s *Store) Close() {
	_ = s.sql.Close()
	s.pool.Close()
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
