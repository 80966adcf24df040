package badinput

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/store"
)

// intruder is a way to ask without the right to.
type intruder struct {
	name   string
	header texts
	status int
	code   string
}

func (s *scene) intruders() []intruder {
	s.t.Helper()
	bearer := func(key string) texts { return texts{"Authorization": "Bearer " + key} }
	expired, revoked := s.issue(store.NewServiceKey{Name: "expired", Scopes: []string{"catalog:read"}}), s.issue(store.NewServiceKey{Name: "revoked", Scopes: []string{"catalog:read"}})
	s.Exec("UPDATE service_keys SET expires_at = clock_timestamp() - interval '1 second' WHERE name = 'expired'")
	s.Exec("UPDATE service_keys SET revoked_at = clock_timestamp() WHERE name = 'revoked'")
	poor := s.issue(store.NewServiceKey{Name: "poor", Scopes: []string{"imports:read"}})
	parts := strings.Split(s.key, "_")
	parts[3] = strings.Repeat("0", len(parts[3]))
	return []intruder{
		{"no key", texts{"Authorization": absent}, 401, "invalid_key"},
		{"an empty key", bearer(""), 401, "invalid_key"},
		{"another scheme", texts{"Authorization": "Basic " + s.key}, 401, "invalid_key"},
		{"no scheme", texts{"Authorization": s.key}, 401, "invalid_key"},
		{"two keys", bearer(s.key + ", Bearer " + s.key), 401, "invalid_key"},
		{"a key with a wrong checksum", bearer(s.key[:len(s.key)-1] + "!"), 401, "invalid_key"},
		{"a key with another secret", bearer(strings.Join(parts, "_")), 401, "invalid_key"},
		{"a key of the other mode", bearer(strings.Replace(s.key, "_test_", "_live_", 1)), 401, "invalid_key"},
		{"a token without a signature", bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY21lIn0."), 401, "invalid_key"},
		{"a key of a hundred thousand characters", bearer(strings.Repeat("k", 100_000)), 401, "invalid_key"},
		{"an expired key", bearer(expired), 401, "key_expired"},
		{"a revoked key", bearer(revoked), 401, "key_revoked"},
		{"a key without the scope", bearer(poor), 403, "scope_missing"},
		{"no realm", texts{"X-Realm-Id": absent}, 403, "realm_mismatch"},
		{"another realm", texts{"X-Realm-Id": "rlm_01h455vb4pex5vsknk084sn02q"}, 403, "realm_mismatch"},
		{"the realm in another case", texts{"X-Realm-Id": strings.ToUpper(s.realm)}, 403, "realm_mismatch"},
	}
}

func TestNobodyWithoutTheRightLearnsOrChangesAnything(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	intruders := s.intruders()
	for _, o := range s.doc.operations {
		if o.Public {
			continue
		}
		valid := s.fixtures[o.ID](s)
		before := s.digest()
		for _, who := range intruders {
			r := valid
			for name, text := range who.header {
				r.header = with(r.header, name, text)
			}
			b, ok := s.build(o, r)
			require.True(t, ok)
			a := s.send(b)
			var p problem
			require.NoError(t, json.Unmarshal(a.body, &p), "%s by %s", o.ID, who.name)
			require.Equal(t, who.status, a.status, "%s by %s: %s", o.ID, who.name, a.body)
			require.Equal(t, who.code, p.Code, "%s by %s", o.ID, who.name)
			require.NotContains(t, string(a.body), s.key)
		}
		require.Empty(t, changed(before, s.digest()), o.ID)
	}
}
