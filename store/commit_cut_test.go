package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/tests/harness/wire"
)

// cutScene is a scene whose store also has a door through a proxy that cuts COMMITs.
type cutScene struct {
	*harness.Scene
	through *store.Store
	proxy   *wire.Committer
}

func newCutScene(t *testing.T) *cutScene {
	t.Helper()
	s := &cutScene{Scene: harness.NewScene(t, harness.Setting{Now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)})}
	s.Assign(time.Time{})
	var err error
	s.proxy, err = wire.NewCommitter(context.Background(), s.URL)
	require.NoError(t, err)
	t.Cleanup(s.proxy.Close)
	s.through = harness.Open(t, s.proxy.URL)
	require.NoError(t, s.through.Ping(t.Context()))
	return s
}

// cut runs fn with its nth COMMIT cut, and says whether there was such a COMMIT.
func (s *cutScene) cut(how wire.Cut, nth int, fn func()) bool {
	before := s.proxy.Cuts()
	s.proxy.Arm(how, nth)
	fn()
	s.proxy.Arm(0, 0)
	return s.proxy.Cuts() > before
}

// A COMMIT without an answer is run again under its key, whether it had taken effect, had not, or still will.
func TestACutCommitUnderAKeyIsRunAgainAndHasOneEffect(t *testing.T) {
	t.Parallel()
	for _, how := range wire.Cuts {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			s := newCutScene(t)
			first := once("k1", "hash")
			require.True(t, s.cut(how, 1, func() {
				if err := createMeter(t, s.through, s.Call, first, "tokens"); err != nil {
					require.ErrorIs(t, err, store.ErrReplayed)
				}
			}))
			again := once("k1", "hash")
			require.ErrorIs(t, createMeter(t, s.Store, s.Call, again, "tokens"), store.ErrReplayed)
			require.Equal(t, first.Answer, again.Answer)
			require.Equal(t, "1", s.Text("SELECT count(*) FROM meters WHERE code = 'tokens'"))
		})
	}
}

// The hot decisions keep their keys in their own rows.
func TestACutCommitOfAHotDecisionGivesTheStoredAnswer(t *testing.T) {
	t.Parallel()
	for _, how := range wire.Cuts {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			s := newCutScene(t)
			meters := []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: decimal.NewFromInt(300_000)}}
			ask := store.Ask{Account: s.Account.ID, FeatureCode: harness.SceneFeature, Meters: meters, TTL: time.Hour, Key: "a", Hash: []byte("h"), Secret: []byte("secret")}
			var granted store.Authorized
			require.True(t, s.cut(how, 1, func() {
				var err error
				granted, err = s.through.Authorize(t.Context(), s.Call, ask)
				require.NoError(t, err)
			}))
			require.True(t, granted.Decision.Allow)
			use := store.Use{Token: granted.Token, Meters: meters, Close: true, Key: "c", Hash: []byte("h")}
			var done store.Committed
			require.True(t, s.cut(how, 1, func() {
				var err error
				done, err = s.through.CommitLease(t.Context(), s.Call, use)
				require.NoError(t, err)
			}))
			again, err := s.Store.CommitLease(t.Context(), s.Call, use)
			require.NoError(t, err)
			require.Equal(t, done.CommitID, again.CommitID)
			report := store.Report{Account: s.Account.ID, Meters: meters, Key: "u", Hash: []byte("h")}
			var told store.Recorded
			require.True(t, s.cut(how, 1, func() {
				told, err = s.through.RecordUsage(t.Context(), s.Call, report)
				require.NoError(t, err)
			}))
			require.Len(t, told.Events, 1)
			require.Equal(t, "1 1 1 1", s.Text(`SELECT concat_ws(' ', (SELECT count(*) FROM authorizations), (SELECT count(*) FROM leases),
				(SELECT count(*) FROM commits), (SELECT count(*) FROM usage_events))`))
			require.Empty(t, s.Sound())
		})
	}
}

// Nothing would tell a second run of a decision without a key that there was a first.
func TestACutCommitWithoutAKeyIsReportedAsUnknownAndRunOnce(t *testing.T) {
	t.Parallel()
	for _, how := range wire.Cuts {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			s := newCutScene(t)
			require.True(t, s.cut(how, 1, func() {
				_, err := s.through.CreateMeter(t.Context(), s.Call, store.NewMeter{Code: "tokens", Name: "Tokens", Unit: "token", Aggregation: "sum"})
				require.True(t, fault.Is(err, "outcome_unknown"), "%v", err)
				require.Equal(t, fault.Unavailable, fault.Of(err).Kind)
			}))
			if how == wire.Late {
				require.Eventually(t, func() bool { return s.Text("SELECT count(*) FROM meters WHERE code = 'tokens'") == "1" }, 10*time.Second, 20*time.Millisecond)
			}
			want := map[wire.Cut]string{wire.Before: "0", wire.After: "1", wire.Late: "1"}[how]
			require.Equal(t, want, s.Text("SELECT count(*) FROM meters WHERE code = 'tokens'"))
		})
	}
}

// Reads end in a COMMIT, too.
func TestACutCommitOfAReadIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newCutScene(t)
	for _, how := range wire.Cuts {
		require.True(t, s.cut(how, 1, func() {
			found, err := s.through.FindAccount(t.Context(), s.Call, s.Account.ID)
			require.NoError(t, err)
			require.Equal(t, models.AccountActive, found.Status)
		}), fmt.Sprint(how))
	}
}
