// Package oracle_test holds the whole system to the error oracle while the connections between its parts are broken.
package oracle_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/tests/harness/oracle"
	"github.com/durabill/durabill/tests/harness/system"
	"github.com/durabill/durabill/tests/harness/wire"
)

// scene is a whole system, a world in it, and an account with a plan.
type scene struct {
	*oracle.World
	sys     *system.Running
	account *oracle.Account
	model   string
}

func newScene(t *testing.T, sys *system.Running, base func() string) *scene {
	t.Helper()
	s := &scene{sys: sys, World: &oracle.World{Name: "o", Client: &oracle.Client{Base: base, Key: sys.Key, Realm: sys.Realm,
		HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}}}}
	var err error
	s.account, err = s.CreateAccount(t.Context(), "")
	require.NoError(t, err)
	_, err = s.Assign(t.Context(), s.account)
	require.NoError(t, err)
	var found struct{ Data []struct{ ID string } }
	require.NoError(t, s.Get(t.Context(), "/mgt/v1/pricing-models", &found))
	s.model = found.Data[0].ID
	return s
}

// requireKept waits until nothing is left to do and holds everything to what must exist.
func (s *scene) requireKept(t *testing.T) {
	t.Helper()
	require.NoError(t, s.Settle(t.Context()))
	conn := harness.Owner(t, s.sys.URL)
	require.Eventually(t, func() bool {
		var left int
		err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM dispatch) + (SELECT count(*) FROM operations WHERE status = 'running')
			+ (SELECT count(*) FROM provider_calls WHERE status IN ('sent', 'unknown'))`).Scan(&left)
		return err == nil && left == 0
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, s.Check(t.Context()))
	require.Empty(t, s.Record().Violations)
	require.NotZero(t, s.Record().Answers[oracle.Refused])
	report, err := s.sys.Server.Store().Verify(t.Context(), s.sys.Call)
	require.NoError(t, err)
	require.Zero(t, report.Violations(), "%+v", report)
}

// writes is every kind of write, each with keys of its own at every call.
func (s *scene) writes() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"usage":          func(ctx context.Context) error { return s.Use(ctx, s.account) },
		"lease, commit":  func(ctx context.Context) error { return s.Work(ctx, s.account, oracle.Commit) },
		"lease, release": func(ctx context.Context) error { return s.Work(ctx, s.account, oracle.Release) },
		"account, assignment, cancel": func(ctx context.Context) error {
			a, err := s.CreateAccount(ctx, "")
			if err != nil {
				return err
			}
			id, err := s.Assign(ctx, a)
			if err != nil {
				return err
			}
			return s.Cancel(ctx, id)
		},
		"checkout":       func(ctx context.Context) error { _, err := s.Buy(ctx, s.account); return err },
		"service key":    s.ServiceKey,
		"lease, cancel":  func(ctx context.Context) error { return s.Work(ctx, s.account, oracle.Cancel) },
		"sale":           s.Sell,
		"coin":           s.Mint,
		"scrapped clock": func(ctx context.Context) error { return s.Scrap(ctx, clockStart) },
		"clock": func(ctx context.Context) error {
			clock, err := s.CreateClock(ctx, clockStart.Format(time.RFC3339))
			if err != nil {
				return err
			}
			return s.Advance(ctx, clock, clockStart.Add(time.Hour))
		},
		"halt":      s.halt,
		"catalogue": func(ctx context.Context) error { return s.Catalogue(ctx, s.model) },
		"refused":   func(ctx context.Context) error { return s.Misuse(ctx, s.account) },
	}
}

var clockStart = time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)

// halt stops an account of its own.
func (s *scene) halt(ctx context.Context) error {
	a, err := s.CreateAccount(ctx, "")
	if err != nil {
		return err
	}
	return s.Halt(ctx, a, func(ctx context.Context) error {
		id, err := keys.Decode(keys.BillingAccount, a.ID)
		if err != nil {
			return err
		}
		return s.sys.Server.Store().ParkAccount(ctx, s.sys.Call, id, "for the test")
	})
}

// cutting is a system whose API's COMMITs can be cut.
func cutting(t *testing.T) (s *scene, proxy *wire.Committer) {
	t.Helper()
	sys := system.StartWith(t, system.Options{APIDatabase: func(url string) string {
		var err error
		proxy, err = wire.NewCommitter(context.Background(), url)
		require.NoError(t, err)
		return proxy.URL
	}})
	t.Cleanup(proxy.Close)
	return newScene(t, sys, func() string { return sys.Base }), proxy
}

// Every COMMIT that a write needs, its reads' and the caller's authentication included, is cut in turn, in every way.
func TestACutCommitAnywhereInAWriteLeavesOneEffectAndOneAnswer(t *testing.T) {
	s, proxy := cutting(t)
	for name, write := range s.writes() {
		if lives[name] {
			continue // they are many writes, and have a test of their own
		}
		for _, how := range wire.Cuts {
			for nth := 1; ; nth++ {
				before := proxy.Cuts()
				proxy.Arm(how, nth)
				require.NoError(t, write(t.Context()))
				proxy.Arm(0, 0)
				require.Empty(t, s.Record().Violations, "%s, COMMIT %d cut %s", name, nth, how)
				if proxy.Cuts() == before || nth == mostCommits {
					break
				}
			}
		}
	}
	require.Greater(t, proxy.Cuts(), 2*len(wire.Cuts)*len(s.writes()))
	s.requireKept(t)
}

// mostCommits bounds what one write may need before it is repeated; after that the cuts are in the oracle's own reads.
const mostCommits = 6

// lives are writes that change one thing again and again.
var lives = map[string]bool{"service key": true, "sale": true, "halt": true, "scrapped clock": true}

// In every change of a thing that exists, the first COMMIT after the request or the second is cut, in every way: the first may
// be that of the caller's authentication.
func TestACutCommitInAnyChangeLeavesOneEffectAndOneAnswer(t *testing.T) {
	s, proxy := cutting(t)
	writes := s.writes()
	for _, how := range wire.Cuts {
		for nth := range 2 {
			s.Begin = func(oracle.Op) { proxy.Arm(how, nth+1) }
			for name := range lives {
				require.NoError(t, writes[name](t.Context()))
				require.Empty(t, s.Record().Violations, "%s, COMMIT %d cut %s", name, nth+1, how)
			}
			s.Begin = nil
			proxy.Arm(0, 0)
		}
	}
	for _, code := range []string{"outcome_unknown", "version_conflict", "precondition_required", "state_conflict", "immutable_resource", "in_use"} {
		require.NotZero(t, s.Record().Codes[code], code)
	}
	s.requireKept(t)
}
