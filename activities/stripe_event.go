package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// StripeEventInput names an inbox event.
type StripeEventInput struct {
	Realm uuid.UUID
	Event string
}

// Applied is what became of an event.
type Applied struct {
	Status string
	Reason string
}

// outcome is how an event ends: done for an account, or ignored for a reason.
type outcome struct {
	account *uuid.UUID
	ignored string
}

func ignore(reason string) (outcome, error) { return outcome{ignored: reason}, nil }

// applying is the one table of the types that have an effect here; the sweep asks for no others.
var applying = map[string]func(*Activities, context.Context, store.Call, string) (outcome, error){
	"invoice.paid":                             (*Activities).invoicePaid,
	"invoice.payment_succeeded":                (*Activities).invoicePaid,
	"invoice.payment_failed":                   (*Activities).invoiceFailed,
	"checkout.session.completed":               (*Activities).checkoutCompleted,
	"checkout.session.async_payment_succeeded": (*Activities).checkoutCompleted, // a bank debit is paid days after it was completed
	"checkout.session.expired":                 (*Activities).checkoutExpired,
}

// ApplyStripeEvent takes an event as a hint: it fetches the object it is about and applies what that says now, once per object.
func (a *Activities) ApplyStripeEvent(ctx context.Context, in StripeEventInput) (Applied, error) {
	if err := a.configured(); err != nil {
		return Applied{}, report(err)
	}
	call := a.call(ctx, in.Realm)
	e, err := a.Store.FindEvent(ctx, call, in.Event)
	if err != nil {
		return Applied{}, report(err)
	}
	if e.Status != models.InboxReceived {
		return Applied{Status: string(e.Status), Reason: e.Reason}, nil
	}
	out := outcome{ignored: "type not handled"}
	if apply, ok := applying[e.Type]; ok {
		out, err = apply(a, ctx, call, e.ObjectID)
	}
	if err != nil {
		return Applied{}, report(err)
	}
	end := Applied{Status: string(models.InboxDone), Reason: out.ignored}
	if out.ignored != "" {
		end.Status = string(models.InboxIgnored)
	}
	fault.Point(fault.PointUnfinished)
	return end, report(a.Store.FinishEvent(ctx, call, in.Event,
		store.EventEnd{Status: models.InboxStatus(end.Status), Reason: out.ignored, Account: out.account}))
}

// DeadEventInput says why an event cannot be applied.
type DeadEventInput struct {
	Realm  uuid.UUID
	Event  string
	Reason string
}

// BuryStripeEvent sets an event aside that could not be applied; an operator may replay it.
func (a *Activities) BuryStripeEvent(ctx context.Context, in DeadEventInput) error {
	return report(a.Store.FinishEvent(ctx, a.call(ctx, in.Realm), in.Event, store.EventEnd{Status: models.InboxDead, Reason: in.Reason}))
}

// ours finds our invoice for the provider's: by the id we stored, or, when the event overtakes us, by the id we sent. Metadata
// can be copied by whoever works in the same Stripe account, so the customer must be ours as well.
func (a *Activities) ours(ctx context.Context, call store.Call, got gateway.Invoice) (models.Invoice, bool, error) {
	inv, ok, err := a.Store.FindStripeInvoice(ctx, call, got.ID)
	if err != nil || ok {
		return inv, ok, err
	}
	id, err := keys.Decode(keys.Invoice, got.Metadata["obj"])
	if err != nil || got.Metadata["realm_id"] != keys.Encode(keys.Realm, call.Realm) {
		return inv, false, nil
	}
	inv, _, err = a.Store.FindInvoice(ctx, call, id)
	if fault.Is(err, "not_found") {
		return inv, false, nil
	}
	if err != nil {
		return inv, false, err
	}
	account, err := a.Store.FindAccount(ctx, call, inv.BillingAccountID)
	return inv, err == nil && account.StripeCustomer == got.CustomerID, err
}

func (a *Activities) invoicePaid(ctx context.Context, call store.Call, ref string) (outcome, error) {
	got, err := a.Stripe.GetInvoice(ctx, ref)
	if err != nil {
		return outcome{}, err
	}
	inv, ok, err := a.ours(ctx, call, got)
	switch {
	case err != nil:
		return outcome{}, err
	case !ok:
		return ignore("invoice is not ours")
	case !got.Paid:
		return ignore("invoice is not paid")
	}
	if _, err := a.Store.RecordPayment(ctx, call, paidFor(inv.ID, got)); err != nil {
		return outcome{}, err
	}
	return outcome{account: &inv.BillingAccountID}, nil
}

func (a *Activities) invoiceFailed(ctx context.Context, call store.Call, ref string) (outcome, error) {
	got, err := a.Stripe.GetInvoice(ctx, ref)
	if err != nil {
		return outcome{}, err
	}
	inv, ok, err := a.ours(ctx, call, got)
	switch {
	case err != nil:
		return outcome{}, err
	case !ok:
		return ignore("invoice is not ours")
	case inv.StripeInvoice != "" && inv.StripeInvoice != got.ID:
		return ignore("a copy of our invoice")
	case got.Paid || got.LastError == nil || got.LastError.ChargeID == "":
		return ignore("the failure is past")
	}
	return outcome{account: &inv.BillingAccountID}, a.Store.RecordDecline(ctx, call, inv.ID, got.LastError.ChargeID, declineCode(got.LastError))
}
