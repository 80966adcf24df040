package oracle_test

import (
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/durabill/durabill/tests/harness/oracle"
	"github.com/durabill/durabill/tests/harness/system"
	"github.com/durabill/durabill/tests/harness/wire"
)

// broken is a system with a link before its API and one before its database.
func broken(t *testing.T) (s *scene, front, back *wire.Link) {
	t.Helper()
	sys := system.StartWith(t, system.Options{APIDatabase: func(raw string) string {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		back, err = wire.NewLink(u.Host)
		require.NoError(t, err)
		through, err := back.Through(raw)
		require.NoError(t, err)
		return through
	}})
	t.Cleanup(back.Close)
	u, err := url.Parse(sys.Base)
	require.NoError(t, err)
	front, err = wire.NewLink(u.Host)
	require.NoError(t, err)
	t.Cleanup(front.Close)
	return newScene(t, sys, func() string { return "http://" + front.Addr() }), front, back
}

// Connections break in the middle of requests and answers, on either side of the API, while several clients work.
func TestBrokenConnectionsLeaveOneEffectAndOneAnswer(t *testing.T) {
	s, front, back := broken(t)
	const clients, writes = 3, 12
	require.NoError(t, front.Poison(wire.Toxic{Name: "cut", Type: "limit_data", Toxicity: 0.2, Attributes: map[string]int{"bytes": 60}}))
	require.NoError(t, front.Poison(wire.Toxic{Name: "slow", Type: "latency", Toxicity: 0.2, Attributes: map[string]int{"latency": 20, "jitter": 20}}))
	require.NoError(t, back.Poison(wire.Toxic{Name: "reset", Type: "reset_peer", Toxicity: 0.3, Attributes: map[string]int{"timeout": 150}}))
	group, ctx := errgroup.WithContext(t.Context())
	for n := range clients {
		group.Go(func() error {
			draw := rand.New(rand.NewPCG(7, uint64(n)))
			kinds := s.writes()
			names := slices.Sorted(maps.Keys(kinds))
			for range writes {
				if err := kinds[names[draw.IntN(len(names))]](ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	front.Heal(context.Background())
	back.Heal(context.Background())
	require.NotZero(t, s.Record().Answers[oracle.Ambiguous])
	s.requireKept(t)
}

// A database that does not answer at all is waited for no longer than the caller would wait, and the answer says so.
func TestAnUnreachableDatabaseIsUnavailableAndNothingElse(t *testing.T) {
	s, _, back := broken(t)
	back.Close()
	for path, body := range map[string]string{
		"/v1/usage":                `{"principal_id":"` + s.account.Principal + `","meters":[{"meter_code":"api_requests","quantity":"1"}]}`,
		"/mgt/v1/billing-accounts": `{"principal_id":"nobody"}`,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.sys.Base+path, strings.NewReader(body))
		require.NoError(t, err)
		for name, value := range map[string]string{"Authorization": "Bearer " + s.sys.Key, "X-Realm-Id": s.sys.Realm, "Idempotency-Key": "k",
			"Content-Type": "application/json"} {
			req.Header.Set(name, value)
		}
		res, err := (&http.Client{Timeout: time.Minute}).Do(req)
		require.NoError(t, err)
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, string(raw))
		require.Equal(t, "1", res.Header.Get("Retry-After"))
		require.Equal(t, oracle.Ambiguous, oracle.Classify(res, raw, nil).Class)
		for _, leak := range []string{"SQLSTATE", "dial", "127.0.0.1", "postgres"} {
			require.NotContains(t, string(raw), leak)
		}
	}
}
