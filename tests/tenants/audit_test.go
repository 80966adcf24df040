package tenants_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

type auditRow struct {
	Actor, Action, ObjectID string
	Before, After           *string
	Chained                 bool
}

// everyWriteIsAudited makes every management write of the document and reads what the log has of it.
func everyWriteIsAudited(t *testing.T, b *tenant) {
	writes := 0
	for _, r := range routes(t) {
		build := fixtures[r.name()]
		if build == nil || !strings.HasPrefix(r.Path, "/mgt/") || r.Idempotency == "read-only" {
			continue
		}
		writes++
		c := build(b)[0]
		request := fresh("audited")
		c = c.with("header X-Request-Id", request)
		b.must(b.send(r.Method, c.target(t, r), c))
		t.Run(r.name(), func(t *testing.T) { isAuditedOnce(t, b, r, request) })
	}
	require.Greater(t, writes, 25)
}

func isAuditedOnce(t *testing.T, b *tenant, r route, request string) {
	rows, err := b.db.Query(t.Context(), `SELECT actor, action, object_id, before::text, after::text,
			hash = sha256(previous_hash || convert_to(audit_text(a), 'UTF8')) FROM audit_log a WHERE request_id = $1`, request)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[auditRow])
	require.NoError(t, err)
	require.Len(t, found, 1, "%s leaves one row in the audit log: %v", r.name(), found)
	row := found[0]
	require.Equal(t, "first", row.Actor, r.name())
	require.NotEmpty(t, row.Action, r.name())
	require.NotEmpty(t, row.ObjectID, r.name())
	require.True(t, row.Before != nil || row.After != nil, "%s says what changed", r.name())
	require.NotEqual(t, row.Before, row.After, "%s says what changed", r.name())
	require.True(t, row.Chained, "%s is in its object's chain", r.name())
}
