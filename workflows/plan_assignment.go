package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// PlanAssignment carries one assignment from its start through its periods to its end. What comes next is read from the rows,
// so a change is a row and a poke.
func PlanAssignment(ctx workflow.Context, in keys.PlanAssignmentInput) error {
	t := newTenant(ctx, activities.EnterWaitInput{Realm: in.Realm, Account: in.Account})
	ref := activities.AssignmentInput{Realm: in.Realm, Assignment: in.Assignment}
	for {
		var turn activities.Turn
		if err := t.insist(ctx, "read next turn", func() error {
			return workflow.ExecuteActivity(decision(ctx, "read next turn"), do.NextTurn, ref).Get(ctx, &turn)
		}); err != nil {
			return err
		}
		if turn.Kind == activities.TurnOver {
			describe(ctx, turn.Title, turn.Status, "nothing")
			return t.leave(ctx)
		}
		describe(ctx, turn.Title, turn.Status, string(turn.Kind)+" at "+turn.DueAt.Format(time.RFC3339))
		reached, err := t.until(ctx, turn.DueAt)
		if err != nil {
			return err
		}
		if !reached {
			if longEnough(ctx) {
				return workflow.NewContinueAsNewError(ctx, PlanAssignment, in)
			}
			continue
		}
		if err := t.insist(ctx, "take turn", func() error {
			return workflow.ExecuteActivity(decision(ctx, string(turn.Kind)+" of "+turn.DueAt.Format(time.RFC3339)), do.TakeTurn,
				activities.TakeTurnInput{Realm: in.Realm, Assignment: in.Assignment, Turn: turn}).Get(ctx, nil)
		}); err != nil {
			return err
		}
		if turn.Index > 0 {
			// A poke that comes too late for this run finds the next one reading its rows.
			return workflow.NewContinueAsNewError(ctx, PlanAssignment, in)
		}
	}
}
