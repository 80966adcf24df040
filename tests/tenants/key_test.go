package tenants_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
)

// keysAndSecretsEnd follows a key through its rotations, over REST; every change is noticed at once by the process that made it.
func keysAndSecretsEnd(t *testing.T, b *tenant) {
	try := func(secret string) answered { return b.sendAs(secret, http.MethodGet, "/mgt/v1/meters", call{}) }
	opens := func(secret string) { t.Helper(); require.Equal(t, http.StatusOK, try(secret).status) }
	refused := func(secret, code string) {
		t.Helper()
		got := try(secret)
		require.Equal(t, http.StatusUnauthorized, got.status, got.text)
		require.Equal(t, code, got.code)
	}
	made := b.newKey("catalog:read")
	id, first := made.str("id"), made.str("secret")
	rotate := func(body map[string]any) answered {
		return b.send(http.MethodPost, "/mgt/v1/service-keys/"+id+"/rotate", call{body: body})
	}
	end := func(keep string) answered {
		return b.send(http.MethodPost, "/mgt/v1/service-keys/"+id+"/end-rotation", call{body: map[string]any{"keep": keep}})
	}

	// The answer that is kept for a repeat has no secret, and a repeat makes no third one.
	once := call{body: map[string]any{}, header: map[string]string{"Idempotency-Key": fresh("rotate")}}
	rotated := b.must(b.send(http.MethodPost, "/mgt/v1/service-keys/"+id+"/rotate", once))
	second := rotated.str("secret")
	repeat := b.must(b.send(http.MethodPost, "/mgt/v1/service-keys/"+id+"/rotate", once))
	require.Equal(t, "true", repeat.header.Get("Idempotent-Replayed"))
	require.Empty(t, repeat.str("secret"))
	require.NotEqual(t, first, second)
	require.Equal(t, made.str("last4"), rotated.str("retiring", "last4"))
	ends, err := time.Parse(time.RFC3339, rotated.str("retiring", "ends_at"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), ends, time.Minute, "a day, if nothing else is asked for")
	opens(first)
	opens(second)
	for _, secret := range []string{first, second} {
		token, err := keys.ParseServiceKey(secret)
		require.NoError(t, err)
		var found int
		require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT convert_from(body, 'UTF8') AS r FROM idempotency_keys
			UNION ALL SELECT a::text FROM audit_log a UNION ALL SELECT k::text FROM service_keys k) x WHERE position($1 IN r) > 0`, token.Secret).Scan(&found))
		require.Zero(t, found, "a secret is nowhere in the database")
	}

	third := rotate(map[string]any{})
	require.Equal(t, http.StatusConflict, third.status, "there is no place for a third secret")
	require.Equal(t, "state_conflict", third.code)
	b.must(end("new"))
	refused(first, "key_expired")
	opens(second)
	require.Equal(t, "state_conflict", end("new").code)

	// A new secret that was lost is taken back.
	lost := b.must(rotate(map[string]any{"overlap_seconds": 604800})).str("secret")
	b.must(end("old"))
	refused(lost, "invalid_key")
	refused(first, "invalid_key")
	opens(second)
	now := b.must(rotate(map[string]any{"overlap_seconds": 0})).str("secret")
	refused(second, "key_expired")
	opens(now)
	require.Equal(t, http.StatusUnprocessableEntity, rotate(map[string]any{"overlap_seconds": 604801}).status)
	require.Equal(t, http.StatusUnprocessableEntity, rotate(map[string]any{"expires_at": "2020-01-01T00:00:00Z"}).status)

	b.must(b.send(http.MethodDelete, "/mgt/v1/service-keys/"+id, call{}))
	refused(now, "key_revoked")
	refused(second, "key_revoked")
	require.Equal(t, "state_conflict", rotate(map[string]any{}).code)
	weak := b.newKey("keys:write").str("secret")
	stronger := b.newKey("keys:write", "ledger:read").str("id")
	got := b.sendAs(weak, http.MethodPost, "/mgt/v1/service-keys/"+stronger+"/rotate", call{body: map[string]any{}})
	require.Equal(t, "scope_missing", got.code, "who rotates a key gets its rights")

	near := b.post("/mgt/v1/service-keys", map[string]any{"name": fresh("key"), "scopes": []string{"catalog:read"}, "cidrs": []string{"127.0.0.0/8", "::1/128"}})
	far := b.post("/mgt/v1/service-keys", map[string]any{"name": fresh("key"), "scopes": []string{"catalog:read"}, "cidrs": []string{"192.0.2.0/24"}})
	opens(near.str("secret"))
	elsewhere := try(far.str("secret"))
	require.Equal(t, http.StatusForbidden, elsewhere.status)
	require.Equal(t, "ip_not_allowed", elsewhere.code)
	forwarded := b.sendAs(far.str("secret"), http.MethodGet, "/mgt/v1/meters", call{header: map[string]string{"X-Forwarded-For": "192.0.2.1"}})
	require.Equal(t, "ip_not_allowed", forwarded.code, "a header is not an address")
	bad := b.send(http.MethodPost, "/mgt/v1/service-keys", call{body: map[string]any{"name": fresh("key"), "scopes": []string{"catalog:read"}, "cidrs": []string{"somewhere"}}})
	require.Equal(t, http.StatusUnprocessableEntity, bad.status)
}
