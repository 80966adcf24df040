package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const pricingModelsPath = "/mgt/v1/pricing-models"

type pricingModels struct{ base }

type pricingModel struct {
	ID         string  `json:"id" example:"pmd_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Code       string  `json:"code"`
	Name       string  `json:"name"`
	IsDefault  bool    `json:"is_default"`
	FreePlanID *string `json:"free_plan_id" nullable:"true" doc:"What its accounts fall back to. Without it there can be no account."`
	Version    int64   `json:"version"`
	RecordedAt Instant `json:"recorded_at"`
}

type createPricingModelIn struct {
	Body struct {
		Code      string `json:"code" maxLength:"63"`
		Name      string `json:"name" maxLength:"200"`
		IsDefault bool   `json:"is_default,omitempty" doc:"A realm's first is its default anyway."`
	}
}

type patchPricingModelIn struct {
	Changed
	Body struct {
		FreePlanID string `json:"free_plan_id"`
	}
}

func (r pricingModels) register(a huma.API) {
	const tag = "Vocabulary and pricing"
	post(a, op{ID: "createPricingModel", Path: pricingModelsPath, Summary: "Create a pricing model", Tag: tag,
		Scope: "catalog:write", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listPricingModels", Path: pricingModelsPath, Summary: "Pricing models", Tag: tag, Scope: "catalog:read"}, r.list)
	get(a, op{ID: "getPricingModel", Path: pricingModelsPath + "/{id}", Summary: "One pricing model", Tag: tag, Scope: "catalog:read"}, r.one)
	patch(a, op{ID: "updatePricingModel", Path: pricingModelsPath + "/{id}", Summary: "Set its free plan", Tag: tag,
		Scope: "catalog:write"}, r.update)
}

func (r pricingModels) create(ctx context.Context, in *createPricingModelIn) (*Reply[pricingModel], error) {
	return keyed(ctx, http.StatusCreated, func(m models.PricingModel) rendered[pricingModel] {
		body, id := showPricingModel(m)
		return rendered[pricingModel]{body: body, id: id, location: pricingModelsPath + "/" + body.ID, etag: etagOf(m.Version)}
	}, func(call store.Call) (models.PricingModel, error) {
		return r.store.CreatePricingModel(ctx, call, store.NewPricingModel{Code: in.Body.Code, Name: in.Body.Name, IsDefault: in.Body.IsDefault})
	})
}

func (r pricingModels) list(ctx context.Context, in *codeQuery) (*List[pricingModel], error) {
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.PricingModel, bool, error) {
		return r.store.ListPricingModels(ctx, callOf(ctx), p, in.Code)
	}, showPricingModel)
}

func (r pricingModels) one(ctx context.Context, in *idPath) (*One[pricingModel], error) {
	id, err := pathID(keys.PricingModel, in.ID)
	if err != nil {
		return nil, err
	}
	return onePricingModel(r.store.GetPricingModel(ctx, callOf(ctx), id))
}

func (r pricingModels) update(ctx context.Context, in *patchPricingModelIn) (*One[pricingModel], error) {
	id, match, err := in.object(keys.PricingModel)
	if err != nil {
		return nil, err
	}
	plan, err := bodyID(keys.Plan, "/free_plan_id", in.Body.FreePlanID)
	if err != nil {
		return nil, err
	}
	return onePricingModel(r.store.SetFreePlan(ctx, callOf(ctx), store.FreePlan{PricingModelID: id, PlanID: plan, Version: match}))
}

func onePricingModel(m models.PricingModel, err error) (*One[pricingModel], error) {
	if err != nil {
		return nil, err
	}
	body, _ := showPricingModel(m)
	return &One[pricingModel]{ETag: etagOf(m.Version), Body: body}, nil
}

func showPricingModel(m models.PricingModel) (pricingModel, uuid.UUID) {
	return pricingModel{ID: keys.Encode(keys.PricingModel, m.ID), Code: m.Code, Name: m.Name, IsDefault: m.IsDefault,
		FreePlanID: maybeID(keys.Plan, m.FreePlanID), Version: m.Version, RecordedAt: instant(m.RecordedAt)}, m.ID
}
