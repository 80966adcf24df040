package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// Settlement keeps one shard's ratings going into the ledger.
func Settlement(ctx workflow.Context, in keys.ShardInput) error {
	return forShard(ctx, in, "settle", do.SettleShard, Settlement)
}

// EventRating keeps one shard's usage being rated.
func EventRating(ctx workflow.Context, in keys.ShardInput) error {
	return forShard(ctx, in, "rate", do.RateShard, EventRating)
}

// restAfterFailure keeps a loop that is refused from spinning; it is never given up, since nobody would notice.
const restAfterFailure = 15 * time.Second

// forShard runs a loop's activity again and again: the activity polls the rows, the workflow only sees to it that one does.
func forShard(ctx workflow.Context, in keys.ShardInput, verb string, activity, self any) error {
	title := fmt.Sprintf("%s shard %d of %d", verb, in.Shard, in.Shards)
	for range cmp.Or(in.Rounds, loopsPerRun) {
		var result activities.ShardResult
		err := workflow.ExecuteActivity(loop(ctx, verb), activity, activities.ShardInput{Shard: in.Shard, For: loopFor}).Get(ctx, &result)
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			describe(ctx, title, "failing", fmt.Sprintf("try again\n\nlast failure: `%s`", err))
			if err := workflow.Sleep(ctx, restAfterFailure); err != nil {
				return err
			}
			continue
		}
		describe(ctx, title, "running", fmt.Sprintf("%s; %d items in the last minute", verb, result.Items))
	}
	return workflow.NewContinueAsNewError(ctx, self, in)
}
