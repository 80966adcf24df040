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
		step, busy, err := advance(ctx, ref)
		done := step.Done
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			// Refused for good: the clock says so, rather than advancing for ever.
			busy, done = []string{err.Error()}, true
		}
		if !done && len(busy) == 0 {
			continue
		}
		status := "ready"
		if len(busy) > 0 {
			status = "blocked"
		}
		describe(ctx, "test clock", status, fmt.Sprintf("nothing %v", busy))
		if err := workflow.ExecuteActivity(decision(ctx, "finish"), do.FinishClock,
			activities.FinishClockInput{Realm: in.Realm, Clock: in.Clock, Version: step.Version, Busy: busy}).Get(ctx, nil); err != nil {
			return err
		}
		// The next advance may have been asked for while this one ended.
		if !poked(pokes) {
			return nil
		}
	}
	return workflow.NewContinueAsNewError(ctx, TestClock, in)
}

// advance takes one step and waits for it to come to rest; it says what does not.
func advance(ctx workflow.Context, ref activities.ClockInput) (step activities.ClockStep, busy []string, err error) {
	if err := workflow.ExecuteActivity(decision(ctx, "step"), do.StepClock, ref).Get(ctx, &step); err != nil {
		return step, nil, err
	}
	describe(ctx, "test clock", "advancing", fmt.Sprintf("rest at %s, %d workflows woken", step.Now.Format(time.RFC3339), len(step.Released)))
	var rest activities.Rest
	err = workflow.ExecuteActivity(loop(ctx, "rest at "+step.Now.Format(time.RFC3339)), do.AwaitRest, ref).Get(ctx, &rest)
	return step, rest.Busy, err
}
