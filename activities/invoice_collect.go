package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// CollectInvoice asks the provider to be paid. While the outcome of an attempt is unknown no other is made: the same attempt
// is looked up, and then asked for again under the same key.
func (a *Activities) CollectInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	if err := a.configured(); err != nil {
		return InvoiceState{}, report(err)
	}
	call := a.call(ctx, in.Realm)
	attempt, ok, err := a.Store.InvoiceAttempt(ctx, call, in.Invoice)
	if err != nil {
		return InvoiceState{}, report(err)
	}
	if !ok {
		return a.InspectInvoice(ctx, in)
	}
	inv, _, err := a.Store.FindInvoice(ctx, call, in.Invoice)
	if err != nil {
		return InvoiceState{}, report(err)
	}
	known, err := a.Stripe.GetInvoice(ctx, inv.StripeInvoice)
	if err != nil {
		return stateOf(inv), report(err)
	}
	key := keys.StripeInvoicePay(inv.ID, attempt)
	if known.Paid {
		// The attempt, if it was made, has succeeded: nobody need ask for its outcome again.
		if err := a.Store.EndCall(ctx, call, key, store.CallEnd{Status: models.CallSucceeded, Result: known.ChargeID}); err != nil {
			return stateOf(inv), report(err)
		}
		return a.paid(ctx, call, in, known)
	}
	result, err := a.pay(ctx, call, inv, known, key)
	if err != nil {
		return stateOf(inv), report(err)
	}
	if result.Declined {
		if err := a.Store.RecordDecline(ctx, call, inv.ID, declineRef(result, key), result.DeclineCode); err != nil {
			return stateOf(inv), report(err)
		}
		return a.InspectInvoice(ctx, in)
	}
	if !result.Paid {
		// A bank debit takes days. Nothing else is tried meanwhile; this attempt is looked at again, or its event comes.
		return stateOf(inv), report(fault.New(fault.Unavailable, "payment_processing", "The payment is under way and has no outcome yet."))
	}
	return a.paid(ctx, call, in, result.Invoice)
}

// payment is one attempt to be paid: which invoice, and the last failed charge of the attempts before it, so that a look-up can
// tell their failures from its own.
type payment struct {
	Invoice    string
	LastCharge string
}

// pay makes the attempt, or finds what became of it.
func (a *Activities) pay(ctx context.Context, call store.Call, inv models.Invoice, known gateway.Invoice, key string) (gateway.PayResult, error) {
	var result gateway.PayResult
	_, err := provide(ctx, a, call, outbound[payment]{key: key, account: inv.BillingAccountID, verb: models.VerbPay, object: keys.Encode(keys.Invoice, inv.ID),
		params: payment{Invoice: inv.StripeInvoice, LastCharge: failedCharge(known)},
		send: func(ctx context.Context, key string, p payment) (ref string, err error) {
			result, err = a.Stripe.PayInvoice(ctx, key, p.Invoice)
			return result.ChargeID, err
		},
		find: func(ctx context.Context, _ time.Time, p payment) (string, error) {
			got, err := a.Stripe.GetInvoice(ctx, p.Invoice)
			switch {
			case err != nil:
				return "", err
			case got.Paid || got.Processing:
				return got.ID, nil
			case failedCharge(got) != p.LastCharge:
				return failedCharge(got), nil
			}
			return "", nil
		}})
	if err != nil || result.ID != "" {
		return result, err
	}
	// It was made before, and its answer was not recorded here.
	if result.Invoice, err = a.Stripe.GetInvoice(ctx, inv.StripeInvoice); err != nil {
		return result, err
	}
	result.Declined, result.DeclineCode = !result.Paid && !result.Processing && result.LastError != nil, declineCode(result.LastError)
	return result, nil
}

func failedCharge(in gateway.Invoice) string {
	if in.LastError == nil {
		return ""
	}
	return in.LastError.ChargeID
}

// declineCode is the issuer's reason, or the provider's where the issuer gives none.
func declineCode(e *gateway.PaymentError) string {
	if e == nil {
		return ""
	}
	if e.DeclineCode == "" {
		return e.Code
	}
	return e.DeclineCode
}

func declineRef(r gateway.PayResult, key string) string {
	if r.LastError != nil && r.LastError.ChargeID != "" {
		return r.LastError.ChargeID
	}
	return key
}

func (a *Activities) paid(ctx context.Context, call store.Call, in InvoiceInput, at gateway.Invoice) (InvoiceState, error) {
	if _, err := a.Store.RecordPayment(ctx, call, paidFor(in.Invoice, at)); err != nil {
		return InvoiceState{}, report(err)
	}
	return a.InspectInvoice(ctx, in)
}

// paidFor names the money, so that an answer and every event about it are one payment.
func paidFor(invoice uuid.UUID, at gateway.Invoice) store.Paid {
	p := store.Paid{Invoice: invoice, Object: at.ID, Ref: at.ChargeID, Amount: at.AmountPaid, OutOfBand: at.PaidOutOfBand}
	if p.Ref == "" {
		p.Ref = at.ID + ":oob"
	}
	return p
}
