package replay_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/durabill/durabill/devenv"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/gateway/stripefake"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/worker"
)

// start is where the recorded plan begins: day 31 at midnight in Berlin.
var start = time.Date(2026, 1, 30, 23, 0, 0, 0, time.UTC)

// recorder runs the real workers on a scene and keeps what its workflows did.
type recorder struct {
	*harness.Scene
	t        *testing.T
	temporal client.Client
	fake     *stripefake.Server
}

func newRecorder(t *testing.T, in harness.Setting) *recorder {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	endpoint, err := devenv.TestTemporal(ctx)
	require.NoError(t, err)
	endpoint, err = endpoint.CreateNamespace(ctx, "record-"+strings.ToLower(rand.Text()))
	require.NoError(t, err)
	quiet := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	c, err := client.Dial(client.Options{HostPort: endpoint.HostPort, Namespace: endpoint.Namespace, Identity: "recorder",
		Logger: log.NewStructuredLogger(quiet)})
	require.NoError(t, err)
	fake, err := stripefake.New(stripefake.Options{})
	require.NoError(t, err)
	url, stop, err := fake.Start("127.0.0.1:0")
	require.NoError(t, err)
	stripe, err := gateway.New(gateway.Config{APIKey: "sk_test_recorder", BaseURL: url})
	require.NoError(t, err)
	in.Zone, in.Collection = "Europe/Berlin", models.CollectStripe
	r := &recorder{t: t, temporal: c, fake: fake, Scene: harness.NewScene(t, in)}
	ended := make(chan error, 1)
	go func() {
		ended <- worker.Run(ctx, worker.Config{Store: r.Store, Temporal: c, Stripe: stripe, Log: quiet, StopTimeout: time.Second})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
		c.Close()
		stripe.Close()
		stop()
	})
	return r
}

func (r *recorder) advance(to time.Time) {
	r.t.Helper()
	_, err := r.Store.AdvanceClock(r.t.Context(), r.Call, r.Clock.ID, to)
	require.NoError(r.t, err)
	r.eventually(func() bool {
		c, err := r.Store.FindClock(r.t.Context(), r.Call, r.Clock.ID)
		require.NoError(r.t, err)
		require.NotEqual(r.t, models.ClockBlocked, c.Status, c.BlockedOn)
		return c.Status == models.ClockReady
	})
}

func (r *recorder) eventually(is func() bool) {
	r.t.Helper()
	require.Eventually(r.t, is, time.Minute, 20*time.Millisecond)
}

// keep writes the history of a run; the last run of the workflow when run is empty. One that is there already stays as it is:
// workflows like it may be running somewhere.
func (r *recorder) keep(name, workflow, run string) *history.History {
	r.t.Helper()
	h := &history.History{}
	for it := r.temporal.GetWorkflowHistory(r.t.Context(), workflow, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		require.NoError(r.t, err)
		if q := e.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue(); q.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
			q.Name = "sticky" // it names the machine
		}
		h.Events = append(h.Events, e)
	}
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	require.NoError(r.t, err)
	require.NoError(r.t, os.MkdirAll(folder, 0o755))
	file := filepath.Join(folder, name+".json")
	if _, err := os.Stat(file); err == nil {
		return h
	}
	require.NoError(r.t, os.WriteFile(file, append(text, '\n'), 0o600))
	return h
}

// keepChain writes every run of a workflow that continued as new, the first as name-1.
func (r *recorder) keepChain(name, workflow string, most int) {
	r.t.Helper()
	d, err := r.temporal.DescribeWorkflowExecution(r.t.Context(), workflow, "")
	require.NoError(r.t, err)
	run := d.GetWorkflowExecutionInfo().GetFirstRunId()
	for n := 1; run != "" && n <= most; n++ {
		h := r.keep(name+"-"+string(rune('0'+n)), workflow, run)
		run = h.GetEvents()[len(h.GetEvents())-1].GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
}

func (r *recorder) invoices() []models.Invoice {
	r.t.Helper()
	list, _, err := r.Store.ListInvoices(r.t.Context(), r.Call, store.Page{Limit: 10, Ascending: true}, store.InvoiceFilter{})
	require.NoError(r.t, err)
	return list
}

// hear lets an event of the provider's arrive.
func (r *recorder) hear(id, kind, object string) {
	r.t.Helper()
	endpoint, err := r.Store.CreateStripeEndpoint(r.t.Context(), r.Call, models.NewID(), []string{"whsec_x"}, false)
	require.NoError(r.t, err)
	_, err = r.Store.ReceiveEvent(r.t.Context(), r.Call, models.InboxEvent{ID: id, EndpointID: endpoint.ID, Type: kind, ObjectID: object,
		ObjectType: "invoice", APIVersion: gateway.APIVersion, Payload: []byte("{}")})
	require.NoError(r.t, err)
	r.eventually(func() bool {
		e, err := r.Store.FindEvent(r.t.Context(), r.Call, id)
		require.NoError(r.t, err)
		return e.Status != models.InboxReceived
	})
}

func TestRecordHistories(t *testing.T) {
	if os.Getenv("RECORD_HISTORIES") == "" {
		t.Log("nothing to do: `make histories` records new ones")
		return
	}
	t.Run("on a clock", recordOnAClock)
	t.Run("in real time", recordInRealTime)
	t.Run("of checkouts", recordCheckouts)
	t.Run("after failures", recordFailures)
	t.Run("cancelled", recordCancellations)
	t.Run("across continue-as-new", recordContinuations)
}

// recordOnAClock renews a plan twice, pays, is declined, and cancels at the period's end.
func recordOnAClock(t *testing.T) {
	r := newRecorder(t, harness.Setting{Now: start.Add(-11 * time.Hour)})
	a := r.Assign(start)
	r.advance(start.AddDate(0, 1, 5))
	inv := r.invoices()
	require.Len(t, inv, 2)
	r.hear("evt_paid", "invoice.paid", inv[0].StripeInvoice)
	r.hear("evt_other", "product.created", "prod_1")
	r.hear("evt_gone", "invoice.paid", "in_that_is_gone")
	r.fake.SetFault(declines)
	r.advance(start.AddDate(0, 2, 5))
	r.fake.SetFault(nil)
	inv = r.invoices()
	require.Equal(t, models.CollectionFailed, inv[2].Collection)
	r.Exec("UPDATE invoices SET collection = 'collecting' WHERE id = $1", inv[2].ID)
	require.NoError(t, r.temporal.SignalWorkflow(t.Context(), keys.InvoiceWorkflow(inv[2].ID), "", keys.PokeSignal, nil))
	r.eventually(func() bool { return r.invoices()[2].Status == models.InvoicePaid })
	_, err := r.Store.CancelAssignment(t.Context(), r.Call, a.ID, models.CancelPeriodEnd)
	require.NoError(t, err)
	r.advance(start.AddDate(0, 3, 5))

	r.keepChain("plan_assignment", keys.PlanAssignmentWorkflow(a.ID), 3)
	r.keepChain("credit_issuance", keys.CreditIssuanceWorkflow(a.ID, harness.SceneRule), 3)
	r.keep("billing_period", keys.BillingPeriodWorkflow(r.Account.ID, inv[1].BoundaryAt), "")
	r.keep("invoice_paid", keys.InvoiceWorkflow(inv[1].ID), "")
	r.keep("invoice_declined", keys.InvoiceWorkflow(inv[2].ID), "")
	r.keep("stripe_event_paid", keys.StripeEventWorkflow(r.Call.Realm, "evt_paid"), "")
	r.keep("stripe_event_ignored", keys.StripeEventWorkflow(r.Call.Realm, "evt_other"), "")
	r.keep("stripe_event_dead", keys.StripeEventWorkflow(r.Call.Realm, "evt_gone"), "")
	r.keep("test_clock", keys.TestClockWorkflow(r.Clock.ID), "")
	r.keep("settlement_running", keys.SettlementWorkflow(0), "")
	r.keep("event_rating_running", keys.EventRatingWorkflow(0), "")
	require.Empty(t, r.Sound())
}

// recordInRealTime waits by timers, is poked by a cancellation, stops where it is refused, and goes on when poked again.
func recordInRealTime(t *testing.T) {
	r := newRecorder(t, harness.Setting{})
	a := r.Assign(time.Time{})
	r.eventually(func() bool { return len(r.invoices()) == 1 && r.invoices()[0].Status == models.InvoicePaid })
	r.Exec("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$")
	r.Exec("CREATE TRIGGER refuse BEFORE UPDATE ON plan_assignments FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION refuse()")
	_, err := r.Store.CancelAssignment(t.Context(), r.Call, a.ID, models.CancelNow)
	require.NoError(t, err)
	r.eventually(func() bool { return r.Text("SELECT status FROM billing_accounts") == string(models.AccountParked) })
	r.Exec("DROP TRIGGER refuse ON plan_assignments")
	require.NoError(t, r.temporal.SignalWorkflow(t.Context(), keys.PlanAssignmentWorkflow(a.ID), "", keys.PokeSignal, nil))
	r.ended(keys.PlanAssignmentWorkflow(a.ID))
	r.ended(keys.CreditIssuanceWorkflow(a.ID, harness.SceneRule))
	r.keep("plan_assignment_live_parked", keys.PlanAssignmentWorkflow(a.ID), "")
	r.keep("credit_issuance_live", keys.CreditIssuanceWorkflow(a.ID, harness.SceneRule), "")
	r.keep("billing_period_live", keys.BillingPeriodWorkflow(r.Account.ID, r.invoices()[0].BoundaryAt), "")
}

// ended waits for a workflow's last command.
func (r *recorder) ended(workflow string) {
	r.t.Helper()
	require.NoError(r.t, r.temporal.GetWorkflow(r.t.Context(), workflow, "").Get(r.t.Context(), nil))
}
