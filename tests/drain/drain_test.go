package drain_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

const (
	stopWithin = 25 * time.Second
	soon       = 3 * time.Minute // on a machine that has other things to do
	pause      = 50 * time.Millisecond
	clients    = 3
	enough     = 6 // answered writes before the signal
	breath     = 300 * time.Millisecond
)

// wish is one write of the load: an account with a plan, under keys of its own.
type wish struct {
	name     string
	answered bool // with 2xx
}

// ask makes the two writes of a wish; the same wish again repeats them byte for byte.
func (i *installation) ask(ctx context.Context, name string) error {
	var account struct{ ID string }
	if err := i.Post(ctx, "/mgt/v1/billing-accounts", name+"-account", map[string]any{"principal_id": name, "name": name}, &account); err != nil {
		return err
	}
	return i.Post(ctx, "/mgt/v1/plan-assignments", name+"-plan", map[string]any{"billing_account_id": account.ID, "plan_code": "api-starter",
		"source_kind": "test", "source_ref": name}, nil)
}

// load asks and asks until ctx ends, and says what was answered.
func (i *installation) load(ctx context.Context, answered *atomic.Int64) func() []wish {
	var all sync.WaitGroup
	wishes := make([][]wish, clients)
	for c := range clients {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				w := wish{name: fmt.Sprintf("p%d-%d", c, n)}
				// The request is not cut by us: whatever ends it is the process.
				w.answered = i.ask(context.WithoutCancel(ctx), w.name) == nil
				wishes[c] = append(wishes[c], w)
				if !w.answered {
					return
				}
				answered.Add(1)
				time.Sleep(breath)
			}
		})
	}
	return func() []wish {
		all.Wait()
		var out []wish
		for _, list := range wishes {
			out = append(out, list...)
		}
		return out
	}
}

func TestAProcessThatIsToldToStopDrainsAndLosesNothing(t *testing.T) {
	for _, parts := range [][]string{{"serve"}, {"api", "worker"}} {
		t.Run(fmt.Sprint(parts), func(t *testing.T) {
			i := install(t)
			i.start(t, parts...)
			i.measured(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var answered atomic.Int64
			outcome := i.load(ctx, &answered)
			require.Eventually(t, func() bool { return answered.Load() >= enough }, soon, pause)

			told := time.Now()
			for _, p := range i.running {
				require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
			}
			require.Eventually(t, func() bool { return i.ready(t.Context()) == http.StatusServiceUnavailable }, time.Second, 5*time.Millisecond,
				"the process says that it is not ready before it closes its door")
			require.NoError(t, i.ask(t.Context(), "late"), "and still answers whoever has not noticed")
			for _, p := range i.running {
				require.NoError(t, p.ended(stopWithin-time.Since(told)), "%s:\n%s", p.name, p.said())
			}
			cancel()
			i.handedBack(t)
			wishes := append(outcome(), wish{name: "late", answered: true})

			i.running = nil
			i.start(t, parts...)
			for _, w := range wishes {
				require.NoError(t, i.ask(t.Context(), w.name), "%s, answered before: %t", w.name, w.answered)
			}
			require.Equal(t, fmt.Sprint(len(wishes)), i.text(t, "SELECT count(*) FROM billing_accounts"))
			require.Equal(t, fmt.Sprint(len(wishes)), i.text(t, "SELECT count(*) FROM plan_assignments WHERE NOT is_free"))
			i.finished(t)
		})
	}
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	i := install(t, "DURABILL_HTTP_DRAIN=20s", "DURABILL_HTTP_SHUTDOWN=5s")
	i.start(t, "serve")
	p := i.running[0]
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { return i.ready(t.Context()) == http.StatusServiceUnavailable }, soon, 5*time.Millisecond)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.ErrorContains(t, p.ended(10*time.Second), "signal: terminated")
}

// finished wants that what was under way is brought to its end by the next processes.
func (i *installation) finished(t *testing.T) {
	t.Helper()
	for until := time.Now().Add(soon); time.Now().Before(until); time.Sleep(pause) {
		if i.text(t, "SELECT count(*) FROM operations WHERE status = 'running'") == "0" {
			return
		}
	}
	require.Fail(t, "unfinished", "%s; %s", i.text(t, "SELECT string_agg(o::text, ' | ') FROM operations o WHERE status = 'running'"),
		i.text(t, "SELECT coalesce(string_agg(d::text, ' | '), '') FROM dispatch d"))
}

// handedBack wants that no activity is left to be missed: whoever comes next takes up the work at once.
func (i *installation) handedBack(t *testing.T) {
	t.Helper()
	loops := 0
	var page []byte
	for {
		list, err := i.temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus = 'Running'",
			NextPageToken: page})
		require.NoError(t, err)
		for _, w := range list.GetExecutions() {
			d, err := i.temporal.DescribeWorkflowExecution(t.Context(), w.GetExecution().GetWorkflowId(), "")
			require.NoError(t, err)
			if typ := w.GetType().GetName(); typ == keys.TypeSettlement || typ == keys.TypeEventRating {
				loops++
			}
			for _, a := range d.GetPendingActivities() {
				require.NotEqual(t, enumspb.PENDING_ACTIVITY_STATE_STARTED, a.GetState(), "%s: %s", w.GetExecution().GetWorkflowId(), a)
			}
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	require.Equal(t, 2*store.Shards, loops)
}
