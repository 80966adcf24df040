package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const (
	accountsPerLook = 50
	reapEvery       = 5 * time.Second
	shortPause      = 20 * time.Millisecond
	longPause       = 250 * time.Millisecond
	setAside        = 5 * time.Minute
)

// ShardInput names one loop of several, and how long it may go on before the workflow looks at it again.
type ShardInput struct {
	Shard int
	For   time.Duration
}

// ShardResult counts what a loop did.
type ShardResult struct {
	Items int
}

// SettleShard posts the ratings of the shard's accounts to the ledger until its time is up, and frees what leases hold whose
// time is over.
func (a *Activities) SettleShard(ctx context.Context, in ShardInput) (ShardResult, error) {
	var reaped time.Time
	return a.loop(ctx, in, models.TopicSettlement, a.Store.SettleRatings, func() error {
		if in.Shard != 0 || time.Since(reaped) < reapEvery {
			return nil
		}
		reaped = time.Now()
		return a.reap(ctx)
	})
}

// RateShard rates the usage of the shard's accounts until its time is up.
func (a *Activities) RateShard(ctx context.Context, in ShardInput) (ShardResult, error) {
	return a.loop(ctx, in, models.TopicRating, a.Store.RateUsage, func() error { return nil })
}

// loop looks for accounts with work and takes them one by one, pausing longer the longer nothing comes.
func (a *Activities) loop(ctx context.Context, in ShardInput, topic models.Topic, step func(context.Context, store.Call, uuid.UUID, int) (int, error), between func() error) (ShardResult, error) {
	var out ShardResult
	pause := shortPause
	for until := time.Now().Add(in.For); time.Now().Before(until); {
		activity.RecordHeartbeat(ctx, out)
		if err := between(); err != nil {
			return out, again(err)
		}
		due, err := a.Store.DueAccounts(ctx, topic, in.Shard, accountsPerLook)
		if err != nil {
			return out, again(err)
		}
		for _, d := range due {
			if stopping(ctx) {
				return out, nil
			}
			n, err := a.take(ctx, d, topic, step)
			if err != nil {
				return out, again(err)
			}
			out.Items += n
		}
		if pause = min(pause*2, longPause); len(due) > 0 {
			pause = shortPause
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-activity.GetWorkerStopChannel(ctx):
			return out, nil
		case <-time.After(pause):
		}
	}
	return out, nil
}

// stopping says that the worker is about to end: the loop ends well, and the workflow has another worker take it up at once.
func stopping(ctx context.Context) bool {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}

// take does one account's work. What can never succeed parks that account and is set aside; it never stops the others.
func (a *Activities) take(ctx context.Context, d store.Due, topic models.Topic, step func(context.Context, store.Call, uuid.UUID, int) (int, error)) (int, error) {
	call := a.call(ctx, d.RealmID)
	n, err := step(ctx, call, d.ID, batch)
	if err == nil || retryable(fault.Of(err).Kind) && fault.Of(err).Kind != fault.Internal {
		return n, err
	}
	if fault.Is(err, "account_parked") {
		return 0, a.Store.SetAside(ctx, call, topic, d.ID, setAside) // un-parking brings it back at once
	}
	activity.GetLogger(ctx).Error("work set aside", "topic", topic, "billing_account_id", d.ID, "error", err)
	if err := a.Store.ParkAccount(ctx, call, d.ID, string(topic)+": "+fault.Of(err).Code); err != nil {
		activity.GetLogger(ctx).Error("account not parked", "billing_account_id", d.ID, "error", err)
	}
	return 0, a.Store.SetAside(ctx, call, topic, d.ID, setAside)
}

func (a *Activities) reap(ctx context.Context) error {
	realms, err := a.Store.Realms(ctx)
	if err != nil {
		return err
	}
	for _, r := range realms {
		if _, err := a.Store.ReapLeases(ctx, a.call(ctx, r), accountsPerLook); err != nil {
			return err
		}
	}
	return nil
}
