package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/durabill/durabill/store"
)

// Run is the billing of one account at one boundary.
type Run = store.Run

// ClosedRun is what a billing run made.
type ClosedRun = store.ClosedRun

// RunInput names a billing run.
type RunInput struct {
	Realm    uuid.UUID
	Account  uuid.UUID
	Boundary time.Time
}

// PlanRun reads when the run may close.
func (a *Activities) PlanRun(ctx context.Context, in RunInput) (Run, error) {
	run, err := a.Store.PlanRun(ctx, a.call(ctx, in.Realm), in.Account, in.Boundary)
	return run, report(err)
}

// batch is how many events or ratings one transaction takes.
const batch = 500

// CloseRun freezes the run's periods, rates and settles what they still have, and bills and closes them.
func (a *Activities) CloseRun(ctx context.Context, in RunInput) (ClosedRun, error) {
	call := a.call(ctx, in.Realm)
	for {
		if _, err := a.Store.FreezeRun(ctx, call, in.Account, in.Boundary); err != nil {
			return ClosedRun{}, report(err)
		}
		if err := a.drain(ctx, call, in.Account); err != nil {
			return ClosedRun{}, report(err)
		}
		closed, err := a.Store.CloseRun(ctx, call, in.Account, in.Boundary)
		if err != nil || closed.Pending == 0 {
			return closed, report(err)
		}
		// Another assignment of the account is about to reach the boundary.
		select {
		case <-ctx.Done():
			return closed, ctx.Err()
		case <-time.After(shortPause):
		}
	}
}

// drain rates and settles everything that the account has waiting.
func (a *Activities) drain(ctx context.Context, call store.Call, account uuid.UUID) error {
	for _, step := range []func(context.Context, store.Call, uuid.UUID, int) (int, error){a.Store.RateUsage, a.Store.SettleRatings} {
		for {
			activity.RecordHeartbeat(ctx)
			n, err := step(ctx, call, account, batch)
			if err != nil {
				return err
			}
			if n < batch {
				break
			}
		}
	}
	return nil
}
