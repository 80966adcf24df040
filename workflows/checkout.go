package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// callerFirst is how long the API's own call may take before the workflow looks: its caller waits for the page's address.
const callerFirst = 20 * time.Second

// Checkout brings the opening of a hosted page to an end when the API, which asks for it, got no answer or died.
func Checkout(ctx workflow.Context, in keys.CheckoutInput) error {
	pokes := workflow.GetSignalChannel(ctx, keys.PokeSignal)
	poked(pokes)
	for {
		if err := workflow.Sleep(ctx, callerFirst); err != nil {
			return err
		}
		var state activities.CheckoutState
		ref := activities.CheckoutInput{Realm: in.Realm, Checkout: in.Checkout}
		if err := workflow.ExecuteActivity(provider(ctx, "finish opening"), do.FinishCheckout, ref).Get(ctx, &state); err != nil {
			describe(ctx, state.Title, "failed", "the caller asks again\n\nlast failure: `"+err.Error()+"`")
			if ctx.Err() != nil || !poked(pokes) {
				return err
			}
			continue
		}
		describe(ctx, state.Title, state.Status, "the customer pays, or the page expires")
		// The caller may have asked again after a refusal.
		if !poked(pokes) {
			return nil
		}
	}
}
