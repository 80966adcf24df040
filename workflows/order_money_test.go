package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

func onActivity(name string, do func()) func(*activity.Info, context.Context, converter.EncodedValues) {
	return func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == name {
			do()
		}
	}
}

func invoiceAt(step activities.InvoiceStep) activities.InvoiceState {
	return activities.InvoiceState{Step: step, FinalizeAt: noon, Status: "open", Number: "INV-000001", Total: "29.00 EUR"}
}

func invoiceScript(t *testing.T, states ...activities.InvoiceState) *script {
	t.Helper()
	s := newScript(t)
	s.clockTime(noon)
	answers(s, "InspectInvoice", states...)
	for _, a := range []string{"FinalizeInvoice", "PushInvoice", "CollectInvoice"} {
		answers(s, a, activities.InvoiceState{})
	}
	return s
}

func TestAnInvoiceIsFinalisedPushedAndCollected(t *testing.T) {
	t.Parallel()
	s := invoiceScript(t, invoiceAt(activities.StepFinalize), invoiceAt(activities.StepPush), invoiceAt(activities.StepCollect),
		invoiceAt(activities.StepDone))
	s.ExecuteWorkflow(keys.TypeInvoice, keys.InvoiceInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"InspectInvoice", "FinalizeInvoice", "InspectInvoice", "PushInvoice", "InspectInvoice", "CollectInvoice",
		"InspectInvoice", "EndWait"}, s.order())
}

func TestADeclinedInvoiceWaitsUntilItIsPokedAndThenCollectsAgain(t *testing.T) {
	t.Parallel()
	declined := invoiceAt(activities.StepWait)
	declined.Decline = "insufficient_funds"
	s := invoiceScript(t, invoiceAt(activities.StepCollect), declined, invoiceAt(activities.StepCollect), invoiceAt(activities.StepDone))
	s.after(7*24*time.Hour, func() {
		require.Equal(t, 1, s.times("CollectInvoice"), "a declined card is not tried again by itself")
		poke(s.TestWorkflowEnvironment)
	})
	s.ExecuteWorkflow(keys.TypeInvoice, keys.InvoiceInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"InspectInvoice", "CollectInvoice", "InspectInvoice", "InspectInvoice", "CollectInvoice", "InspectInvoice", "EndWait"},
		s.order())
}

func TestADeclinedInvoiceIsCollectedAgainAtItsNextAttemptUnlessItIsPaidBefore(t *testing.T) {
	t.Parallel()
	for _, paid := range []bool{false, true} {
		s := newScript(t)
		s.realTime()
		began := s.Now()
		declined := invoiceAt(activities.StepWait)
		declined.RetryAt = began.Add(3 * 24 * time.Hour)
		over := false
		s.play("InspectInvoice", func(context.Context, any) (activities.InvoiceState, error) {
			if over {
				return invoiceAt(activities.StepDone), nil
			}
			return declined, nil
		})
		var collected []time.Duration
		s.play("CollectInvoice", func(context.Context, any) (activities.InvoiceState, error) {
			collected, over = append(collected, s.Now().Sub(began)), true
			return activities.InvoiceState{}, nil
		})
		if paid {
			s.after(50*time.Hour, func() { over = true; poke(s.TestWorkflowEnvironment) })
		}
		s.ExecuteWorkflow(keys.TypeInvoice, keys.InvoiceInput{})
		require.NoError(t, s.GetWorkflowError())
		if paid {
			require.Empty(t, collected)
			continue
		}
		require.Len(t, collected, 1)
		require.GreaterOrEqual(t, collected[0], 3*24*time.Hour)
	}
}

func TestAnInvoiceThatIsPaidWhileItWaitsEnds(t *testing.T) {
	t.Parallel()
	s := invoiceScript(t, invoiceAt(activities.StepWait), invoiceAt(activities.StepDone))
	s.after(time.Hour, func() { poke(s.TestWorkflowEnvironment) })
	s.ExecuteWorkflow(keys.TypeInvoice, keys.InvoiceInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"InspectInvoice", "InspectInvoice", "EndWait"}, s.order())
}

func TestAnInvoiceThatIsPokedWhileItLeavesLooksOnceMore(t *testing.T) {
	t.Parallel()
	s := invoiceScript(t, invoiceAt(activities.StepDone))
	first := true
	s.SetOnActivityStartedListener(onActivity("EndWait", func() {
		if first {
			poke(s.TestWorkflowEnvironment)
		}
		first = false
	}))
	s.ExecuteWorkflow(keys.TypeInvoice, keys.InvoiceInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"InspectInvoice", "EndWait", "InspectInvoice", "EndWait"}, s.order())
}

func eventScript(t *testing.T, apply func() error) (*script, *[]activities.DeadEventInput) {
	t.Helper()
	s := newScript(t)
	s.play("ApplyStripeEvent", func(context.Context, any) (activities.Applied, error) {
		s.note("ApplyStripeEvent")
		return activities.Applied{Status: "done"}, apply()
	})
	var buried []activities.DeadEventInput
	s.play("BuryStripeEvent", func(_ context.Context, in activities.DeadEventInput) error {
		buried = append(buried, in)
		return nil
	})
	return s, &buried
}

func TestAnEventIsAppliedAfterAFewFailures(t *testing.T) {
	t.Parallel()
	s, buried := eventScript(t, failing(3, failure()))
	s.ExecuteWorkflow(keys.TypeStripeEvent, keys.StripeEventInput{Event: "evt_1"})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, 4, s.times("ApplyStripeEvent"))
	require.Empty(t, *buried)
}

func TestAnEventThatCannotBeAppliedIsSetAside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		tries  int
		reason string
	}{
		// Ten is where this environment ends a policy that names no number; a server ends it by its time.
		"when trying is over":   {failure(), 10, "unavailable"},
		"at once where refused": {refusal("provider_mismatch"), 1, "provider_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, buried := eventScript(t, func() error { return c.err })
			s.ExecuteWorkflow(keys.TypeStripeEvent, keys.StripeEventInput{Event: "evt_1"})
			require.NoError(t, s.GetWorkflowError())
			require.Equal(t, c.tries, s.times("ApplyStripeEvent"))
			require.Len(t, *buried, 1)
			require.Equal(t, activities.DeadEventInput{Event: "evt_1", Reason: c.reason}, (*buried)[0])
		})
	}
}

func clockScript(t *testing.T, steps []activities.ClockStep, rests ...activities.Rest) (*script, *[][]string) {
	t.Helper()
	s := newScript(t)
	answers(s, "StepClock", steps...)
	answers(s, "AwaitRest", rests...)
	var finished [][]string
	s.play("FinishClock", func(_ context.Context, in activities.FinishClockInput) error {
		s.note("FinishClock")
		finished = append(finished, in.Busy)
		return nil
	})
	return s, &finished
}

func TestAClockRestsAfterEachStepAndEndsReady(t *testing.T) {
	t.Parallel()
	s, finished := clockScript(t, []activities.ClockStep{{Now: noon}, {Now: noon.Add(time.Hour)}, {Now: noon.Add(2 * time.Hour), Done: true}}, activities.Rest{})
	s.ExecuteWorkflow(keys.TypeTestClock, keys.TestClockInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"StepClock", "AwaitRest", "StepClock", "AwaitRest", "StepClock", "AwaitRest", "FinishClock"}, s.order())
	require.Equal(t, [][]string{nil}, *finished)
}

func TestAClockThatFindsNoRestEndsBlockedAndSaysByWhat(t *testing.T) {
	t.Parallel()
	busy := []string{"provider call x is unknown"}
	s, finished := clockScript(t, []activities.ClockStep{{Now: noon}}, activities.Rest{}, activities.Rest{Busy: busy})
	s.ExecuteWorkflow(keys.TypeTestClock, keys.TestClockInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, [][]string{busy}, *finished)
	require.Equal(t, 2, s.times("StepClock"), "a clock that does not rest does not move")
}

func TestAnAdvanceAskedForWhileAClockFinishesIsNotLost(t *testing.T) {
	t.Parallel()
	s, finished := clockScript(t, []activities.ClockStep{{Now: noon, Done: true}}, activities.Rest{})
	first := true
	s.SetOnActivityStartedListener(onActivity("FinishClock", func() {
		if first {
			poke(s.TestWorkflowEnvironment)
		}
		first = false
	}))
	s.ExecuteWorkflow(keys.TypeTestClock, keys.TestClockInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Len(t, *finished, 2)
}
