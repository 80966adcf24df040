package migration

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/migrations"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func TestAuditRowsFromBeforeTheChainGetTheirLinks(t *testing.T) {
	t.Parallel()
	url := harness.EmptyDatabase(t)
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	up, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files)
	require.NoError(t, err)
	_, err = up.UpTo(t.Context(), 12)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `
		INSERT INTO realms (id, code, name, mode) SELECT gen_random_uuid(), 'r' || n, 'R', 'test' FROM generate_series(1, 2) n;
		INSERT INTO audit_log (realm_id, id, actor, action, object_type, object_id, after, effective_at, recorded_at)
		SELECT r.id, gen_random_uuid(), 'a', 'x.changed', 'x', 'x_' || o, jsonb_build_object('n', n), now(), now() + n * interval '1 second'
		  FROM realms r, generate_series(1, 3) o, generate_series(1, 4) n`)
	require.NoError(t, err)
	_, err = store.Migrate(t.Context(), url)
	require.NoError(t, err)

	reports, err := harness.Open(t, url).VerifyRealms(t.Context(), "I-28", "I-19", "I-05")
	require.NoError(t, err)
	require.Len(t, reports, 2)
	for _, report := range reports {
		for _, f := range report.Findings {
			require.Empty(t, f.Violations, f.ID)
		}
	}
	var links, heads int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM audit_log WHERE (seq = 1) = (previous_id IS NULL)),
		(SELECT count(*) FROM audit_heads WHERE seq = 4)`).Scan(&links, &heads))
	require.Equal(t, 24, links)
	require.Equal(t, 6, heads)
}
