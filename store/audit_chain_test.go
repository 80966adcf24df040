package store_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// chained is a key that was rotated and revoked: three rows about one object.
func chained(t *testing.T) (st *store.Store, call store.Call, owner *pgx.Conn, rows []models.AuditEntry) {
	t.Helper()
	url := harness.Database(t)
	st = harness.Open(t, url)
	call = harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "k"})
	_, err := st.RotateServiceKey(t.Context(), call, rotation(key, 0))
	require.NoError(t, err)
	_, err = st.RevokeServiceKey(t.Context(), call, key.ID)
	require.NoError(t, err)
	rows, _, err = st.ListAudit(t.Context(), call, store.Page{Limit: 10, Ascending: true}, store.AuditFilter{ObjectType: "service_key"})
	require.NoError(t, err)
	require.Len(t, rows, 3)
	owner = harness.Owner(t, url)
	return st, call, owner, rows
}

func broken(t *testing.T, st *store.Store, call store.Call) []store.Violation {
	t.Helper()
	report, err := st.Verify(t.Context(), call, "I-28")
	require.NoError(t, err)
	require.Len(t, report.Findings, 1)
	return report.Findings[0].Violations
}

func TestTheRowsOfAnObjectAreAChain(t *testing.T) {
	t.Parallel()
	st, call, _, rows := chained(t)
	require.Empty(t, broken(t, st, call))
	for i, row := range rows {
		require.EqualValues(t, i+1, row.Seq)
		require.Len(t, row.Hash, 32)
	}
	require.Empty(t, rows[0].PreviousHash)
	require.Equal(t, rows[0].Hash, rows[1].PreviousHash)
	require.Equal(t, rows[1].ID, *rows[2].PreviousID)
}

func TestAnAuditRowThatWasEditedOrTakenAwayIsNamed(t *testing.T) {
	t.Parallel()
	at := func(i int) func([]models.AuditEntry) uuid.UUID {
		return func(r []models.AuditEntry) uuid.UUID { return r[i].ID }
	}
	for name, c := range map[string]struct {
		sql string
		row func([]models.AuditEntry) uuid.UUID
		key func([]models.AuditEntry) uuid.UUID
	}{
		"who":               {"UPDATE audit_log SET actor = 'somebody else' WHERE id = $1", at(1), at(1)},
		"what it was":       {`UPDATE audit_log SET before = before || '{"name": "x"}' WHERE id = $1`, at(2), at(2)},
		"what it became":    {"UPDATE audit_log SET after = NULL WHERE id = $1", at(0), at(0)},
		"when":              {"UPDATE audit_log SET recorded_at = recorded_at + interval '1 microsecond' WHERE id = $1", at(2), at(2)},
		"what it is about":  {"UPDATE audit_log SET action = 'service_key.created' WHERE id = $1", at(1), at(1)},
		"the first is gone": {"DELETE FROM audit_log WHERE id = $1", at(0), at(0)},
		"one in the middle": {"DELETE FROM audit_log WHERE id = $1", at(1), at(1)},
		"the last is gone":  {"DELETE FROM audit_log WHERE id = $1", at(2), at(2)},
		"a hash of its own": {"UPDATE audit_log SET hash = sha256(hash) WHERE id = $1", at(1), at(1)},
		"its head is gone":  {"DELETE FROM audit_heads WHERE audit_id = $1", at(2), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st, call, owner, rows := chained(t)
			_, err := owner.Exec(t.Context(), "SET session_replication_role = replica") // triggers off, as for one who has the database
			require.NoError(t, err)
			done, err := owner.Exec(t.Context(), c.sql, c.row(rows))
			require.NoError(t, err)
			require.EqualValues(t, 1, done.RowsAffected())
			var keys []string
			for _, v := range broken(t, st, call) {
				keys = append(keys, v.Key)
			}
			if c.key == nil {
				require.Equal(t, []string{"audit_heads/" + rows[0].ObjectID}, keys)
				return
			}
			require.Contains(t, keys, "audit_log/"+c.key(rows).String())
		})
	}
}

func TestWritersOfDifferentObjectsDoNotWaitForEachOthersChain(t *testing.T) {
	t.Parallel()
	st, call, owner, rows := chained(t)
	// Somebody holds the head of one chain: what is written about another object goes through.
	tx, err := owner.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(context.WithoutCancel(t.Context()))) }()
	_, err = tx.Exec(t.Context(), "SELECT FROM audit_heads WHERE object_id = $1 FOR UPDATE", rows[0].ObjectID)
	require.NoError(t, err)
	issue(t, st, call, store.NewServiceKey{Name: "another"})
}

func TestTheAppCannotWriteAHeadOrALinkOfItsOwn(t *testing.T) {
	t.Parallel()
	st, call, _, rows := chained(t)
	require.ErrorContains(t, st.InRealm(t.Context(), call, "UPDATE audit_heads SET seq = 0"), "permission denied")
	err := st.InRealm(t.Context(), call, `INSERT INTO audit_log (realm_id, id, actor, action, object_type, object_id, seq, hash, effective_at, recorded_at)
		VALUES (?, gen_random_uuid(), 'a', 'b', 'c', ?, 1, 'mine', now(), now())`, call.Realm, rows[0].ObjectID)
	require.NoError(t, err)
	require.Empty(t, broken(t, st, call), "the database gave it the next place and a hash of its own")
}
