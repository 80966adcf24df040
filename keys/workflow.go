package keys

import (
	"strconv"
	"time"

	"github.com/google/uuid"
)

// PlanAssignmentWorkflow names the run that owns one assignment's lifecycle.
func PlanAssignmentWorkflow(assignment uuid.UUID) string {
	return "plan-assignment/" + Encode(PlanAssignment, assignment)
}

// CreditIssuanceWorkflow names the run that issues one grant rule's credits for one assignment.
func CreditIssuanceWorkflow(assignment uuid.UUID, rule string) string {
	return "credit-issuance/" + Encode(PlanAssignment, assignment) + "/" + rule
}

// BillingPeriodWorkflow names the run that bills everything of one account that ends at one boundary.
func BillingPeriodWorkflow(account uuid.UUID, boundary time.Time) string {
	return "billing-period/" + Encode(BillingAccount, account) + "/" + instant(boundary)
}

// InvoiceWorkflow names the run that finalises and collects one invoice.
func InvoiceWorkflow(invoice uuid.UUID) string { return "invoice/" + Encode(Invoice, invoice) }

// StripeEventWorkflow names the run for one Stripe event in one realm, since several may use the same Stripe account; evt is
// Stripe's own id.
func StripeEventWorkflow(realm uuid.UUID, evt string) string {
	return "stripe-event/" + Encode(Realm, realm) + "/" + evt
}

// CheckoutWorkflow names the run that brings the opening of one hosted page to an end.
func CheckoutWorkflow(checkout uuid.UUID) string { return "checkout/" + Encode(Checkout, checkout) }

// SettlementWorkflow names the loop that settles one shard's ratings.
func SettlementWorkflow(shard int) string { return "settlement/" + strconv.Itoa(shard) }

// EventRatingWorkflow names the loop that rates one shard's usage.
func EventRatingWorkflow(shard int) string { return "event-rating/" + strconv.Itoa(shard) }

// TestClockWorkflow names the run that advances one test clock.
func TestClockWorkflow(clock uuid.UUID) string { return "test-clock/" + Encode(TestClock, clock) }

// ReconcilerWorkflow names the one loop that compares the rows with what Temporal runs.
const ReconcilerWorkflow = "reconciler"

// instant spells t in UTC with as many fraction digits as it needs, so equal instants in different zones agree.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
