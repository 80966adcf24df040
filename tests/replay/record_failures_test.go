package replay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/worker"
)

// fails lets the nth change of a table fail, once, with an error that nobody expects.
func (r *recorder) fails(table, change string, nth int) {
	r.t.Helper()
	name := fmt.Sprintf("fails_%s_%s", table, change)
	r.Exec("CREATE SEQUENCE " + name) // what a sequence counts is not rolled back
	r.Exec("GRANT USAGE ON SEQUENCE " + name + " TO durabill_app")
	r.Exec(fmt.Sprintf(`CREATE FUNCTION %[1]s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('%[1]s') = %[2]d THEN RAISE EXCEPTION 'once'; END IF; RETURN NEW; END $$`, name, nth))
	r.Exec(fmt.Sprintf("CREATE TRIGGER %[1]s BEFORE %[2]s ON %[3]s FOR EACH ROW EXECUTE FUNCTION %[1]s()", name, change, table))
}

// recordFailures bills two months in which every workflow meets an activity that fails at first.
func recordFailures(t *testing.T) {
	r := newRecorder(t, harness.Setting{Now: start.Add(-11 * time.Hour)})
	r.fails("billing_periods", "INSERT", 1)
	r.fails("credit_lots", "UPDATE", 1)
	r.fails("invoices", "INSERT", 1)
	r.fails("invoices", "UPDATE", 1)
	r.fails("test_clocks", "UPDATE", 2) // the first is the test's own
	r.fails("stripe_inbox", "UPDATE", 1)
	a := r.Assign(start)
	// The loops' next look fails, and the one after that does not.
	r.Exec("REVOKE SELECT ON dispatch FROM durabill_dispatcher")
	time.Sleep(time.Second)
	r.Exec("GRANT SELECT ON dispatch TO durabill_dispatcher")
	r.advance(start.AddDate(0, 0, 5))
	inv := r.invoices()
	require.Len(t, inv, 1)
	r.hear("evt_paid", "invoice.paid", inv[0].StripeInvoice)
	r.reconcilerFails()
	time.Sleep(70 * time.Second) // a loop's activity lasts a minute

	r.keep("plan_assignment_failed", keys.PlanAssignmentWorkflow(a.ID), r.first(keys.PlanAssignmentWorkflow(a.ID)))
	r.keep("credit_issuance_failed", keys.CreditIssuanceWorkflow(a.ID, harness.SceneRule), r.first(keys.CreditIssuanceWorkflow(a.ID, harness.SceneRule)))
	r.keep("billing_period_failed", keys.BillingPeriodWorkflow(r.Account.ID, inv[0].BoundaryAt), "")
	r.keep("invoice_failed", keys.InvoiceWorkflow(inv[0].ID), "")
	r.keep("test_clock_failed", keys.TestClockWorkflow(r.Clock.ID), "")
	r.keep("stripe_event_failed", keys.StripeEventWorkflow(r.Call.Realm, "evt_paid"), "")
	r.keep("settlement_failed", keys.SettlementWorkflow(0), "")
	r.keep("event_rating_failed", keys.EventRatingWorkflow(0), "")
	r.keep("reconciler_failed", keys.ReconcilerWorkflow, "")
	require.Empty(t, r.Sound())
}

func (r *recorder) first(workflow string) string {
	r.t.Helper()
	d, err := r.temporal.DescribeWorkflowExecution(r.t.Context(), workflow, "")
	require.NoError(r.t, err)
	return d.GetWorkflowExecutionInfo().GetFirstRunId()
}

// reconcilerFails starts the reconciler again at a moment at which its first look fails.
func (r *recorder) reconcilerFails() {
	r.t.Helper()
	r.keep("reconciler_running", keys.ReconcilerWorkflow, "")
	r.cancel("", keys.ReconcilerWorkflow)
	r.Exec("REVOKE SELECT (id) ON realms FROM durabill_dispatcher")
	_, err := r.temporal.ExecuteWorkflow(r.t.Context(), client.StartWorkflowOptions{ID: keys.ReconcilerWorkflow, TaskQueue: worker.TaskQueue},
		keys.TypeReconciler)
	require.NoError(r.t, err)
	time.Sleep(time.Second)
	r.Exec("GRANT SELECT (id) ON realms TO durabill_dispatcher")
}

// cancel asks a running workflow to end, and keeps what it did, unless it has no name.
func (r *recorder) cancel(name, workflow string) {
	r.t.Helper()
	require.NoError(r.t, r.temporal.CancelWorkflow(r.t.Context(), workflow, ""))
	r.eventually(func() bool {
		d, err := r.temporal.DescribeWorkflowExecution(r.t.Context(), workflow, "")
		require.NoError(r.t, err)
		return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED
	})
	if name != "" {
		r.keep(name, workflow, "")
	}
}

// recordCancellations cancels every workflow where it usually is: waiting, or trying again.
func recordCancellations(t *testing.T) {
	r := newRecorder(t, harness.Setting{Now: start.Add(-11 * time.Hour)})
	a := r.Assign(start)
	boundary := start.AddDate(0, 0, 28)
	r.fake.SetFault(declines)
	r.advance(boundary.Add(30 * time.Minute))
	inv := r.invoices()
	require.Len(t, inv, 1)
	r.cancel("billing_period_cancelled", keys.BillingPeriodWorkflow(r.Account.ID, boundary))
	r.cancel("plan_assignment_cancelled", keys.PlanAssignmentWorkflow(a.ID))
	r.cancel("credit_issuance_cancelled", keys.CreditIssuanceWorkflow(a.ID, harness.SceneRule))
	r.cancel("invoice_cancelled", keys.InvoiceWorkflow(inv[0].ID))

	// An event that the provider does not let us look at, and a clock that something keeps from resting.
	r.fake.SetFault(unavailable)
	endpoint, err := r.Store.CreateStripeEndpoint(t.Context(), r.Call, models.NewID(), []string{"whsec_y"}, false)
	require.NoError(t, err)
	_, err = r.Store.ReceiveEvent(t.Context(), r.Call, models.InboxEvent{ID: "evt_waiting", EndpointID: endpoint.ID, Type: "invoice.paid",
		ObjectID: inv[0].StripeInvoice, ObjectType: "invoice", APIVersion: gateway.APIVersion, Payload: []byte("{}")})
	require.NoError(t, err)
	r.running(keys.StripeEventWorkflow(r.Call.Realm, "evt_waiting"))
	_, err = r.Store.AdvanceClock(t.Context(), r.Call, r.Clock.ID, boundary.AddDate(0, 0, 5))
	require.NoError(t, err)
	r.running(keys.TestClockWorkflow(r.Clock.ID))
	time.Sleep(3 * time.Second)
	r.cancel("test_clock_cancelled", keys.TestClockWorkflow(r.Clock.ID))
	r.cancel("stripe_event_cancelled", keys.StripeEventWorkflow(r.Call.Realm, "evt_waiting"))
	r.cancel("settlement_cancelled", keys.SettlementWorkflow(0))
	r.cancel("event_rating_cancelled", keys.EventRatingWorkflow(0))
	r.cancel("reconciler_cancelled", keys.ReconcilerWorkflow)
}

// running waits until Temporal has the workflow.
func (r *recorder) running(workflow string) {
	r.t.Helper()
	r.eventually(func() bool {
		d, err := r.temporal.DescribeWorkflowExecution(r.t.Context(), workflow, "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
}
