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

const creditTypesPath = "/mgt/v1/credit-types" //nolint:gosec // a path, not a credential

type creditTypes struct{ base }

type creditType struct {
	ID         string  `json:"id" example:"crt_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Code       string  `json:"code" example:"CREDIT"`
	Name       string  `json:"name"`
	Scale      int32   `json:"scale" doc:"How many decimals a grant of it may have."`
	Version    int64   `json:"version"`
	RecordedAt Instant `json:"recorded_at"`
}

type creditValue struct {
	ID           string   `json:"id" example:"ctv_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	CreditTypeID string   `json:"credit_type_id"`
	Currency     string   `json:"currency" example:"EUR"`
	Value        Quantity `json:"value" doc:"What one credit is worth."`
	EffectiveAt  Instant  `json:"effective_at" doc:"From when on it counts; the next value in the same currency ends it."`
	RecordedAt   Instant  `json:"recorded_at"`
}

type createCreditTypeIn struct {
	Body struct {
		Code  string `json:"code" maxLength:"31" doc:"4 to 31 of A-Z, 0-9 and _."`
		Name  string `json:"name" maxLength:"200"`
		Scale *int32 `json:"scale,omitempty" minimum:"0" maximum:"9" doc:"9 if absent."`
	}
}

type createCreditValueIn struct {
	ID   string `path:"id"`
	Body struct {
		Currency    string   `json:"currency" minLength:"3" maxLength:"3"`
		Value       Quantity `json:"value"`
		EffectiveAt *Instant `json:"effective_at,omitempty" doc:"Now if absent. The past only where no usage has been rated by it."`
	}
}

type listCreditValuesIn struct {
	PageQuery
	ID       string  `path:"id"`
	Currency string  `query:"currency" maxLength:"3"`
	At       Instant `query:"at" doc:"Only the values in force at this instant."`
}

func (r creditTypes) register(a huma.API) {
	const tag = "Vocabulary and pricing"
	post(a, op{ID: "createCreditType", Path: creditTypesPath, Summary: "Create a credit type", Tag: tag, Scope: "catalog:write",
		Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listCreditTypes", Path: creditTypesPath, Summary: "Credit types", Tag: tag, Scope: "catalog:read"}, r.list)
	get(a, op{ID: "getCreditType", Path: creditTypesPath + "/{id}", Summary: "One credit type", Tag: tag, Scope: "catalog:read"}, r.one)
	post(a, op{ID: "createCreditTypeValue", Path: creditTypesPath + "/{id}/values", Summary: "Say what a credit is worth from when on",
		Tag: tag, Scope: "catalog:write", Status: http.StatusCreated, Idempotent: true}, r.addValue)
	get(a, op{ID: "listCreditTypeValues", Path: creditTypesPath + "/{id}/values", Summary: "A credit type's values, latest recorded first",
		Tag: tag, Scope: "catalog:read"}, r.values)
}

func (r creditTypes) create(ctx context.Context, in *createCreditTypeIn) (*Reply[creditType], error) {
	want := store.NewCreditType{Code: money.Asset(in.Body.Code), Name: in.Body.Name, Scale: money.LedgerScale}
	if in.Body.Scale != nil {
		want.Scale = *in.Body.Scale
	}
	return keyed(ctx, http.StatusCreated, func(c models.CreditType) rendered[creditType] {
		body, id := showCreditType(c)
		return rendered[creditType]{body: body, id: id, location: creditTypesPath + "/" + body.ID, etag: etagOf(c.Version)}
	}, func(call store.Call) (models.CreditType, error) { return r.store.CreateCreditType(ctx, call, want) })
}

func (r creditTypes) list(ctx context.Context, in *struct {
	PageQuery
	Code string `query:"code" maxLength:"31"`
}) (*List[creditType], error) {
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.CreditType, bool, error) {
		return r.store.ListCreditTypes(ctx, callOf(ctx), p, in.Code)
	}, showCreditType)
}

func (r creditTypes) one(ctx context.Context, in *idPath) (*One[creditType], error) {
	id, err := pathID(keys.CreditType, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.GetCreditType(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showCreditType(row)
	return &One[creditType]{ETag: etagOf(row.Version), Body: body}, nil
}

func (r creditTypes) addValue(ctx context.Context, in *createCreditValueIn) (*Reply[creditValue], error) {
	id, err := pathID(keys.CreditType, in.ID)
	if err != nil {
		return nil, err
	}
	return keyed(ctx, http.StatusCreated, func(v models.CreditValue) rendered[creditValue] {
		body, id := showCreditValue(v)
		return rendered[creditValue]{body: body, id: id}
	}, func(call store.Call) (models.CreditValue, error) {
		return r.store.CreateCreditValue(ctx, call, store.NewCreditValue{CreditTypeID: id, Currency: money.Asset(in.Body.Currency),
			Value: in.Body.Value.Decimal, EffectiveAt: timeOf(in.Body.EffectiveAt)})
	})
}

func (r creditTypes) values(ctx context.Context, in *listCreditValuesIn) (*List[creditValue], error) {
	id, err := pathID(keys.CreditType, in.ID)
	if err != nil {
		return nil, err
	}
	filter := store.CreditValueFilter{CreditTypeID: id, Currency: money.Asset(in.Currency), At: given(in.At)}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.CreditValue, bool, error) {
		return r.store.ListCreditValues(ctx, callOf(ctx), p, filter)
	}, showCreditValue)
}

func showCreditType(c models.CreditType) (creditType, uuid.UUID) {
	return creditType{ID: keys.Encode(keys.CreditType, c.ID), Code: string(c.Code), Name: c.Name, Scale: c.Scale, Version: c.Version,
		RecordedAt: instant(c.RecordedAt)}, c.ID
}

func showCreditValue(v models.CreditValue) (creditValue, uuid.UUID) {
	return creditValue{ID: keys.Encode(keys.CreditTypeValue, v.ID), CreditTypeID: keys.Encode(keys.CreditType, v.CreditTypeID),
		Currency: string(v.Currency), Value: Quantity{v.Value}, EffectiveAt: instant(v.EffectiveAt), RecordedAt: instant(v.RecordedAt)}, v.ID
}
