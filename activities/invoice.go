package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// InvoiceStep is what an invoice needs next.
type InvoiceStep string

// Finalise at an instant, push to the provider, collect, wait for news, or nothing any more.
const (
	StepFinalize InvoiceStep = "finalize"
	StepPush     InvoiceStep = "push"
	StepCollect  InvoiceStep = "collect"
	StepWait     InvoiceStep = "wait"
	StepDone     InvoiceStep = "done"
)

// InvoiceState is what the workflow and a person need to know of an invoice.
type InvoiceState struct {
	Step       InvoiceStep
	FinalizeAt time.Time
	Title      string // account and boundary, for a person
	Status     string
	Number     string
	Total      string
	Decline    string
	RetryAt    time.Time // when a declined one is collected again; zero if not by itself
}

// InvoiceInput names an invoice.
type InvoiceInput struct {
	Realm   uuid.UUID
	Invoice uuid.UUID
}

// InspectInvoice reads what an invoice needs next.
func (a *Activities) InspectInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	call := a.call(ctx, in.Realm)
	inv, _, err := a.Store.FindInvoice(ctx, call, in.Invoice)
	if err != nil {
		return InvoiceState{}, report(err)
	}
	state := stateOf(inv)
	account, err := a.Store.FindAccount(ctx, call, inv.BillingAccountID)
	if account.Status == models.AccountClosed {
		state.Step = StepDone
	}
	return state, report(err)
}

func stateOf(inv models.Invoice) InvoiceState {
	s := InvoiceState{Step: StepWait, FinalizeAt: inv.FinalizeAt, Status: string(inv.Status),
		Title: "account " + keys.Encode(keys.BillingAccount, inv.BillingAccountID) + " · boundary " + inv.BoundaryAt.Format(time.RFC3339),
		Total: money.Amount{Value: inv.AmountDue(), Asset: inv.Currency}.String(), Decline: inv.DeclineCode}
	if inv.NextAttemptAt != nil {
		s.RetryAt = *inv.NextAttemptAt
	}
	if inv.Number != nil {
		s.Number = *inv.Number
	}
	switch {
	case inv.Status == models.InvoiceDraft:
		s.Step = StepFinalize
	case inv.IsOver():
		s.Step = StepDone
	case inv.CollectBy != models.CollectStripe:
		if inv.CollectBy == models.CollectNone {
			s.Step = StepDone
		}
	case inv.Collection == models.CollectionCarried: // paid with another invoice
	case inv.StripeInvoice == "":
		s.Step = StepPush
	case inv.Collection == models.CollectionCollecting || inv.Collection == models.CollectionUnknown:
		s.Step = StepCollect
	}
	return s
}

// FinalizeInvoice fixes the invoice and makes it a receivable.
func (a *Activities) FinalizeInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	inv, err := a.Store.FinalizeInvoice(ctx, a.call(ctx, in.Realm), in.Invoice)
	return stateOf(inv), report(err)
}
