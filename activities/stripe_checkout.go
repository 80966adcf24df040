package activities

import (
	"context"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

func (a *Activities) checkoutCompleted(ctx context.Context, call store.Call, ref string) (outcome, error) {
	got, err := a.Stripe.GetCheckoutSession(ctx, ref)
	if err != nil {
		return outcome{}, err
	}
	id, err := keys.Decode(keys.Checkout, got.ClientReferenceID)
	if err != nil {
		return ignore("checkout session is not ours")
	}
	if got.PaymentStatus != "paid" {
		return ignore("checkout session is not paid")
	}
	payment := got.PaymentIntentID
	if payment == "" {
		payment = got.ID
	}
	owner, err := a.Store.CompleteCheckout(ctx, call, store.Purchase{Checkout: id, Session: got.ID, Payment: payment,
		Amount: money.Amount{Value: got.AmountTotal.Value, Asset: got.AmountTotal.Asset}})
	if fault.Is(err, "not_found") {
		return ignore("checkout session is not ours") // another realm's, in a Stripe account that both use
	}
	return outcome{account: &owner}, err
}

// checkoutExpired ends a purchase that nobody paid for. What the provider says now decides, so one that was paid after all is
// left alone.
func (a *Activities) checkoutExpired(ctx context.Context, call store.Call, ref string) (outcome, error) {
	got, err := a.Stripe.GetCheckoutSession(ctx, ref)
	if err != nil {
		return outcome{}, err
	}
	id, err := keys.Decode(keys.Checkout, got.ClientReferenceID)
	if err != nil {
		return ignore("checkout session is not ours")
	}
	if got.Status != "expired" || got.PaymentStatus == "paid" {
		return ignore("checkout session has not expired")
	}
	owner, expired, err := a.Store.ExpireCheckout(ctx, call, id, got.ID)
	switch {
	case fault.Is(err, "not_found"):
		return ignore("checkout session is not ours")
	case err == nil && !expired:
		return ignore("the purchase has another session or another end")
	}
	return outcome{account: &owner}, err
}
