package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"golang.org/x/time/rate"

	"github.com/durabill/durabill/store"
)

const (
	accountsPerPage = 100
	// lookups bounds how often Temporal is asked each second: a sweep is never urgent enough to be felt.
	lookups = 100
)

// Reconciled counts what a sweep found.
type Reconciled struct {
	Looked  int    // workflows that the rows want
	Started int    // of which Temporal ran none, so that they were started again
	Lost    int    // events of the provider whose delivery never came
	Trouble string // why the provider's events could not be compared
}

// Reconcile compares what the rows say is left to do with what Temporal runs, in every realm, and starts what is missing: after
// a restore, after a terminate, after a lost message. Starting what is about to end does no harm, since it reads its rows. Then
// it asks the provider for the events that never arrived; a provider that does not answer is asked by the next sweep, and holds
// up nothing else.
func (a *Activities) Reconcile(ctx context.Context) (Reconciled, error) {
	var out Reconciled
	limit := rate.NewLimiter(lookups, lookups)
	realms, err := a.Store.Realms(ctx)
	if err != nil {
		return out, report(err)
	}
	for _, realm := range realms {
		work, err := a.Store.ListUnfinishedOfRealm(ctx, a.call(ctx, realm))
		for after := uuid.Nil; err == nil; {
			if err = a.restart(ctx, realm, work, limit, &out); err != nil {
				break
			}
			if work, after, err = a.Store.ListUnfinished(ctx, a.call(ctx, realm), after, accountsPerPage); after == uuid.Nil {
				break
			}
		}
		if err != nil {
			return out, report(err)
		}
	}
	swept, err := a.SweepStripeEvents(ctx)
	if err != nil {
		activity.GetLogger(ctx).Error("the provider's events could not be compared with the inbox", "error", err)
		out.Trouble = err.Error()
	}
	out.Lost = swept.Lost
	return out, nil
}

func (a *Activities) restart(ctx context.Context, realm uuid.UUID, work []store.Unfinished, limit *rate.Limiter, out *Reconciled) error {
	for _, u := range work {
		activity.RecordHeartbeat(ctx, *out)
		if err := limit.Wait(ctx); err != nil {
			return err
		}
		runs, err := a.runs(ctx, u.WorkflowID)
		if err != nil {
			return err
		}
		out.Looked++
		if runs {
			continue
		}
		sent, err := a.Store.SendAgain(ctx, a.call(ctx, realm), u)
		if err != nil {
			return err
		}
		if sent {
			activity.GetLogger(ctx).Warn("workflow was missing and is started again", "workflow_id", u.WorkflowID)
			out.Started++
		}
	}
	return nil
}

func (a *Activities) runs(ctx context.Context, workflowID string) (bool, error) {
	asked, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	d, err := a.Temporal.DescribeWorkflowExecution(asked, workflowID, "")
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return false, nil
	}
	return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, err
}
