package badinput

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// rows is a digest of every table. last_used_at is left out: it says that a key was presented, which it was.
type rows map[string]string

func (s *scene) digestQuery() string {
	s.t.Helper()
	found, err := s.owner.Query(s.t.Context(), "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1")
	require.NoError(s.t, err)
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(s.t, err)
	require.Greater(s.t, len(tables), 30)
	parts := make([]string, 0, len(tables))
	for _, table := range tables {
		parts = append(parts, fmt.Sprintf("SELECT '%[1]s', count(*)::text || '/' || coalesce(sum(hashtextextended((to_jsonb(t) - 'last_used_at')::text, 0)::numeric), 0)::text FROM %[1]s t", table))
	}
	return strings.Join(parts, " UNION ALL ")
}

func (s *scene) digest() rows {
	s.t.Helper()
	found, err := s.owner.Query(s.t.Context(), s.digests)
	require.NoError(s.t, err)
	out := rows{}
	var table, sum string
	_, err = pgx.ForEachRow(found, []any{&table, &sum}, func() error { out[table] = sum; return nil })
	require.NoError(s.t, err)
	return out
}

// changed names the tables that differ.
func changed(before, after rows) []string {
	var out []string
	for _, table := range slices.Sorted(maps.Keys(before)) {
		if before[table] != after[table] {
			out = append(out, table)
		}
	}
	return out
}
