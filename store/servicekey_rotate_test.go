package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func rotation(key store.IssuedKey, overlap time.Duration) store.KeyRotation {
	return store.KeyRotation{KeyID: key.ID, Overlap: overlap, Pepper: pepper, Grantable: func([]string) error { return nil }}
}

func TestARotatedSecretEndsByTheDatabasesClock(t *testing.T) {
	t.Parallel()
	url := harness.Database(t)
	st := harness.Open(t, url)
	call := harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "k"})
	next, err := st.RotateServiceKey(t.Context(), call, rotation(key, time.Hour))
	require.NoError(t, err)
	require.Equal(t, key.ID, next.ID)
	require.EqualValues(t, 2, next.Generation)
	open := func(k store.IssuedKey) error {
		_, err := st.Authenticate(t.Context(), k.ID, k.Token.Secret, pepper)
		return err
	}
	require.NoError(t, open(key))
	require.NoError(t, open(next))
	_, err = harness.Owner(t, url).Exec(t.Context(), "UPDATE service_keys SET retiring_until = clock_timestamp()")
	require.NoError(t, err)
	require.True(t, fault.Is(open(key), "key_expired"), "%v", open(key))
	require.NoError(t, open(next))
	_, err = st.RotateServiceKey(t.Context(), call, rotation(key, time.Hour))
	require.NoError(t, err, "the place of an ended secret is free")
	require.True(t, fault.Is(open(key), "invalid_key"), "%v", open(key))
	require.NoError(t, open(next))
}

func TestAnOldSecretDoesNotOutliveTheOldEndOfItsKey(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	key := issue(t, st, call, store.NewServiceKey{Name: "k", ExpiresAt: &end})
	next, err := st.RotateServiceKey(t.Context(), call, rotation(key, 24*time.Hour))
	require.NoError(t, err)
	require.True(t, next.RetiringUntil.Equal(end), "%s", next.RetiringUntil)
	require.WithinDuration(t, time.Now().Add(365*24*time.Hour), *next.ExpiresAt, time.Minute, "the new secret has a year")
}

func TestOfTwoRotationsAtOnceOneIsRefused(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	key := issue(t, st, call, store.NewServiceKey{Name: "k"})
	ctx := context.WithoutCancel(t.Context())
	results := make(chan error, 2)
	for range cap(results) {
		go func() {
			_, err := st.RotateServiceKey(ctx, call, rotation(key, time.Hour))
			results <- err
		}()
	}
	one, other := <-results, <-results
	if one != nil {
		one, other = other, one
	}
	require.NoError(t, one)
	require.True(t, fault.Is(other, "state_conflict"), "%v", other)
}

func TestASecretIsKnownToLastUntilItsOwnEndOrItsKeys(t *testing.T) {
	t.Parallel()
	now := day("2026-03-01T00:00:00Z")
	soon, later := now.Add(time.Second), now.Add(time.Minute)
	year := 365 * 24 * time.Hour
	for _, c := range []struct {
		name    string
		key     models.ServiceKey
		current bool
		want    time.Duration
	}{
		{"a key without an end", models.ServiceKey{}, true, year},
		{"a key with an end", models.ServiceKey{ExpiresAt: &later}, true, time.Minute},
		{"its retiring secret", models.ServiceKey{ExpiresAt: &later, RetiringUntil: &soon}, false, time.Second},
		{"its current secret", models.ServiceKey{ExpiresAt: &later, RetiringUntil: &soon}, true, time.Minute},
	} {
		require.Equal(t, c.want, store.LifeLeft(c.key, c.current, now), c.name)
	}
}
