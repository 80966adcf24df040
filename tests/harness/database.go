// Package harness gives tests real parts: a Postgres database of their own, a store on it, a realm to work in.
//
// Invariants: tests share servers and nothing else, so they run in parallel, also across packages; what a test took is
// given back when it ends. A missing server fails the test; nothing is skipped and nothing is faked. The package refuses to
// assert: what is right is the test's to say.
package harness

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/migrations"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const (
	templateLock   = 0x6475726162696c6c // "durabill": one template is built at a time, by whichever package comes first
	storeConns     = 8
	cleanupTimeout = 30 * time.Second
)

// Database gives the URL of a fresh, migrated database, as the schema's owner. It is dropped when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	return create(t, func(template string) string { return " TEMPLATE " + template })
}

// EmptyDatabase gives the URL of a database that no migration has seen. It is dropped when the test ends.
func EmptyDatabase(t testing.TB) string {
	t.Helper()
	return create(t, func(string) string { return "" })
}

// create makes a database. The template comes first even where it is not used: roles belong to the server, and granting one
// for the first time from two databases at once fails.
func create(t testing.TB, options func(template string) string) string {
	t.Helper()
	ctx := t.Context()
	server, err := devenv.TestPostgres(ctx)
	require.NoError(t, err)
	conn := connect(t, server)
	template := ensureTemplate(t, conn, server)
	name := "test_" + random()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name+options(template))
	require.NoError(t, err)
	require.NoError(t, conn.Close(ctx)) // servers have few connections, tests are many
	t.Cleanup(func() { drop(t, server, name) })
	return named(t, server, name)
}

// Store gives a store on a database of its own.
func Store(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, Database(t))
}

// Open gives a store on a database that the test knows.
func Open(t testing.TB, url string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{URL: url, MaxConns: storeConns, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(st.Close)
	return st
}

// Realm gives a call in a new realm of mode test.
func Realm(t testing.TB, st *store.Store) store.Call {
	t.Helper()
	code := "r" + random()
	realm, err := st.CreateRealm(t.Context(), store.Call{Actor: "harness"}, store.NewRealm{Code: code, Name: code, Mode: models.Test})
	require.NoError(t, err)
	return store.Call{Realm: realm.ID, Actor: "tester", RequestID: "req_" + code}
}

// Owner connects as the schema's owner, whom row level security does not bind: for looking underneath the store.
func Owner(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	return connect(t, url)
}

// ensureTemplate migrates a template once for each state of the schema. The template flag is set last: a database that
// has the name without the flag was left behind half built.
func ensureTemplate(t testing.TB, conn *pgx.Conn, server string) string {
	t.Helper()
	ctx := t.Context()
	name := "durabill_template_" + schemaState(t)
	if ready(t, conn, name) {
		return name
	}
	_, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock))
	require.NoError(t, err)
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(templateLock))
	}()
	if ready(t, conn, name) {
		return name
	}
	_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	require.NoError(t, err)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	require.NoError(t, err)
	_, err = store.Migrate(ctx, named(t, server, name))
	require.NoError(t, err)
	_, err = conn.Exec(ctx, "ALTER DATABASE "+name+" IS_TEMPLATE true")
	require.NoError(t, err)
	return name
}

func ready(t testing.TB, conn *pgx.Conn, name string) bool {
	t.Helper()
	var is bool
	err := conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", name).Scan(&is)
	require.NoError(t, err)
	return is
}

// schemaState names the schema by the content of its migrations.
func schemaState(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	files, err := fs.Glob(migrations.Files, "*.sql") // sorted
	require.NoError(t, err)
	for _, file := range files {
		body, err := fs.ReadFile(migrations.Files, file)
		require.NoError(t, err)
		fmt.Fprintf(h, "%s %d\n", file, len(body))
		h.Write(body)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func drop(t testing.TB, server, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout) // the test's own context is over
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	require.NoError(t, err)
}

func named(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func random() string { return strings.ToLower(rand.Text()) }
