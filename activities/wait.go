package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/durabill/durabill/store"
)

// WaitState says whether an instant has come, and how to wait for it if not.
type WaitState = store.WaitState

// EnterWaitInput asks to wait for an account's instant.
type EnterWaitInput struct {
	Realm   uuid.UUID
	Account uuid.UUID
	Due     time.Time
}

// EnterWait notes that the calling workflow waits for Due.
func (a *Activities) EnterWait(ctx context.Context, in EnterWaitInput) (WaitState, error) {
	state, err := a.Store.EnterWait(ctx, a.call(ctx, in.Realm), in.Account, activity.GetInfo(ctx).WorkflowExecution.ID, in.Due)
	return state, report(err)
}

// EndWaitInput names the realm of a workflow that ends.
type EndWaitInput struct {
	Realm uuid.UUID
}

// EndWait notes that the calling workflow has nothing left to do.
func (a *Activities) EndWait(ctx context.Context, in EndWaitInput) error {
	return report(a.Store.EndWait(ctx, a.call(ctx, in.Realm), activity.GetInfo(ctx).WorkflowExecution.ID))
}

// ParkAccountInput says which account is to stop, and why.
type ParkAccountInput struct {
	Realm   uuid.UUID
	Account uuid.UUID
	Reason  string
}

// ParkAccount stops an account whose money needs a person.
func (a *Activities) ParkAccount(ctx context.Context, in ParkAccountInput) error {
	return report(a.Store.ParkAccount(ctx, a.call(ctx, in.Realm), in.Account, in.Reason))
}
