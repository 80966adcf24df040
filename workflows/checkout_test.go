package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

func TestAHostedPageIsFinishedAfterItsCallerHadTheTimeTo(t *testing.T) {
	s := newScript(t)
	begin := s.Now()
	var looked []time.Duration
	s.play("FinishCheckout", func() (activities.CheckoutState, error) {
		looked = append(looked, s.Now().Sub(begin))
		if len(looked) == 1 {
			return activities.CheckoutState{}, temporal.NewApplicationError("no answer", "provider_error")
		}
		return activities.CheckoutState{Status: "open"}, nil
	})
	s.ExecuteWorkflow(keys.TypeCheckout, keys.CheckoutInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Len(t, looked, 2)
	require.GreaterOrEqual(t, looked[0], 20*time.Second)
}

func TestAHostedPageThatIsAskedForAgainMeanwhileIsLookedAtOnceMore(t *testing.T) {
	s := newScript(t)
	answers(s, "FinishCheckout", activities.CheckoutState{Status: "pending"}, activities.CheckoutState{Status: "open"})
	s.RegisterDelayedCallback(func() { s.SignalWorkflow(keys.PokeSignal, nil) }, 10*time.Second)
	s.ExecuteWorkflow(keys.TypeCheckout, keys.CheckoutInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, []string{"FinishCheckout", "FinishCheckout"}, s.played)
}
