package store

import (
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// The messages that start workflows, each written once: by the decision that makes the workflow necessary, and again by the
// reconciler when Temporal has lost it.

func (t *tx) startAssignment(account models.BillingAccount, plan models.Plan, a models.PlanAssignment) message {
	return message{kind: models.OutboxStart, workflow: keys.TypePlanAssignment, account: &account,
		workflowID: keys.PlanAssignmentWorkflow(a.ID), status: string(a.Status),
		input:   keys.PlanAssignmentInput{Realm: t.call.Realm, Account: account.ID, Assignment: a.ID},
		summary: "Plan " + plan.Code + " · " + account.PrincipalID}
}

func (t *tx) startIssuance(account models.BillingAccount, plan models.Plan, a models.PlanAssignment, rule models.GrantRule) message {
	return message{kind: models.OutboxStart, workflow: keys.TypeCreditIssuance, account: &account,
		workflowID: keys.CreditIssuanceWorkflow(a.ID, rule.Code), status: string(a.Status),
		input:   keys.CreditIssuanceInput{Realm: t.call.Realm, Account: account.ID, Assignment: a.ID, Rule: rule.Code},
		summary: rule.Amount.String() + " " + string(rule.Asset) + " each period · " + plan.Code + " · " + account.PrincipalID}
}

func (t *tx) startRun(account models.BillingAccount, boundary time.Time) message {
	return message{kind: models.OutboxStart, workflow: keys.TypeBillingPeriod, account: &account,
		workflowID: keys.BillingPeriodWorkflow(account.ID, boundary), status: string(models.PeriodOpen),
		input:   keys.BillingPeriodInput{Realm: t.call.Realm, Account: account.ID, Boundary: boundary},
		summary: "Billing run " + boundary.UTC().Format(time.RFC3339) + " · " + account.PrincipalID}
}

func (t *tx) startInvoice(account models.BillingAccount, inv models.Invoice) message {
	return message{kind: models.OutboxStart, workflow: keys.TypeInvoice, account: &account,
		workflowID: keys.InvoiceWorkflow(inv.ID), status: string(inv.Status),
		input:   keys.InvoiceInput{Realm: t.call.Realm, Account: account.ID, Invoice: inv.ID},
		summary: "Invoice " + inv.Total.String() + " " + string(inv.Currency) + " · " + account.PrincipalID}
}

func (t *tx) startEvent(e models.InboxEvent) message {
	return message{kind: models.OutboxStart, workflow: keys.TypeStripeEvent,
		workflowID: keys.StripeEventWorkflow(t.call.Realm, e.ID), status: string(e.Status),
		input: keys.StripeEventInput{Realm: t.call.Realm, Event: e.ID}, summary: e.Type + " " + e.ObjectID}
}

func (t *tx) startCheckout(id uuid.UUID, status models.CallStatus) message {
	return message{kind: models.OutboxStart, workflow: keys.TypeCheckout,
		workflowID: keys.CheckoutWorkflow(id), status: string(status),
		input: keys.CheckoutInput{Realm: t.call.Realm, Checkout: id}, summary: "opening a hosted page"}
}

func (t *tx) startClock(c models.TestClock) message {
	return message{kind: models.OutboxStart, workflow: keys.TypeTestClock,
		workflowID: keys.TestClockWorkflow(c.ID), status: string(c.Status),
		input: keys.TestClockInput{Realm: t.call.Realm, Clock: c.ID}, summary: "Test clock " + c.Name}
}
