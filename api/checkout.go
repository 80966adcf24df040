package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const checkoutsPath = "/mgt/v1/checkout-sessions"

type checkouts struct {
	base
	open func(context.Context, gateway.CheckoutParams) (gateway.CheckoutSession, error)
}

type checkoutSession struct {
	ID               string   `json:"id" example:"chk_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string   `json:"billing_account_id"`
	Status           string   `json:"status" enum:"pending,open,complete,expired"`
	CreditType       string   `json:"credit_type" example:"CREDIT"`
	Quantity         Quantity `json:"quantity" example:"100"`
	Amount           Money    `json:"amount" doc:"What it costs, by the credit type's value at that moment."`
	URL              *string  `json:"url" nullable:"true" doc:"Where the customer pays."`
	StripeSession    *string  `json:"stripe_session" nullable:"true"`
	GrantID          *string  `json:"grant_id" nullable:"true" doc:"The lot it gave, once paid."`
	Version          int64    `json:"version"`
	EffectiveAt      Instant  `json:"effective_at"`
	RecordedAt       Instant  `json:"recorded_at"`
}

type createCheckoutIn struct {
	Body struct {
		BillingAccountID string  `json:"billing_account_id"`
		CreditType       string  `json:"credit_type" minLength:"4" maxLength:"31" example:"CREDIT"`
		Quantity         Decimal `json:"quantity" example:"100"`
		SuccessURL       string  `json:"success_url" format:"uri" minLength:"1" maxLength:"2000" example:"https://example.com/thanks"`
		CancelURL        string  `json:"cancel_url,omitempty" minLength:"1" format:"uri" maxLength:"2000"`
	}
}

func (r checkouts) register(a huma.API) {
	const tag = "Catalogue and self-serve"
	post(a, op{ID: "createCheckoutSession", Path: checkoutsPath, Summary: "Buy credits on a hosted page", Tag: tag, Scope: "funds:write",
		Description: "The price is fixed here; the credits come when the payment does. If the provider does not answer, the same request with the " +
			"same Idempotency-Key finishes what was begun.",
		Status: http.StatusCreated, Idempotent: true, Workflow: "checkout/{chk}"}, r.create)
	get(a, op{ID: "getCheckoutSession", Path: checkoutsPath + "/{id}", Summary: "One checkout session", Tag: tag, Scope: "funds:read"}, r.one)
}

func (r checkouts) create(ctx context.Context, in *createCheckoutIn) (*Reply[checkoutSession], error) {
	if r.open == nil {
		return nil, fault.New(fault.Unavailable, "unavailable", "No payment provider is configured.")
	}
	account, err := bodyID(keys.BillingAccount, "/billing_account_id", in.Body.BillingAccountID)
	if err != nil {
		return nil, err
	}
	for _, link := range []struct{ pointer, text string }{{"/success_url", in.Body.SuccessURL}, {"/cancel_url", in.Body.CancelURL}} {
		if link.text != "" && !isWebPage(link.text) {
			return nil, fault.At(link.pointer, "bad_format", "Want the absolute http or https address of a page.")
		}
	}
	if !in.Body.Quantity.IsPositive() {
		return nil, fault.At("/quantity", "out_of_range", "The quantity must be positive.")
	}
	begun, err := keyed(ctx, http.StatusCreated, func(c models.CheckoutSession) rendered[checkoutSession] {
		body := showCheckout(c)
		return rendered[checkoutSession]{body: body, id: c.ID, location: checkoutsPath + "/" + body.ID}
	}, func(call store.Call) (models.CheckoutSession, error) {
		return r.store.OpenCheckout(ctx, call, store.NewCheckout{Account: account, Asset: money.Asset(in.Body.CreditType),
			Quantity: in.Body.Quantity.Decimal, SuccessURL: in.Body.SuccessURL, CancelURL: in.Body.CancelURL})
	})
	if err != nil {
		return nil, err
	}
	// The stored answer names the session; what is sent is the page that was opened, whichever of several tries opened it.
	var named struct{ ID string }
	if err := json.Unmarshal(begun.Body.raw, &named); err != nil {
		return nil, err
	}
	id, err := keys.Decode(keys.Checkout, named.ID)
	if err != nil {
		return nil, err
	}
	c, err := r.finish(ctx, id)
	if err != nil {
		return nil, err
	}
	stored, err := answer(http.StatusCreated, begun.Location, showCheckout(c.AsOpened()))
	if err != nil {
		return nil, err
	}
	return reply[checkoutSession](stored, begun.Replayed != ""), nil
}

// isWebPage keeps a customer's browser from being sent to a script, a file or somebody's credentials.
func isWebPage(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && !strings.ContainsAny(text, " \"<>\\^`{|}")
}

// finish asks the provider for the session unless it has been; the call is written down before it is sent. What this cannot
// bring to an end, the session's workflow does.
func (r checkouts) finish(ctx context.Context, id uuid.UUID) (models.CheckoutSession, error) {
	call := callOf(ctx)
	c, err := r.store.FindCheckout(ctx, call, id)
	if err != nil || c.Status != models.CheckoutPending {
		return c, err
	}
	raw, err := json.Marshal(r.params(c))
	if err != nil {
		return c, err
	}
	key := keys.StripeCheckout(c.ID)
	out, err := r.store.BeginCall(ctx, call, store.NewCall{Key: key, Account: c.BillingAccountID, Verb: "checkout.create",
		ObjectRef: keys.Encode(keys.Checkout, c.ID), Params: raw, Checkout: &c.ID})
	if err != nil {
		return c, err
	}
	if out.Outlived || out.Status == models.CallSucceeded {
		return c, fault.New(fault.Unavailable, "unavailable", "What became of the session is being looked up; ask again.")
	}
	var params gateway.CheckoutParams
	if err := json.Unmarshal(out.Params, &params); err != nil {
		return c, err
	}
	params.Key = out.SendKey
	session, err := r.open(ctx, params)
	if err != nil {
		end := store.CallEnd{Generation: out.Generation, Status: models.CallUnknown}
		if gateway.Refused(err) {
			end.Status = models.CallFailed
		}
		// The caller has to learn of the provider's refusal first; a note that is missing says "sent", which is as careful.
		_ = r.store.EndCall(context.WithoutCancel(ctx), call, key, end)
		return c, err
	}
	if err := r.store.EndCall(ctx, call, key, store.CallEnd{Generation: out.Generation, Status: models.CallSucceeded, Result: session.ID}); err != nil {
		return c, err
	}
	return r.store.LinkCheckout(ctx, call, id, session.ID, session.URL)
}

// params are built from rows that do not change, so that every try sends the same bytes under the same key.
func (r checkouts) params(c models.CheckoutSession) gateway.CheckoutParams {
	ref := keys.Encode(keys.Checkout, c.ID)
	return gateway.CheckoutParams{ClientReferenceID: ref,
		Amount: money.Amount{Value: c.Amount, Asset: c.Currency}, Description: c.Quantity.String() + " " + string(c.Asset),
		SuccessURL: c.SuccessURL, CancelURL: c.CancelURL,
		Metadata: map[string]string{"app": "durabill", "realm_id": keys.Encode(keys.Realm, c.RealmID), "ba_id": keys.Encode(keys.BillingAccount, c.BillingAccountID),
			"obj": ref, "schema": "1"}}
}

func (r checkouts) one(ctx context.Context, in *idPath) (*One[checkoutSession], error) {
	id, err := pathID(keys.Checkout, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.FindCheckout(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &One[checkoutSession]{ETag: etagOf(row.Version), Body: showCheckout(row)}, nil
}

func showCheckout(c models.CheckoutSession) checkoutSession {
	return checkoutSession{ID: keys.Encode(keys.Checkout, c.ID), BillingAccountID: keys.Encode(keys.BillingAccount, c.BillingAccountID),
		Status: string(c.Status), CreditType: string(c.Asset), Quantity: quantity(c.Quantity), Amount: cash(c.Amount, c.Currency),
		URL: maybeText(c.URL), StripeSession: maybeText(c.StripeSession), GrantID: maybeID(keys.Grant, c.LotID), Version: c.Version,
		EffectiveAt: instant(c.EffectiveAt), RecordedAt: instant(c.RecordedAt)}
}
