package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const accountsPath = "/mgt/v1/billing-accounts"

type accounts struct{ base }

type billingAccount struct {
	ID             string  `json:"id" example:"ba_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	PrincipalID    string  `json:"principal_id" example:"acme" doc:"The caller's own id; mapped once and for ever."`
	Name           string  `json:"name"`
	Email          string  `json:"email"`
	PricingModelID string  `json:"pricing_model_id"`
	Timezone       string  `json:"timezone" example:"Europe/Berlin" doc:"Decides where days and months begin."`
	Currency       *string `json:"currency" nullable:"true" doc:"Fixed by the first priced plan."`
	Status         string  `json:"status" enum:"active,suspended,parked,closed"`
	BillingMode    string  `json:"billing_mode" enum:"saas,self_hosted,unlimited"`
	TestClockID    *string `json:"test_clock_id" nullable:"true"`
	ParkedReason   *string `json:"parked_reason" nullable:"true"`
	Version        int64   `json:"version"`
	EffectiveAt    Instant `json:"effective_at"`
	RecordedAt     Instant `json:"recorded_at"`
}

type createAccountIn struct {
	Body struct {
		PrincipalID    string `json:"principal_id" minLength:"1" maxLength:"255" example:"acme"`
		Name           string `json:"name,omitempty" maxLength:"200" example:"ACME GmbH"`
		Email          string `json:"email,omitempty" maxLength:"320" example:"billing@acme.example"`
		PricingModelID string `json:"pricing_model_id,omitempty" minLength:"1" doc:"The realm's default pricing model if absent."`
		Timezone       string `json:"timezone,omitempty" minLength:"1" maxLength:"64" default:"UTC" example:"Europe/Berlin"`
		Currency       string `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"Fixed by the first priced plan if absent."`
		TestClockID    string `json:"test_clock_id,omitempty" minLength:"1" doc:"Only in a realm of mode test, and only at creation."`
	}
}

type listAccountsIn struct {
	PageQuery
	PrincipalID string `query:"principal_id" maxLength:"255"`
	Status      string `query:"status" enum:"active,suspended,parked,closed"`
}

func (r accounts) register(a huma.API) {
	const tag = "Accounts"
	post(a, op{ID: "createBillingAccount", Path: accountsPath, Summary: "Create a billing account",
		Description: "One account for each principal. It stands on its pricing model's free plan from its first instant.", Tag: tag,
		Scope: "accounts:write", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listBillingAccounts", Path: accountsPath, Summary: "Billing accounts", Tag: tag, Scope: "accounts:read"}, r.list)
	get(a, op{ID: "getBillingAccount", Path: accountsPath + "/{id}", Summary: "One billing account", Tag: tag, Scope: "accounts:read"}, r.one)
	for _, move := range []struct {
		id, verb, summary string
		decide            func(context.Context, store.Call, uuid.UUID) (models.BillingAccount, error)
	}{
		{"suspend", "suspend", "Stop an account's new work", r.store.SuspendAccount},
		{"resume", "resume", "Let a suspended account work again", r.store.ResumeAccount},
		{"unpark", "unpark", "Let a parked account work again as it did before, once its reason is settled", r.store.UnparkAccount},
		{"acceptBoundsOf", "accept-bounds", "Un-park an account and let what its safety bounds stopped be billed or granted", r.store.AcceptBounds},
	} {
		post(a, op{ID: move.id + "BillingAccount", Path: accountsPath + "/{id}/" + move.verb, Summary: move.summary, Tag: tag,
			Scope: "accounts:write", Idempotent: true}, r.mover(move.decide))
	}
}

// mover handles a change of status.
func (r accounts) mover(decide func(context.Context, store.Call, uuid.UUID) (models.BillingAccount, error)) handler[Changed, Reply[billingAccount]] {
	return func(ctx context.Context, in *Changed) (*Reply[billingAccount], error) {
		id, match, err := in.object(keys.BillingAccount)
		if err != nil {
			return nil, err
		}
		return keyed(ctx, http.StatusOK, func(a models.BillingAccount) rendered[billingAccount] {
			body, id := showAccount(a)
			return rendered[billingAccount]{body: body, id: id, etag: etagOf(a.Version)}
		}, func(call store.Call) (models.BillingAccount, error) {
			call.Match = match
			return decide(ctx, call, id)
		})
	}
}

func (r accounts) create(ctx context.Context, in *createAccountIn) (*Reply[billingAccount], error) {
	want := store.NewAccount{PrincipalID: in.Body.PrincipalID, Name: in.Body.Name, Email: in.Body.Email, Timezone: in.Body.Timezone}
	if in.Body.Currency != "" {
		currency := money.Asset(in.Body.Currency)
		want.Currency = &currency
	}
	for _, ref := range []struct {
		prefix, pointer, id string
		to                  **uuid.UUID
	}{{keys.PricingModel, "/pricing_model_id", in.Body.PricingModelID, &want.PricingModel}, {keys.TestClock, "/test_clock_id", in.Body.TestClockID, &want.TestClock}} {
		if ref.id == "" {
			continue
		}
		id, err := bodyID(ref.prefix, ref.pointer, ref.id)
		if err != nil {
			return nil, err
		}
		*ref.to = &id
	}
	return keyed(ctx, http.StatusCreated, func(a models.BillingAccount) rendered[billingAccount] {
		body, id := showAccount(a)
		return rendered[billingAccount]{body: body, id: id, location: accountsPath + "/" + body.ID, etag: etagOf(a.Version)}
	}, func(call store.Call) (models.BillingAccount, error) { return r.store.CreateAccount(ctx, call, want) })
}

func (r accounts) list(ctx context.Context, in *listAccountsIn) (*List[billingAccount], error) {
	filter := store.AccountFilter{PrincipalID: in.PrincipalID, Status: models.AccountStatus(in.Status)}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.BillingAccount, bool, error) {
		return r.store.ListAccounts(ctx, callOf(ctx), p, filter)
	}, showAccount)
}

func (r accounts) one(ctx context.Context, in *idPath) (*One[billingAccount], error) {
	id, err := pathID(keys.BillingAccount, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.FindAccount(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showAccount(row)
	return &One[billingAccount]{ETag: etagOf(row.Version), Body: body}, nil
}

func showAccount(a models.BillingAccount) (billingAccount, uuid.UUID) {
	out := billingAccount{ID: keys.Encode(keys.BillingAccount, a.ID), PrincipalID: a.PrincipalID, Name: a.Name, Email: a.Email,
		PricingModelID: keys.Encode(keys.PricingModel, a.PricingModelID), Timezone: a.Timezone, Status: string(a.Status),
		BillingMode: string(a.BillingMode), TestClockID: maybeID(keys.TestClock, a.TestClockID), ParkedReason: maybeText(a.ParkedReason),
		Version: a.Version, EffectiveAt: instant(a.EffectiveAt), RecordedAt: instant(a.RecordedAt)}
	if a.Currency != nil {
		out.Currency = maybeText(string(*a.Currency))
	}
	return out, a.ID
}
