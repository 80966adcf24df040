package workflows

import (
	"fmt"

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

// forShard runs a loop's activity again and again: the activity polls the rows, the workflow only sees to it that one does.
func forShard(ctx workflow.Context, in keys.ShardInput, verb string, activity, self any) error {
	for range loopsPerRun {
		var result activities.ShardResult
		if err := workflow.ExecuteActivity(loop(ctx, verb), activity, activities.ShardInput{Shard: in.Shard, For: loopFor}).Get(ctx, &result); err != nil {
			return err
		}
		describe(ctx, fmt.Sprintf("%s shard %d of %d", verb, in.Shard, in.Shards), "running", fmt.Sprintf("%s; %d items in the last minute", verb, result.Items))
	}
	return workflow.NewContinueAsNewError(ctx, self, in)
}
