package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

var restored = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)

func left(t *testing.T, s *harness.Scene) []string {
	t.Helper()
	work, _, err := s.Store.ListUnfinished(t.Context(), s.Call, uuid.Nil, 10)
	require.NoError(t, err)
	ids := []string{}
	for _, u := range work {
		ids = append(ids, u.WorkflowID)
	}
	slices.Sort(ids)
	return ids
}

func TestWhatIsLeftToDoFollowsTheAssignmentsLife(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: restored})
	require.Empty(t, left(t, s), "a bare free assignment waits for nothing")
	a := s.Assign(restored)
	plan, issuance := keys.PlanAssignmentWorkflow(a.ID), keys.CreditIssuanceWorkflow(a.ID, harness.SceneRule)
	first := keys.BillingPeriodWorkflow(s.Account.ID, restored)
	require.Equal(t, []string{issuance, plan}, left(t, s))

	turn, err := s.Store.NextTurn(t.Context(), s.Call, a.ID)
	require.NoError(t, err)
	require.NoError(t, s.Store.TakeTurn(t.Context(), s.Call, a.ID, turn))
	require.Equal(t, []string{first, issuance, plan}, left(t, s), "the fee that began is not billed")

	closed, err := s.Store.CloseRun(t.Context(), s.Call, s.Account.ID, restored)
	require.NoError(t, err)
	require.Len(t, closed.Invoices, 1)
	for _, id := range []string{plan, issuance, first} {
		require.NoError(t, s.Store.EndWait(t.Context(), s.Call, id))
	}
	require.Equal(t, []string{issuance, keys.InvoiceWorkflow(closed.Invoices[0]), plan}, left(t, s), "the run is done, its invoice is not")
}

func TestAWorkflowThatIsGoneIsStartedAgainOnceAndOnlyIfSomethingIsLeft(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: restored})
	a := s.Assign(restored)
	starts := func() string {
		return s.Text("SELECT string_agg(workflow_type, ',' ORDER BY workflow_type) FROM outbox WHERE kind = 'start' AND published_at IS NULL")
	}
	gone := keys.PlanAssignmentWorkflow(a.ID)
	require.NoError(t, s.Store.WorkflowGone(t.Context(), s.Call, gone))
	require.Equal(t, "CreditIssuance,PlanAssignment", starts(), "its first start is still on its way")

	s.Exec("UPDATE outbox SET published_at = clock_timestamp()")
	require.NoError(t, s.Store.WorkflowGone(t.Context(), s.Call, gone))
	require.NoError(t, s.Store.WorkflowGone(t.Context(), s.Call, gone))
	require.Equal(t, "PlanAssignment", starts())
	require.Equal(t, "running", s.Text("SELECT status FROM waits WHERE workflow_id = $1", gone), "its clock does not rest before it runs")

	s.Exec("INSERT INTO waits SELECT realm_id, 'billing-period/old', clock_id, billing_account_id, NULL, 'running', effective_at, recorded_at FROM waits LIMIT 1")
	require.Contains(t, left(t, s), "billing-period/old", "a wait that nothing needs is looked at too")
	require.NoError(t, s.Store.WorkflowGone(t.Context(), s.Call, "billing-period/old"))
	require.NotContains(t, left(t, s), "billing-period/old")
	require.Equal(t, "PlanAssignment", starts())
}

func TestAHostedPageWhoseOpeningHasNoOutcomeIsLeftToDo(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{})
	checkout := models.NewID()
	key := keys.StripeCheckout(checkout)
	call := store.NewCall{Key: key, Account: s.Account.ID, Verb: "checkout.create", ObjectRef: keys.Encode(keys.Checkout, checkout), Params: []byte("{}"), Checkout: &checkout}
	for _, c := range []struct {
		status models.CallStatus
		want   []string
	}{
		{models.CallSent, []string{keys.CheckoutWorkflow(checkout)}},
		{models.CallUnknown, []string{keys.CheckoutWorkflow(checkout)}},
		{models.CallFailed, nil},
		{models.CallSucceeded, nil},
	} {
		_, err := s.Store.BeginCall(t.Context(), s.Call, call)
		require.NoError(t, err)
		require.NoError(t, s.Store.EndCall(t.Context(), s.Call, key, store.CallEnd{Status: c.status}))
		work, err := s.Store.ListUnfinishedOfRealm(t.Context(), s.Call)
		require.NoError(t, err)
		var ids []string
		for _, u := range work {
			ids = append(ids, u.WorkflowID)
		}
		require.Equal(t, c.want, ids, c.status)
	}
	require.Equal(t, "2", s.Text("SELECT count(*) FROM outbox WHERE workflow_type = 'Checkout'"), "the call, and the one after its refusal")
}

func TestUsageBeyondCreditsOnNoPlanKeepsItsMonthsRun(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: restored})
	a := s.Assign(restored)
	turn, err := s.Store.NextTurn(t.Context(), s.Call, a.ID)
	require.NoError(t, err)
	require.NoError(t, s.Store.TakeTurn(t.Context(), s.Call, a.ID, turn))
	_, err = s.Store.RecordUsage(t.Context(), s.Call, store.Report{Account: s.Account.ID, Key: "use", Hash: []byte("use"), OccurredAt: &restored,
		Meters: []gate.MeterQuantity{{MeterCode: harness.SceneMeter, Quantity: dec("3000000")}}})
	require.NoError(t, err)
	rated, err := s.Store.RateUsage(t.Context(), s.Call, s.Account.ID, 10)
	require.NoError(t, err)
	require.Equal(t, 1, rated)
	// All that could bill it otherwise is over.
	s.Exec("UPDATE plan_assignments SET status = 'ended', end_at = start_at + interval '2 hours' WHERE NOT is_free")
	s.Exec("UPDATE billing_periods SET status = 'closed', fee = 0, closed_at = end_at")
	require.Contains(t, left(t, s), keys.BillingPeriodWorkflow(s.Account.ID, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)))
}

func TestOnlyRowsThatHaveServedAreDeleted(t *testing.T) {
	t.Parallel()
	s := harness.NewScene(t, harness.Setting{Now: restored})
	s.Assign(restored)
	for _, q := range []string{
		"UPDATE outbox SET published_at = clock_timestamp() - interval '46 days' WHERE workflow_type = 'PlanAssignment'",
		"UPDATE outbox SET published_at = clock_timestamp() - interval '44 days' WHERE workflow_type = 'CreditIssuance'",
		`INSERT INTO idempotency_keys (realm_id, scope, key, request_hash, status, body, expires_at)
			SELECT id, 'test', k, '', 200, '', clock_timestamp() + d FROM realms, (VALUES ('old', interval '-1 minute'), ('new', interval '1 minute')) v(k, d)`,
	} {
		s.Exec(q)
	}
	n, err := s.Store.Tidy(t.Context(), s.Call, 1)
	require.NoError(t, err)
	require.Equal(t, 1, n, "there may be more")
	n, err = s.Store.Tidy(t.Context(), s.Call, 1)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, "CreditIssuance", s.Text("SELECT string_agg(workflow_type, ',') FROM outbox"))
	require.Equal(t, "new", s.Text("SELECT string_agg(key, ',') FROM idempotency_keys WHERE scope = 'test'"))
}
