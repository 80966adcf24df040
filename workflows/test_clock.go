package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// TestClock moves a clock to its target, from due instant to due instant, each time letting everything come to rest.
func TestClock(ctx workflow.Context, in keys.TestClockInput) error {
	ref := activities.ClockInput{Realm: in.Realm, Clock: in.Clock}
	pokes := workflow.GetSignalChannel(ctx, keys.PokeSignal)
	poked(pokes)
	for range loopsPerRun {
		var step activities.ClockStep
		if err := workflow.ExecuteActivity(decision(ctx, "step"), do.StepClock, ref).Get(ctx, &step); err != nil {
			return err
		}
		describe(ctx, "test clock", "advancing", fmt.Sprintf("rest at %s, %d workflows woken", step.Now.Format(time.RFC3339), len(step.Released)))
		var rest activities.Rest
		if err := workflow.ExecuteActivity(loop(ctx, "rest at "+step.Now.Format(time.RFC3339)), do.AwaitRest, ref).Get(ctx, &rest); err != nil {
			return err
		}
		if !step.Done && len(rest.Busy) == 0 {
			continue
		}
		status := "ready"
		if len(rest.Busy) > 0 {
			status = "blocked"
		}
		describe(ctx, "test clock", status, fmt.Sprintf("nothing %v", rest.Busy))
		if err := workflow.ExecuteActivity(decision(ctx, "finish"), do.FinishClock,
			activities.FinishClockInput{Realm: in.Realm, Clock: in.Clock, Busy: rest.Busy}).Get(ctx, nil); err != nil {
			return err
		}
		// The next advance may have been asked for while this one ended.
		if !poked(pokes) {
			return nil
		}
	}
	return workflow.NewContinueAsNewError(ctx, TestClock, in)
}
