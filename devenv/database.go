package devenv

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const duplicateDatabase = "42P04"

// EnsureDatabase creates a database on the server of serverURL unless it exists, and gives its URL.
func EnsureDatabase(ctx context.Context, serverURL, name string) (string, error) {
	target, err := url.Parse(serverURL)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", err)
	}
	conn, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var refused *pgconn.PgError
	if err != nil && (!errors.As(err, &refused) || refused.Code != duplicateDatabase) {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	target.Path = "/" + name
	return target.String(), nil
}
