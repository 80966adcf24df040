package replay_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/workflows"
)

// kind is what a history tells of.
type kind string

const (
	undisturbed kind = "nothing failed, and nobody cancelled"
	cancelled   kind = "cancelled"
	failed      kind = "an activity failed at first"
	continued   kind = "ended by continuing as new"
	following   kind = "the run after one that continued as new"
)

// wanted says of which workflows there must be runs on both sides of a continue-as-new. An invoice has none: it continues only
// where the server suggests it, after 4,096 events.
var wanted = map[string][]kind{
	keys.TypePlanAssignment: {continued, following},
	keys.TypeCreditIssuance: {continued, following},
	keys.TypeBillingPeriod:  nil,
	keys.TypeInvoice:        nil,
	keys.TypeStripeEvent:    nil,
	keys.TypeCheckout:       nil,
	keys.TypeSettlement:     {continued, following},
	keys.TypeEventRating:    {continued, following},
	keys.TypeTestClock:      {continued, following},
	keys.TypeReconciler:     {continued, following},
}

// registered collects the names that a worker would learn.
type registered map[string]bool

func (r registered) RegisterWorkflowWithOptions(_ any, options workflow.RegisterOptions) {
	r[options.Name] = true
}

func kindsOf(h *history.History) []kind {
	var kinds []kind
	for _, e := range h.GetEvents() {
		switch {
		case e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
			kinds = append(kinds, cancelled)
		case e.GetActivityTaskStartedEventAttributes().GetAttempt() > 1:
			kinds = append(kinds, failed)
		case e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
			kinds = append(kinds, continued)
		case e.GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId() != "":
			kinds = append(kinds, following)
		}
	}
	if !slices.Contains(kinds, cancelled) && !slices.Contains(kinds, failed) {
		kinds = append(kinds, undisturbed)
	}
	return kinds
}

func TestEveryRegisteredWorkflowHasItsKindsOfHistory(t *testing.T) {
	t.Parallel()
	names := registered{}
	workflows.Register(names)
	require.ElementsMatch(t, slices.Collect(maps.Keys(names)), slices.Collect(maps.Keys(wanted)), "say of each workflow whether it continues as new")
	have, seen := map[string]int{}, map[string]map[kind]bool{}
	for _, h := range corpus(t) {
		name := typeOf(h)
		if have[name]++; seen[name] == nil {
			seen[name] = map[kind]bool{}
		}
		for _, k := range kindsOf(h) {
			seen[name][k] = true
		}
	}
	for name, more := range wanted {
		require.GreaterOrEqual(t, have[name], 3, name)
		for _, k := range append([]kind{undisturbed, cancelled, failed}, more...) {
			require.True(t, seen[name][k], "%s has no history of this kind: %s", name, k)
		}
		require.Equal(t, slices.Contains(more, continued), seen[name][continued], "whether %s continues as new", name)
	}
	require.Len(t, have, len(wanted), "a history of a workflow that is not registered")
}
