package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// tenant is whose work a workflow does, and how it waits and stops for it.
type tenant struct {
	activities.EnterWaitInput // realm and account; Due is set when waiting
	pokes                     workflow.ReceiveChannel
}

func newTenant(ctx workflow.Context, in activities.EnterWaitInput) tenant {
	t := tenant{EnterWaitInput: in, pokes: workflow.GetSignalChannel(ctx, keys.PokeSignal)}
	poked(t.pokes) // the one that came with the start: the rows are about to be read anyway
	return t
}

// poked takes every poke that has come and says whether there was one.
func poked(pokes workflow.ReceiveChannel) bool {
	any := false
	for pokes.ReceiveAsync(nil) {
		any = true
	}
	return any
}

// forever is an instant that never comes: whoever waits for it waits for a poke.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// until waits for an instant of the account's own time, or for a poke; it says whether the instant has come. On a test clock
// the clock pokes; otherwise a timer runs.
func (t tenant) until(ctx workflow.Context, due time.Time) (bool, error) {
	in := t.EnterWaitInput
	in.Due = due
	var state activities.WaitState
	err := t.insist(ctx, "enter wait", func() error {
		return workflow.ExecuteActivity(decision(ctx, "wait until "+due.Format(time.RFC3339)), do.EnterWait, in).Get(ctx, &state)
	})
	if err != nil || state.Reached {
		return state.Reached, err
	}
	selector := t.news(ctx)
	timers, stop := workflow.WithCancel(ctx)
	defer stop()
	if !state.OnClock {
		// A day at most, so that a moved database clock is noticed; the caller comes back and asks again.
		rest := min(due.Sub(state.Now), 24*time.Hour)
		selector.AddFuture(workflow.NewTimerWithOptions(timers, rest, workflow.TimerOptions{Summary: "until " + due.Format(time.RFC3339)}),
			func(workflow.Future) {})
	}
	selector.Select(ctx)
	return false, ctx.Err()
}

// news comes with a poke or with the workflow's cancellation: a bare receive would not notice the second.
func (t tenant) news(ctx workflow.Context) workflow.Selector {
	return workflow.NewSelector(ctx).
		AddReceive(t.pokes, func(workflow.ReceiveChannel, bool) { poked(t.pokes) }).
		AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
}

// insist makes a step happen. A step that is refused for good parks the account, says so, and is tried again when poked.
func (t tenant) insist(ctx workflow.Context, what string, step func() error) error {
	for {
		err := step()
		var refused *temporal.ApplicationError
		if err == nil || ctx.Err() != nil || !errors.As(err, &refused) {
			return err
		}
		setStatus(ctx, "parked")
		parked := refused.Type() == "account_parked" // by someone else: parking it again might undo an un-parking that came since
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("**parked** while: %s\n\nlast failure: `%s`\n\nA poke makes it try again.", what, refused.Error()))
		park := activities.ParkAccountInput{Realm: t.Realm, Account: t.Account, Reason: what + ": " + refused.Type()}
		if !parked {
			if err := workflow.ExecuteActivity(decision(ctx, "park account"), do.ParkAccount, park).Get(ctx, nil); err != nil {
				return err
			}
		}
		t.news(ctx).Select(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// longEnough says that a run's history has grown to where the server wants a new one: a year of daily timers, or many pokes.
func longEnough(ctx workflow.Context) bool { return workflow.GetInfo(ctx).GetContinueAsNewSuggested() }

// leave says that the workflow has nothing left to do.
func (t tenant) leave(ctx workflow.Context) error {
	return workflow.ExecuteActivity(decision(ctx, "leave"), do.EndWait, activities.EndWaitInput{Realm: t.Realm}).Get(ctx, nil)
}

var statusAttribute = temporal.NewSearchAttributeKeyKeyword("BillingStatus")

// setStatus shows where the workflow is in lists.
func setStatus(ctx workflow.Context, status string) {
	if status == "" {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, statusAttribute.ValueSet(status)); err != nil {
		workflow.GetLogger(ctx).Warn("search attribute not set", "error", err)
	}
}

// describe shows a person what the workflow is about, where it is and what it does next.
func describe(ctx workflow.Context, title, status, next string) {
	setStatus(ctx, status)
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%s\n\n**%s**\n\nnext: %s", title, status, next))
}
