package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// StripeEvent applies one verified event; one that cannot be applied is set aside for an operator, and never lost.
func StripeEvent(ctx workflow.Context, in keys.StripeEventInput) error {
	pokes := workflow.GetSignalChannel(ctx, keys.PokeSignal)
	poked(pokes)
	for {
		// A replay may be asked for while the event is being set aside.
		if err := applyEvent(ctx, in); err != nil || !poked(pokes) {
			return err
		}
	}
}

func applyEvent(ctx workflow.Context, in keys.StripeEventInput) error {
	var applied activities.Applied
	err := workflow.ExecuteActivity(event(ctx), do.ApplyStripeEvent, activities.StripeEventInput{Realm: in.Realm, Event: in.Event}).Get(ctx, &applied)
	if err == nil {
		describe(ctx, in.Event, applied.Status, "nothing "+applied.Reason)
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	reason := err.Error()
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) {
		reason = refused.Type()
	}
	describe(ctx, in.Event, "dead", "an operator's replay\n\nlast failure: `"+err.Error()+"`")
	return workflow.ExecuteActivity(decision(ctx, "set aside"), do.BuryStripeEvent,
		activities.DeadEventInput{Realm: in.Realm, Event: in.Event, Reason: reason}).Get(ctx, nil)
}
