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

// CheckoutInput names a checkout session.
type CheckoutInput struct {
	Realm    uuid.UUID
	Checkout uuid.UUID
}

// CheckoutState is what a person needs to know of a checkout session.
type CheckoutState struct {
	Title  string
	Status string
}

// FinishCheckout brings a call for a hosted page to an end that the API began and did not end. A call that was never begun, or
// was refused, is the caller's to make again.
func (a *Activities) FinishCheckout(ctx context.Context, in CheckoutInput) (CheckoutState, error) {
	call := a.call(ctx, in.Realm)
	c, err := a.Store.FindCheckout(ctx, call, in.Checkout)
	if err != nil {
		return checkoutState(c), report(err)
	}
	key := keys.StripeCheckout(c.ID)
	begun, err := a.Store.FindCall(ctx, call, key)
	if fault.Is(err, "not_found") || err == nil && begun.Status == models.CallFailed {
		return checkoutState(c), nil
	}
	if err != nil {
		return checkoutState(c), report(err)
	}
	// An event may have told what became of the page before its call got an answer; the call has to come to its end all the same.
	if c.Status != models.CheckoutPending && begun.Status == models.CallSucceeded {
		return checkoutState(c), nil
	}
	ref, err := a.openCheckout(ctx, call, c, begun)
	if gateway.Refused(err) {
		return checkoutState(c), nil // the caller learns of it when asking again
	}
	if err != nil {
		return checkoutState(c), again(err) // our credentials may be mended; the call must not stay unknown
	}
	session, err := a.Stripe.GetCheckoutSession(ctx, ref)
	if err != nil {
		return checkoutState(c), report(err)
	}
	c, err = a.Store.LinkCheckout(ctx, call, c.ID, session.ID, session.URL)
	return checkoutState(c), report(err)
}

// openCheckout makes the call with the parameters that it was begun with.
func (a *Activities) openCheckout(ctx context.Context, call store.Call, c models.CheckoutSession, begun models.ProviderCall) (string, error) {
	return provide(ctx, a, call, outbound[gateway.CheckoutParams]{key: begun.Key, account: c.BillingAccountID, verb: begun.Verb, object: begun.ObjectRef,
		send: func(ctx context.Context, key string, p gateway.CheckoutParams) (string, error) {
			p.Key = key
			session, err := a.Stripe.CreateCheckoutSession(ctx, p)
			return session.ID, err
		},
		find: func(ctx context.Context, since time.Time, p gateway.CheckoutParams) (string, error) {
			session, err := a.Stripe.FindCheckoutSession(ctx, since, p)
			return session.ID, err
		}})
}

func checkoutState(c models.CheckoutSession) CheckoutState {
	return CheckoutState{Status: string(c.Status), Title: "account " + keys.Encode(keys.BillingAccount, c.BillingAccountID) + " · " +
		c.Quantity.String() + " " + string(c.Asset) + " for " + c.Amount.String() + " " + string(c.Currency)}
}
