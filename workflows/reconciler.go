package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

const (
	// sweepEvery is how long a workflow that Temporal lost, or an event that the provider could not deliver, may stay lost.
	sweepEvery   = 5 * time.Minute
	sweepsPerRun = 200
)

// Reconciler sees to it that what the rows say is left to do has a workflow that does it, and that rows which have served go.
func Reconciler(ctx workflow.Context, in keys.ReconcilerInput) error {
	for range cmp.Or(in.Rounds, sweepsPerRun) {
		var found activities.Reconciled
		err := workflow.ExecuteActivity(sweep(ctx, "compare rows with running workflows"), do.Reconcile).Get(ctx, &found)
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			describe(ctx, "reconciler", "failing", fmt.Sprintf("try again in %s\n\nlast failure: `%s`", sweepEvery, err))
		} else {
			describe(ctx, "reconciler", "running", fmt.Sprintf("sweep again in %s; %d workflows wanted, %d had to be started; %d events of the provider were lost %s",
				sweepEvery, found.Looked, found.Started, found.Lost, found.Trouble))
		}
		if err := workflow.ExecuteActivity(sweep(ctx, "delete what nobody asks for any more"), do.Tidy).Get(ctx, nil); ctx.Err() != nil {
			return err
		}
		if err := workflow.Sleep(ctx, sweepEvery); err != nil {
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, Reconciler, in)
}
