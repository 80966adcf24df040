package tenants_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/harness"
)

// shared are the tables that carry no realm_id, and why.
var shared = map[string]string{
	"realms":           "is the realm: its id stands for realm_id, under the same policy",
	"goose_db_version": "is the schema's level; the application may not write it",
}

// passing are tables whose rows are gone when everything has come to rest.
var passing = map[string]string{
	"dispatch": "pointers to work that is not done yet",
}

// noteless are columns that a mere look may change.
var noteless = []string{"last_used_at"}

func (tn *tenant) tables(t *testing.T) (scoped, others []string) {
	t.Helper()
	rows, err := tn.db.Query(t.Context(), `SELECT t.table_name, EXISTS (SELECT FROM information_schema.columns c
		WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.column_name = 'realm_id')
		FROM information_schema.tables t WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1`)
	require.NoError(t, err)
	type table struct {
		Name   string
		Scoped bool
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	require.NoError(t, err)
	for _, table := range all {
		if table.Scoped {
			scoped = append(scoped, table.Name)
		} else {
			others = append(others, table.Name)
		}
	}
	require.Greater(t, len(scoped), 40)
	return scoped, others
}

// everything is a checksum of each table, of all realms.
func (tn *tenant) everything(t *testing.T) map[string]string {
	t.Helper()
	scoped, _ := tn.tables(t)
	parts := make([]string, 0, len(scoped)+1)
	for _, table := range append(scoped, "realms") {
		parts = append(parts, fmt.Sprintf("SELECT '%[1]s', count(*) || ' ' || md5(coalesce(string_agg(r, '|' ORDER BY r), '')) FROM (SELECT (to_jsonb(x) - '%[2]s')::text AS r FROM %[1]s x) y",
			table, strings.Join(noteless, "' - '")))
	}
	rows, err := tn.db.Query(t.Context(), strings.Join(parts, " UNION ALL "))
	require.NoError(t, err)
	out := map[string]string{}
	var table, sum string
	_, err = pgx.ForEachRow(rows, []any{&table, &sum}, func() error { out[table] = sum; return nil })
	require.NoError(t, err)
	return out
}

// settle waits until the workers have done what the calls before asked of them, so that a change has one cause.
func (tn *tenant) settle(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		var busy int
		err := tn.db.QueryRow(context.WithoutCancel(t.Context()), `SELECT (SELECT count(*) FROM dispatch) +
			(SELECT count(*) FROM stripe_inbox WHERE status = 'received') + (SELECT count(*) FROM operations WHERE status = 'running') +
			(SELECT count(*) FROM test_clocks WHERE status = 'advancing') + (SELECT count(*) FROM provider_calls WHERE status IN ('sent', 'unknown')) +
			(SELECT count(*) FROM waits WHERE status <> 'waiting')`).Scan(&busy)
		return err == nil && busy == 0
	}, time.Minute, 20*time.Millisecond)
}

// asApp runs a query as the application's role, in a realm or in none.
func (tn *tenant) asApp(t *testing.T, realm string, query string) int {
	t.Helper()
	tx, err := tn.db.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(context.WithoutCancel(t.Context()))) }()
	_, err = tx.Exec(t.Context(), "SELECT set_config('app.realm_id', $1, true)", realm)
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SET LOCAL ROLE durabill_app")
	require.NoError(t, err)
	var n int
	require.NoError(t, tx.QueryRow(t.Context(), query).Scan(&n), query)
	return n
}

func noTableShowsARowOfAnother(t *testing.T, a, b *tenant) {
	scoped, others := a.tables(t)
	for _, table := range others {
		require.NotEmpty(t, shared[table], "%s has no realm_id: give it one, or say here why not", table)
	}
	empty := uuid.Must(uuid.NewV7()).String()
	for _, table := range scoped {
		count := "SELECT count(*) FROM " + pgx.Identifier{table}.Sanitize()
		require.Zero(t, a.asApp(t, empty, count), "%s in the context of an empty realm", table)
		require.Zero(t, a.asApp(t, "", count), "%s without a realm", table)
		require.Zero(t, a.asApp(t, b.realm.String(), count+" WHERE realm_id = '"+a.realm.String()+"'"), "%s: rows of A as B", table)
		require.Zero(t, a.asApp(t, b.realm.String(), count+" WHERE realm_id <> '"+b.realm.String()+"'"), "%s: rows of others as B", table)
		if passing[table] == "" {
			require.NotZero(t, a.asApp(t, a.realm.String(), count), "%s: A has no row, so that nothing was proved", table)
		}
	}
	require.Equal(t, 1, a.asApp(t, b.realm.String(), "SELECT count(*) FROM realms"))
	require.Zero(t, a.asApp(t, "", "SELECT count(*) FROM realms"))
}

func TestEveryTableForcesItsPolicyOnARoleThatCannotSetItAside(t *testing.T) {
	a := &tenant{t: t}
	a.db = ownDatabase(t)
	scoped, _ := a.tables(t)
	for _, table := range append(scoped, "realms") {
		var forced, owned bool
		var using, check string
		err := a.db.QueryRow(t.Context(), `SELECT c.relrowsecurity AND c.relforcerowsecurity, pg_get_userbyid(c.relowner) LIKE 'durabill_%',
			coalesce(p.qual, ''), coalesce(p.with_check, '') FROM pg_class c LEFT JOIN pg_policies p ON p.tablename = c.relname AND p.policyname = 'tenant'
			WHERE c.relnamespace = 'public'::regnamespace AND c.relname = $1`, table).Scan(&forced, &owned, &using, &check)
		require.NoError(t, err, table)
		require.True(t, forced, "%s must force row level security", table)
		require.False(t, owned, "%s belongs to a role that works on it", table)
		column := "realm_id"
		if table == "realms" {
			column = "id"
		}
		require.Equal(t, "("+column+" = current_realm())", using, table)
		require.Equal(t, using, check, table)
	}
	var able int
	require.NoError(t, a.db.QueryRow(t.Context(), `SELECT count(*) FROM pg_roles WHERE rolname IN ('durabill_app', 'durabill_dispatcher')
		AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcreaterole AND NOT rolcreatedb AND NOT rolinherit`).Scan(&able))
	require.Equal(t, 2, able)
}

// dispatched are what the role of the pollers may read of all realms: enough to find a realm, and nothing to keep.
var dispatched = map[string]string{
	"dispatch":         "billing_account_id,due_at,id,realm_id,shard,topic,attempts",
	"realms":           "code,id",
	"service_keys":     "key_id,realm_id",
	"stripe_endpoints": "id,realm_id",
}

func TestTheRoleThatCrossesRealmsReadsOnlyWhatFindsOne(t *testing.T) {
	db := ownDatabase(t)
	rows, err := db.Query(t.Context(), `SELECT DISTINCT table_name::text, column_name::text FROM information_schema.columns
		WHERE table_schema = 'public' AND has_column_privilege('durabill_dispatcher', quote_ident(table_name), column_name, 'SELECT')`)
	require.NoError(t, err)
	var table, column string
	seen := map[string][]string{}
	_, err = pgx.ForEachRow(rows, []any{&table, &column}, func() error { seen[table] = append(seen[table], column); return nil })
	require.NoError(t, err)
	require.Len(t, seen, len(dispatched))
	for table, columns := range seen {
		require.ElementsMatch(t, strings.Split(dispatched[table], ","), columns, table)
	}
}

func ownDatabase(t *testing.T) *pgx.Conn {
	t.Helper()
	return harness.Owner(t, harness.Database(t))
}
