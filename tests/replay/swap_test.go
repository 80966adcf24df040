package replay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// stripeEvent is a copy of the workflow StripeEvent, reduced to the way of an event that cannot be applied: its two activities in
// the order given.
func stripeEvent(first, second any) func(workflow.Context, keys.StripeEventInput) error {
	return func(ctx workflow.Context, in keys.StripeEventInput) error {
		for workflow.GetSignalChannel(ctx, keys.PokeSignal).ReceiveAsync(nil) {
		}
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		_ = workflow.ExecuteActivity(ctx, first, activities.StripeEventInput{Realm: in.Realm, Event: in.Event}).Get(ctx, nil)
		if err := workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword("BillingStatus").ValueSet("dead")); err != nil {
			return err
		}
		return workflow.ExecuteActivity(ctx, second, activities.DeadEventInput{Realm: in.Realm, Event: in.Event}).Get(ctx, nil)
	}
}

func TestACopyWithTwoActivitiesSwappedDoesNotReplay(t *testing.T) {
	t.Parallel()
	h, apply, bury := corpus(t)["stripe_event_dead"], (*activities.Activities).ApplyStripeEvent, (*activities.Activities).BuryStripeEvent
	replay := func(w any) error {
		replayer := sdkworker.NewWorkflowReplayer()
		replayer.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: keys.TypeStripeEvent})
		return replayer.ReplayWorkflowHistory(nil, h)
	}
	require.NoError(t, replay(stripeEvent(apply, bury)), "the copy is true")
	require.ErrorContains(t, replay(stripeEvent(bury, apply)), "nondeterministic", "and the swap is noticed")
}
