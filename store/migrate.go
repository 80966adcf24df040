package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	gooselock "github.com/pressly/goose/v3/lock"

	"github.com/durabill/durabill/migrations"
)

// Migrate brings the schema up to this binary's level and returns how many steps it took. It connects as the schema's owner.
func Migrate(ctx context.Context, url string) (int, error) {
	p, closeDB, err := provider(url)
	if err != nil {
		return 0, err
	}
	defer closeDB()
	steps, err := p.Up(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return len(steps), nil
}

// SchemaLevel gives the database's level and the one this binary needs.
func SchemaLevel(ctx context.Context, url string) (have, want int64, err error) {
	p, closeDB, err := provider(url)
	if err != nil {
		return 0, 0, err
	}
	defer closeDB()
	have, err = p.GetDBVersion(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("schema level: %w", err)
	}
	sources := p.ListSources()
	return have, sources[len(sources)-1].Version, nil
}

func provider(url string) (*goose.Provider, func(), error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, fmt.Errorf("database url: %w", err)
	}
	db := stdlib.OpenDB(*cfg)
	locker, err := gooselock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithSessionLocker(locker))
	if err != nil {
		_ = db.Close()
		return nil, nil, fmt.Errorf("migrations: %w", err)
	}
	return p, func() { _ = closeQuietly(db) }, nil
}

func closeQuietly(db *sql.DB) error { return db.Close() }
