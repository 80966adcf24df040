package keys

import (
	"time"

	"github.com/google/uuid"
)

// Registered workflow types. A name in a history outlives the function that once carried it, so it is a constant here.
const (
	TypePlanAssignment = "PlanAssignment"
	TypeCreditIssuance = "CreditIssuance"
	TypeBillingPeriod  = "BillingPeriod"
	TypeInvoice        = "Invoice"
	TypeStripeEvent    = "StripeEvent"
	TypeCheckout       = "Checkout"
	TypeSettlement     = "Settlement"
	TypeEventRating    = "EventRating"
	TypeTestClock      = "TestClock"
	TypeReconciler     = "Reconciler"
)

// PokeSignal tells a workflow to read its rows again; it carries no data, so duplicates and disorder do no harm.
const PokeSignal = "poke"

// What a workflow is started with: the ids that its own id is made of, and never a document.

// PlanAssignmentInput starts PlanAssignment.
type PlanAssignmentInput struct {
	Realm      uuid.UUID `json:"realm"`
	Account    uuid.UUID `json:"account"`
	Assignment uuid.UUID `json:"assignment"`
}

// CreditIssuanceInput starts CreditIssuance.
type CreditIssuanceInput struct {
	Realm      uuid.UUID `json:"realm"`
	Account    uuid.UUID `json:"account"`
	Assignment uuid.UUID `json:"assignment"`
	Rule       string    `json:"rule"`
}

// BillingPeriodInput starts BillingPeriod.
type BillingPeriodInput struct {
	Realm    uuid.UUID `json:"realm"`
	Account  uuid.UUID `json:"account"`
	Boundary time.Time `json:"boundary"`
}

// InvoiceInput starts Invoice.
type InvoiceInput struct {
	Realm   uuid.UUID `json:"realm"`
	Account uuid.UUID `json:"account"`
	Invoice uuid.UUID `json:"invoice"`
}

// StripeEventInput starts StripeEvent.
type StripeEventInput struct {
	Realm uuid.UUID `json:"realm"`
	Event string    `json:"event"`
}

// CheckoutInput starts Checkout.
type CheckoutInput struct {
	Realm    uuid.UUID `json:"realm"`
	Checkout uuid.UUID `json:"checkout"`
}

// TestClockInput starts TestClock.
type TestClockInput struct {
	Realm uuid.UUID `json:"realm"`
	Clock uuid.UUID `json:"clock"`
}

// ShardInput starts Settlement and EventRating: shard number Shard of Shards.
type ShardInput struct {
	Shard  int `json:"shard"`
	Shards int `json:"shards"`
	Rounds int `json:"rounds,omitempty"` // of a run, before the next one begins; zero leaves it to the workflow
}

// ReconcilerInput starts Reconciler; a run that was started with nothing has the zero one.
type ReconcilerInput struct {
	Rounds int `json:"rounds,omitempty"` // as in ShardInput
}
