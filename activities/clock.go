package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

// ClockInput names a test clock.
type ClockInput struct {
	Realm uuid.UUID
	Clock uuid.UUID
}

// ClockStep is what one step of an advance did.
type ClockStep = store.ClockStep

// StepClock moves the clock to the next due instant and wakes the workflows that waited for it.
func (a *Activities) StepClock(ctx context.Context, in ClockInput) (ClockStep, error) {
	step, err := a.Store.StepClock(ctx, a.call(ctx, in.Realm), in.Clock)
	if err != nil {
		return step, report(err)
	}
	// Leases end at the clock's instant, not when the next sweep comes by.
	if _, err := a.Store.ReapLeases(ctx, a.call(ctx, in.Realm), batch); err != nil {
		return step, report(err)
	}
	return step, a.wake(ctx, in.Realm, step.Released)
}

// wake signals workflows that were released. One that is gone has ended, or Temporal has lost it.
func (a *Activities) wake(ctx context.Context, realm uuid.UUID, workflows []string) error {
	for _, id := range workflows {
		err := a.Temporal.SignalWorkflow(ctx, id, "", keys.PokeSignal, nil)
		var gone *serviceerror.NotFound
		if errors.As(err, &gone) {
			err = a.Store.WorkflowGone(ctx, a.call(ctx, realm), id)
		}
		if err != nil {
			return report(err)
		}
	}
	return nil
}

const (
	restPause   = 15 * time.Millisecond
	wakeAgain   = 2 * time.Second
	restTimeout = 60 * time.Second
)

// Rest is what a clock still waits for after the time it was given; nothing means that it rests.
type Rest struct {
	Busy []string
}

// AwaitRest waits until nothing of the clock's accounts is under way, for at most a minute of real time.
func (a *Activities) AwaitRest(ctx context.Context, in ClockInput) (Rest, error) {
	call, began, woken := a.call(ctx, in.Realm), time.Now(), time.Now()
	for {
		busy, err := a.Store.ClockBusy(ctx, call, in.Clock)
		if err != nil || len(busy) == 0 {
			return Rest{}, report(err)
		}
		if time.Since(began) > restTimeout {
			return Rest{Busy: busy}, nil
		}
		activity.RecordHeartbeat(ctx, len(busy))
		if time.Since(woken) > wakeAgain {
			woken = time.Now()
			released, err := a.Store.ReleasedWaits(ctx, call, in.Clock)
			if err != nil {
				return Rest{}, report(err)
			}
			if err := a.wake(ctx, in.Realm, released); err != nil {
				return Rest{}, err
			}
		}
		select {
		case <-ctx.Done():
			return Rest{}, ctx.Err()
		case <-time.After(restPause):
		}
	}
}

// FinishClockInput says which advance of a clock ends, and what it still waits for, if anything.
type FinishClockInput struct {
	Realm   uuid.UUID
	Clock   uuid.UUID
	Version int64 // from its steps; zero if none could be taken
	Busy    []string
}

// FinishClock ends an advance.
func (a *Activities) FinishClock(ctx context.Context, in FinishClockInput) error {
	_, err := a.Store.FinishClock(ctx, a.call(ctx, in.Realm), in.Clock, in.Version, in.Busy)
	return report(err)
}
