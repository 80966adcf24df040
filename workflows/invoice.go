package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// Invoice carries one invoice from draft to a final status: finalise at its instant, push, collect, and then wait for news.
func Invoice(ctx workflow.Context, in keys.InvoiceInput) error {
	t := newTenant(ctx, activities.EnterWaitInput{Realm: in.Realm, Account: in.Account})
	ref := activities.InvoiceInput{Realm: in.Realm, Invoice: in.Invoice}
	for {
		var state activities.InvoiceState
		if err := t.insist(ctx, "read invoice", func() error {
			return workflow.ExecuteActivity(decision(ctx, "read invoice"), do.InspectInvoice, ref).Get(ctx, &state)
		}); err != nil {
			return err
		}
		describe(ctx, state.Title, state.Status, nextOf(state))
		if state.Step == activities.StepDone {
			if err := t.leave(ctx); err != nil || !poked(t.pokes) {
				return err
			}
			continue
		}
		if err := step(ctx, t, ref, state); err != nil {
			return err
		}
		if longEnough(ctx) {
			return workflow.NewContinueAsNewError(ctx, Invoice, in)
		}
	}
}

func nextOf(s activities.InvoiceState) string {
	next := string(s.Step) + " " + s.Number + " " + s.Total
	if s.Step == activities.StepFinalize {
		next += " at " + s.FinalizeAt.Format(time.RFC3339)
	}
	if !s.RetryAt.IsZero() {
		next += " until " + s.RetryAt.Format(time.RFC3339) + ", then collect again"
	}
	if s.Decline != "" {
		next += "\n\nlast failure: declined, `" + s.Decline + "`"
	}
	return next
}

func step(ctx workflow.Context, t tenant, ref activities.InvoiceInput, state activities.InvoiceState) error {
	switch state.Step {
	case activities.StepFinalize:
		reached, err := t.until(ctx, state.FinalizeAt)
		if err != nil || !reached {
			return err
		}
		return t.insist(ctx, "finalise", func() error {
			return workflow.ExecuteActivity(decision(ctx, "finalise"), do.FinalizeInvoice, ref).Get(ctx, nil)
		})
	case activities.StepPush:
		return t.insist(ctx, "push to provider", func() error {
			return workflow.ExecuteActivity(provider(ctx, "push "+state.Number), do.PushInvoice, ref).Get(ctx, nil)
		})
	case activities.StepCollect:
		return collect(ctx, t, ref, state)
	case activities.StepWait:
		if state.RetryAt.IsZero() {
			_, err := t.until(ctx, forever)
			return err
		}
		// A decline is tried again by itself; a payment that comes before is a poke.
		reached, err := t.until(ctx, state.RetryAt)
		if err != nil || !reached {
			return err
		}
		return collect(ctx, t, ref, state)
	case activities.StepDone:
	}
	return nil
}

func collect(ctx workflow.Context, t tenant, ref activities.InvoiceInput, state activities.InvoiceState) error {
	return t.insist(ctx, "collect", func() error {
		return workflow.ExecuteActivity(provider(ctx, "collect "+state.Total), do.CollectInvoice, ref).Get(ctx, nil)
	})
}
