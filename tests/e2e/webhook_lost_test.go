package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/worker"
)

// sweep has the reconciler begin anew, as it does when the worker starts, and waits for what it found to be applied.
func (l *letterbox) sweep(t *testing.T) {
	t.Helper()
	run, err := l.sys.Server.Temporal().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: keys.ReconcilerWorkflow, TaskQueue: worker.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING}, keys.TypeReconciler, keys.ReconcilerInput{})
	require.NoError(t, err)
	history := l.sys.Server.Temporal().GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for done := false; !done; { // until its first activity is
		require.True(t, history.HasNext())
		e, err := history.Next()
		require.NoError(t, err)
		done = e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
	}
	l.settled(t)
}

func TestWhatALostWebhookToldOfIsFoundByTheSweepAlone(t *testing.T) {
	s := newScene(t, "unheard")
	l := &letterbox{scene: s}
	s.sys.Fake.SetDrop(func(string) bool { return true })
	s.sys.Fake.SetFault(declineAll)
	s.assign(t)
	s.sys.Fake.SetFault(nil)
	require.Equal(t, "open", s.invoices(t)[0].Status)
	buy := func(key string) (session string) {
		var checkout struct{ ID string }
		s.post(t, "/mgt/v1/checkout-sessions", key, map[string]any{"billing_account_id": s.AccountID, "credit_type": "CREDIT", "quantity": "50",
			"success_url": "https://unheard.example/thanks"}, &checkout)
		return get[struct {
			StripeSession string `json:"stripe_session"`
		}](t, s.Story, "/mgt/v1/checkout-sessions/"+checkout.ID).StripeSession
	}
	l.pay(t)
	l.control(t, "/_fake/checkout/sessions/"+buy("one")+"/complete", `{}`)
	l.control(t, "/_fake/checkout/sessions/"+buy("two")+"/expire", `{}`)
	require.NoError(t, s.sys.Fake.Drain(t.Context()))
	require.Equal(t, unpaid, l.paid(t))
	require.Equal(t, "0", l.text(t, "SELECT count(*) FROM stripe_inbox"))

	l.sweep(t)
	found := func() string {
		return l.paid(t) + "; " + l.text(t, "SELECT string_agg(status, ' ' ORDER BY status) FROM checkout_sessions") + "; " +
			l.text(t, "SELECT count(*) || ' lots of ' || trim_scale(sum(issued)) FROM credit_lots WHERE source_kind = 'purchase'")
	}
	want := "paid, 2 payments, 1 postings, 79 cleared; complete expired; 1 lots of 50"
	require.Equal(t, want, found())
	kept := l.text(t, "SELECT count(*) FROM stripe_inbox")

	// The deliveries come after all, and another sweep.
	s.sys.Fake.SetDrop(nil)
	for _, kind := range []string{"invoice.paid", "invoice.payment_succeeded", "checkout.session.completed", "checkout.session.expired"} {
		id := idOf(t, l.event(t, kind))
		l.control(t, "/_fake/events/"+id+"/deliver", `{}`)
		require.NoError(t, s.sys.Fake.Drain(t.Context()))
		require.Equal(t, "done 2", l.row(t, id), kind)
	}
	l.sweep(t)
	require.Equal(t, want, found())
	require.Equal(t, kept, l.text(t, "SELECT count(*) FROM stripe_inbox"))
	l.verify(t)
}
