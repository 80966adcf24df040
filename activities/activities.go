// Package activities is what a workflow may ask the world to do: one business decision of store, or one call of a provider,
// per method.
//
// Invariants: an activity may run twice at once and be killed at any point, so each effect has a key of its own behind it; a
// definitive refusal is not retried, everything else is, without limit. Results carry what a workflow needs to know next and
// what a person should read of it, as values. The package refuses order and waiting (workflows), amounts and dates
// (billing), and what belongs together (store).
package activities

import (
	"context"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/store"
)

// Activities holds what the activities need. Stripe is nil where no provider is configured.
type Activities struct {
	Store    *store.Store
	Stripe   *gateway.Stripe
	Temporal client.Client
}

// call names the workflow as the one who acts, for the ledger and the audit.
func (a *Activities) call(ctx context.Context, realm uuid.UUID) store.Call {
	info := activity.GetInfo(ctx)
	return store.Call{Realm: realm, Actor: "workflow:" + info.WorkflowType.Name, WorkflowID: info.WorkflowExecution.ID,
		RunID: info.WorkflowExecution.RunID}
}
