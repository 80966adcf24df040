package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// outage lets two boundaries pass without a worker: only the lot of the period after the first is there.
func outage(t *testing.T) (*dues, models.PlanAssignment) {
	t.Helper()
	d := newDues(t, harness.Setting{})
	a, drafts := d.assign(monday)
	d.finalize(drafts[0])
	d.SetClock(monday.AddDate(0, 2, 3))
	return d, a
}

// recovered makes up for what was missed, and holds each period to its own lot and fee.
func (d *dues) recovered(a models.PlanAssignment) {
	d.t.Helper()
	for range 2 {
		d.turn(a) // with its lot
	}
	for k := 1; k <= 2; k++ {
		ids := d.close(monday.AddDate(0, k, 0))
		require.Len(d.t, ids, 1)
		require.Equal(d.t, "29", d.finalize(ids[0]).Total.String())
	}
	require.Equal(d.t, "0 1, 1 1, 2 1, 3 1", d.Text(`SELECT string_agg(period_index || ' ' || n, ', ' ORDER BY period_index)
		FROM (SELECT period_index, count(*) AS n FROM credit_lots GROUP BY period_index) x`))
}

func TestUsageThatIsRatedBeforeItsPeriodsLotWasWrittenIsPaidByThatLot(t *testing.T) {
	d, a := outage(t)
	d.use(monday.AddDate(0, 2, 3), "100000")
	require.Equal(t, "1 of 1, beyond 0", d.Text("SELECT format('%s of %s, beyond %s', trim_scale(covered), trim_scale(amount), trim_scale(overage)) FROM ratings"))
	require.Equal(t, "2", d.Text("SELECT l.period_index FROM allocations x JOIN credit_lots l ON l.id = x.lot_id"))
	d.recovered(a)
}

func TestWorkMayBeginAndEndBeforeItsPeriodsLotWasWritten(t *testing.T) {
	d, a := outage(t)
	meters := []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec("2000000")}} // all of the lot
	ask, err := d.Store.Authorize(t.Context(), d.Call, store.Ask{Account: d.Account.ID, FeatureCode: harness.SceneFeature, TTL: time.Hour, Key: "k",
		Hash: []byte("k"), Secret: []byte("s"), Meters: meters})
	require.NoError(t, err)
	require.True(t, ask.Decision.Allow)
	out, err := d.Store.CommitLease(t.Context(), d.Call, store.Use{Token: ask.Token, Meters: meters, Close: true, Key: "c", Hash: []byte("c")})
	require.NoError(t, err)
	same(t, "20", out.Ratings[0].Rating.Covered)
	same(t, "0", out.Ratings[0].Rating.Overage)
	_, err = d.Store.SettleRatings(t.Context(), d.Call, d.Account.ID, 10)
	require.NoError(t, err)
	d.recovered(a)
}

func TestNoLotIsWrittenBeyondTheEndOfItsAssignment(t *testing.T) {
	d, a := outage(t)
	d.SetClock(monday.AddDate(0, 0, 3))
	_, err := d.Store.CancelAssignment(t.Context(), d.Call, a.ID, models.CancelPeriodEnd)
	require.NoError(t, err)
	d.use(monday.AddDate(0, 2, 3), "100000")
	require.Equal(t, "0", d.Text("SELECT max(period_index) FROM credit_lots WHERE status <> 'voided'"))
}

// A lot that nobody wrote in time is owed all the same, whatever has become of the assignment since.
func TestUsageFromBeforeTheEndOfItsAssignmentIsPaidByTheLotThatWasNotWrittenByThen(t *testing.T) {
	d := newDues(t, harness.Setting{})
	end, at := monday.AddDate(0, 2, 10), monday.AddDate(0, 2, 3)
	out, err := d.Store.AssignPlan(t.Context(), d.Call, store.NewAssignment{Account: d.Account.ID, Plan: d.Plan.ID, SourceKind: "manual", SourceRef: "a", End: &end})
	require.NoError(t, err)
	a := out.Assignment
	d.turn(a)
	d.finalize(d.close(monday)[0])
	d.SetClock(at)
	_, err = d.Store.RecordUsage(t.Context(), d.Call, store.Report{Account: d.Account.ID, OccurredAt: &at, Key: "k", Hash: []byte("k"),
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec("100000")}}})
	require.NoError(t, err)

	d.SetClock(end.AddDate(0, 0, 1))
	for range 3 { // two periods and the end
		turn, err := d.Store.NextTurn(t.Context(), d.Call, a.ID)
		require.NoError(t, err)
		require.NoError(t, d.Store.TakeTurn(t.Context(), d.Call, a.ID, turn))
	}
	_, err = d.Store.RateUsage(t.Context(), d.Call, d.Account.ID, 10)
	require.NoError(t, err)
	_, err = d.Store.SettleRatings(t.Context(), d.Call, d.Account.ID, 10)
	require.NoError(t, err)
	require.Equal(t, "1 of 1, beyond 0", d.Text("SELECT format('%s of %s, beyond %s', trim_scale(covered), trim_scale(amount), trim_scale(overage)) FROM ratings"))
	require.Equal(t, end.Format(time.RFC3339), d.Text(`SELECT to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM credit_lots WHERE period_index = 2`))

	for _, boundary := range []time.Time{monday.AddDate(0, 1, 0), monday.AddDate(0, 2, 0), end} {
		d.close(boundary)
	}
	for range 2 {
		next, err := d.Store.NextIssuance(t.Context(), d.Call, a.ID, harness.SceneRule)
		require.NoError(t, err)
		require.NoError(t, d.Store.IssueLot(t.Context(), d.Call, a.ID, harness.SceneRule, next.Index))
	}
	next, err := d.Store.NextIssuance(t.Context(), d.Call, a.ID, harness.SceneRule)
	require.NoError(t, err)
	require.True(t, next.Over)
	require.Equal(t, "0 expired, 1 expired, 2 expired", d.Text("SELECT string_agg(period_index || ' ' || status, ', ' ORDER BY period_index) FROM credit_lots"),
		"no run comes any more that would end them")
	require.Equal(t, "0", d.Text("SELECT trim_scale(available) FROM account_funds"))
	d.sound()
}
