package store_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

var pepper = []byte("a pepper of the tests")

func issue(t *testing.T, st *store.Store, call store.Call, in store.NewServiceKey) store.IssuedKey {
	t.Helper()
	in.Pepper = pepper
	if in.Scopes == nil {
		in.Scopes = []string{"catalog:read"}
	}
	key, err := st.CreateServiceKey(t.Context(), call, in)
	require.NoError(t, err)
	return key
}

func TestAServiceKeyOpensItsRealm(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "backend", Scopes: []string{"catalog:read", "runtime:write"}})

	token, err := keys.ParseServiceKey(key.Token.Reveal())
	require.NoError(t, err)
	require.Equal(t, keys.ModeTest, token.Mode)
	p, err := st.Authenticate(t.Context(), token.KeyID, token.Secret, pepper)
	require.NoError(t, err)
	realm, err := st.GetRealm(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, store.Principal{RealmID: call.Realm, RealmCode: realm.Code, Mode: models.Test, KeyID: key.ID, Actor: "backend",
		Scopes: []string{"catalog:read", "runtime:write"}}, p)
}

func TestWhoDoesNotKnowTheSecretLearnsNothing(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "k"})
	_, err := st.RevokeServiceKey(t.Context(), call, key.ID)
	require.NoError(t, err)

	wrong := "0000000000000000000000000000000000000000000"
	for name, refused := range map[string]func() error{
		"unknown key":  func() error { _, err := st.Authenticate(t.Context(), models.NewID(), wrong, pepper); return err },
		"wrong secret": func() error { _, err := st.Authenticate(t.Context(), key.ID, wrong, pepper); return err },
		"wrong pepper": func() error {
			_, err := st.Authenticate(t.Context(), key.ID, key.Token.Secret, []byte("other"))
			return err
		},
	} {
		err := refused()
		require.True(t, fault.Is(err, "invalid_key"), "%s: %v", name, err)
		require.Equal(t, fault.Unauthenticated, fault.Of(err).Kind)
	}
	_, err = st.Authenticate(t.Context(), key.ID, key.Token.Secret, pepper)
	require.True(t, fault.Is(err, "key_revoked"), "%v", err)
}

func TestAKeyExpires(t *testing.T) {
	t.Parallel()
	url := harness.Database(t)
	st := harness.Open(t, url)
	key := issue(t, st, harness.Realm(t, st), store.NewServiceKey{Name: "k"})
	require.NotNil(t, key.ExpiresAt, "a key that nobody gave an end has one")
	_, err := harness.Owner(t, url).Exec(t.Context(), "UPDATE service_keys SET expires_at = clock_timestamp()")
	require.NoError(t, err)
	_, err = st.Authenticate(t.Context(), key.ID, key.Token.Secret, pepper)
	require.True(t, fault.Is(err, "key_expired"), "%v", err)
}

func TestAKeyCanBeKnownBeforehand(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	token, err := keys.NewServiceKey(keys.ModeTest, models.NewID(), bytes.NewReader(make([]byte, 32)))
	require.NoError(t, err)
	key := issue(t, st, call, store.NewServiceKey{Name: "demo", Token: &token, Never: true})
	require.Equal(t, token.Reveal(), key.Token.Reveal())
	require.Nil(t, key.ExpiresAt)
	_, err = st.Authenticate(t.Context(), token.KeyID, token.Secret, pepper)
	require.NoError(t, err)
	_, err = st.CreateServiceKey(t.Context(), call, store.NewServiceKey{Name: "demo", Scopes: []string{"x"}, Token: &token})
	require.True(t, fault.Is(err, "already_exists"), "%v", err)
}

func TestOnlyTheHashOfASecretIsStored(t *testing.T) {
	t.Parallel()
	url := harness.Database(t)
	st := harness.Open(t, url)
	call := harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "k"})
	var n int
	err := harness.Owner(t, url).QueryRow(t.Context(), `SELECT count(*) FROM (SELECT k::text AS r FROM service_keys k
		UNION ALL SELECT a::text FROM audit_log a UNION ALL SELECT i::text FROM idempotency_keys i) x
		WHERE position($1 IN r) > 0`, key.Token.Secret).Scan(&n)
	require.NoError(t, err)
	require.Zero(t, n)
	rows, _, err := st.ListServiceKeys(t.Context(), call, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Empty(t, rows[0].SecretHash)
	require.Equal(t, key.Token.Secret[39:], rows[0].Last4)
}

func TestUseIsNotedAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	url := harness.Database(t)
	st := harness.Open(t, url)
	call := harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "k"})
	used := func() any {
		_, err := st.Authenticate(t.Context(), key.ID, key.Token.Secret, pepper)
		require.NoError(t, err)
		rows, _, err := st.ListServiceKeys(t.Context(), call, store.Page{Limit: 1})
		require.NoError(t, err)
		require.NotNil(t, rows[0].LastUsedAt)
		return *rows[0].LastUsedAt
	}
	first := used()
	require.Equal(t, first, used())
	_, err := harness.Owner(t, url).Exec(t.Context(), "UPDATE service_keys SET last_used_at = last_used_at - interval '2 minutes'")
	require.NoError(t, err)
	require.NotEqual(t, first, used())
}

func TestARingTrustsAKeyForAWhileAndForgetsOnCommand(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "k"})
	ring := store.NewKeyRing(st, pepper)
	open := func() error { _, err := ring.Authenticate(t.Context(), key.ID, key.Token.Secret); return err }
	require.NoError(t, open())
	_, err := st.RevokeServiceKey(t.Context(), call, key.ID)
	require.NoError(t, err)
	require.NoError(t, open(), "within its few seconds")
	_, err = ring.Authenticate(t.Context(), key.ID, key.Token.Secret[1:]+"0")
	require.True(t, fault.Is(err, "invalid_key"), "trust is in the secret, not in the id: %v", err)
	ring.Forget()
	require.True(t, fault.Is(open(), "key_revoked"))
}

func TestAKeyNeedsANameAScopeAndAnEndThatLiesAhead(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	past := day("2020-01-01T00:00:00Z")
	_, err := st.CreateServiceKey(t.Context(), harness.Realm(t, st), store.NewServiceKey{ExpiresAt: &past})
	requireFields(t, err, "/name", "/scopes", "/expires_at")
}
