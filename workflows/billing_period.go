package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// BillingPeriod is the billing run of one account at one boundary: it gives late usage its grace, then freezes, rates, bills
// and closes what ended there, together with the fees that begin there.
func BillingPeriod(ctx workflow.Context, in keys.BillingPeriodInput) error {
	t := newTenant(ctx, activities.EnterWaitInput{Realm: in.Realm, Account: in.Account})
	ref := activities.RunInput{Realm: in.Realm, Account: in.Account, Boundary: in.Boundary}
	for {
		early, err := billRun(ctx, t, ref)
		if err != nil {
			return err
		}
		if early {
			continue
		}
		if err := t.leave(ctx); err != nil {
			return err
		}
		// Another assignment of the account may have reached the boundary meanwhile.
		if !poked(t.pokes) {
			return nil
		}
	}
}

// billRun waits for the run's instant and closes it; early says that the instant has moved away meanwhile.
func billRun(ctx workflow.Context, t tenant, ref activities.RunInput) (early bool, err error) {
	var run activities.Run
	for {
		if err := t.insist(ctx, "plan run", func() error {
			return workflow.ExecuteActivity(decision(ctx, "plan run"), do.PlanRun, ref).Get(ctx, &run)
		}); err != nil {
			return false, err
		}
		if run.Over {
			describe(ctx, run.Title, "over", "nothing")
			return false, nil
		}
		describe(ctx, run.Title, "grace", fmt.Sprintf("close %d and begin %d periods at %s", run.Ending, run.Starting, run.DueAt.Format(time.RFC3339)))
		reached, err := t.until(ctx, run.DueAt)
		if err != nil {
			return false, err
		}
		if reached {
			break
		}
	}
	var closed activities.ClosedRun
	if err := t.insist(ctx, "close run", func() error {
		return workflow.ExecuteActivity(bulk(ctx, "rate the rest, bill and close"), do.CloseRun, ref).Get(ctx, &closed)
	}); err != nil {
		return false, err
	}
	if closed.Early {
		return true, nil
	}
	describe(ctx, run.Title, "closed", fmt.Sprintf("nothing; %d periods closed, %d invoices made", closed.Closed, len(closed.Invoices)))
	return false, nil
}
