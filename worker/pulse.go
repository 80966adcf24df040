package worker

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/durabill/durabill/fault"
)

// pulse lets Temporal know that an activity's process lives, for as long as the activity runs. A killed worker is then
// missed after the heartbeat timeout, instead of after all the time that the activity was given.
type pulse struct {
	interceptor.WorkerInterceptorBase
}

// beats is how many times within its timeout a heartbeat is given: a late one is no death.
const beats = 3

// InterceptActivity gives every activity its heartbeat.
func (*pulse) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &beating{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type beating struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity runs the activity and its heartbeat.
func (b *beating) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ending, end := context.WithCancel(ctx)
	defer end()
	if timeout := activity.GetInfo(ctx).HeartbeatTimeout; timeout > 0 {
		go beat(ending, timeout/beats)
	}
	result, err := b.Next.ExecuteActivity(ctx, in)
	if err == nil {
		fault.Point(fault.PointUncompleted)
	}
	return result, err
}

func beat(ctx context.Context, every time.Duration) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			activity.RecordHeartbeat(ctx)
		}
	}
}
