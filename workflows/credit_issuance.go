package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// CreditIssuance brings one grant rule's lots to life, each at its period's start, the next one being there before.
func CreditIssuance(ctx workflow.Context, in keys.CreditIssuanceInput) error {
	t := newTenant(ctx, activities.EnterWaitInput{Realm: in.Realm, Account: in.Account})
	ref := activities.IssuanceInput{Realm: in.Realm, Assignment: in.Assignment, Rule: in.Rule}
	for {
		var next activities.Issuance
		if err := t.insist(ctx, "read next lot", func() error {
			return workflow.ExecuteActivity(decision(ctx, "read next lot"), do.NextIssuance, ref).Get(ctx, &next)
		}); err != nil {
			return err
		}
		if next.Over {
			describe(ctx, "grant rule "+in.Rule, "over", "nothing")
			return t.leave(ctx)
		}
		describe(ctx, next.Title+" · grant rule "+in.Rule, "scheduled", "issue "+next.Summary+" at "+next.DueAt.Format(time.RFC3339))
		reached, err := t.until(ctx, next.DueAt)
		if err != nil {
			return err
		}
		if !reached {
			if longEnough(ctx) {
				return workflow.NewContinueAsNewError(ctx, CreditIssuance, in)
			}
			continue
		}
		if err := t.insist(ctx, "issue lot", func() error {
			return workflow.ExecuteActivity(decision(ctx, "issue "+next.Summary), do.IssueLot,
				activities.IssueLotInput{Realm: in.Realm, Assignment: in.Assignment, Rule: in.Rule, Index: next.Index}).Get(ctx, nil)
		}); err != nil {
			return err
		}
		if next.Index > 0 {
			return workflow.NewContinueAsNewError(ctx, CreditIssuance, in)
		}
	}
}
