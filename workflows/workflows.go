// Package workflows decides order and waiting: what happens next, how long to wait for it, and what to do when it is refused.
//
// Invariants: plain functions of ids; every amount and every date comes back from an activity, because replay does not compare
// what was passed in; one signal, the poke, that carries nothing and means "read your rows again"; nothing is ever silently
// stuck, because an activity either retries without limit or parks the account and waits to be poked. A workflow that has
// turned a period continues as new, so that no branch outlives one. The package refuses models, store, providers and clocks.
package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
)

// do names the activities; the pointer is never followed inside a workflow.
var do *activities.Activities

// Registry is the part of a worker that takes workflows.
type Registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register gives every workflow its name.
func Register(r Registry) {
	for name, w := range map[string]any{
		keys.TypePlanAssignment: PlanAssignment,
		keys.TypeCreditIssuance: CreditIssuance,
		keys.TypeBillingPeriod:  BillingPeriod,
		keys.TypeInvoice:        Invoice,
		keys.TypeStripeEvent:    StripeEvent,
		keys.TypeCheckout:       Checkout,
		keys.TypeSettlement:     Settlement,
		keys.TypeEventRating:    EventRating,
		keys.TypeTestClock:      TestClock,
		keys.TypeReconciler:     Reconciler,
	} {
		r.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: name})
	}
}
