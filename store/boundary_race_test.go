package store_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// TestEverythingAtOnceAroundABoundaryKeepsTheBooks lets callers, workers and workflows meet at a renewal and at a cancellation;
// whatever the order, each effect happens once and every invariant holds.
func TestEverythingAtOnceAroundABoundaryKeepsTheBooks(t *testing.T) {
	t.Parallel()
	for round := range 3 {
		start := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
		s := harness.NewScene(t, harness.Setting{Now: start})
		a := s.Assign(time.Time{})
		ctx, st, call, ba := t.Context(), s.Store, s.Call, s.Account.ID
		end := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
		turn := func() error {
			next, err := st.NextTurn(ctx, call, a.ID)
			if err == nil {
				err = st.TakeTurn(ctx, call, a.ID, next)
			}
			return err
		}
		issue := func() error {
			next, err := st.NextIssuance(ctx, call, a.ID, harness.SceneRule)
			if err == nil && !next.Over {
				err = st.IssueLot(ctx, call, a.ID, harness.SceneRule, next.Index)
			}
			return err
		}
		closeAt := func(boundary time.Time) func() error {
			return func() error {
				if _, err := st.FreezeRun(ctx, call, ba, boundary); err != nil {
					return err
				}
				_, err := st.CloseRun(ctx, call, ba, boundary)
				return err
			}
		}
		meters := []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: decimal.NewFromInt(150000)}}
		pair := func() error {
			key := uuid.NewString()
			got, err := st.Authorize(ctx, call, store.Ask{Account: ba, FeatureCode: harness.SceneFeature, Meters: meters, TTL: time.Minute, Key: key,
				Hash: []byte(key), Secret: secret})
			if err == nil && got.Decision.Allow {
				_, err = st.CommitLease(ctx, call, store.Use{Token: got.Token, Meters: meters, Close: rand.N(2) == 0, Key: key, Hash: []byte(key)})
			}
			return err
		}
		report := func() error {
			at := end.Add(-time.Duration(rand.N(int64(time.Hour))))
			key := uuid.NewString()
			_, err := st.RecordUsage(ctx, call, store.Report{Account: ba, OccurredAt: &at, Key: key, Hash: []byte(key), Meters: meters})
			return err
		}
		rate := func() error { _, err := st.RateUsage(ctx, call, ba, 10); return err }
		settle := func() error { _, err := st.SettleRatings(ctx, call, ba, 10); return err }
		reap := func() error { _, err := st.ReapLeases(ctx, call, 10); return err }
		cancel := func() error {
			_, err := st.CancelAssignment(ctx, call, a.ID, models.CancelNow)
			return err
		}
		require.NoError(t, turn())
		require.NoError(t, issue())
		require.NoError(t, closeAt(start)())
		all := []func() error{turn, issue, closeAt(end), pair, report, rate, settle, reap}
		storm := func(steps []func() error) {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 12 {
						err := steps[rand.N(len(steps))]()
						if err != nil && !fault.Is(err, "state_conflict") && !fault.Is(err, "unavailable") {
							t.Errorf("round %d: %v", round, err)
						}
					}
				})
			}
			wg.Wait()
		}
		s.SetClock(end)
		storm(all)
		s.SetClock(end.Add(30 * time.Minute))
		storm(append(all, cancel))
		now := end.Add(30 * time.Minute)
		if _, err := st.CancelAssignment(ctx, call, a.ID, models.CancelNow); err != nil {
			require.True(t, fault.Is(err, "state_conflict"), err)
		}
		require.NoError(t, turn())
		s.SetClock(end.Add(3 * time.Hour))
		for range 40 {
			require.NoError(t, rate())
			require.NoError(t, settle())
		}
		require.NoError(t, reap())
		require.NoError(t, turn())
		require.NoError(t, closeAt(end)())
		require.NoError(t, closeAt(now)())
		for month := time.March; month <= time.April; month++ { // what came too late
			at := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)
			s.SetClock(at)
			require.NoError(t, closeAt(at)())
		}
		require.Empty(t, s.Sound())
		require.Equal(t, "0", s.Text(`SELECT count(*) FROM ratings r WHERE overage > 0
			AND NOT EXISTS (SELECT FROM invoice_line_ratings x WHERE x.rating_id = r.id)`), "overage that nobody bills")
		require.Equal(t, "ended", s.Text("SELECT status FROM plan_assignments WHERE NOT is_free"))
		require.Equal(t, "0", s.Text("SELECT trim_scale(held) FROM account_funds"))
		// A lot, a fee and a period of each index, at most once.
		require.Equal(t, "0", s.Text("SELECT count(*) FROM (SELECT period_index FROM credit_lots GROUP BY 1 HAVING count(*) > 1) x"))
	}
}
