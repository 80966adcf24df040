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

const plansPath = "/mgt/v1/plans"

type plans struct{ base }

type plan struct {
	ID             string        `json:"id" example:"pln_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	PricingModelID string        `json:"pricing_model_id"`
	Code           string        `json:"code"`
	Name           string        `json:"name"`
	Kind           string        `json:"kind" enum:"base,addon,promo"`
	Rank           int           `json:"rank" doc:"Orders plans, so that a change is an upgrade or a downgrade."`
	Version        int64         `json:"version" doc:"For If-Match; every change of any of its versions raises it."`
	Versions       []planVersion `json:"versions" doc:"The first one first."`
	RecordedAt     Instant       `json:"recorded_at"`
}

type planVersion struct {
	ID          string    `json:"id" example:"plv_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Number      int       `json:"number"`
	Status      string    `json:"status" enum:"draft,active,deprecated,archived"`
	Terms       planTerms `json:"terms"`
	FeatureIDs  []string  `json:"feature_ids" doc:"What it entitles to."`
	PublishedAt *Instant  `json:"published_at" nullable:"true"`
	RecordedAt  Instant   `json:"recorded_at"`
}

type createPlanIn struct {
	Body struct {
		PricingModelID string    `json:"pricing_model_id"`
		Code           string    `json:"code" maxLength:"63"`
		Name           string    `json:"name" maxLength:"200"`
		Kind           string    `json:"kind" enum:"base,addon,promo"`
		Rank           int       `json:"rank,omitempty" minimum:"-1000000" maximum:"1000000"`
		Terms          planTerms `json:"terms"`
		FeatureIDs     []string  `json:"feature_ids,omitempty" maxItems:"500"`
	}
}

type listPlansIn struct {
	PageQuery
	Code           string `query:"code" maxLength:"63"`
	PricingModelID string `query:"pricing_model_id"`
	Kind           string `query:"kind" enum:"base,addon,promo"`
	Status         string `query:"status" enum:"draft,active,deprecated,archived" doc:"Plans that have a version of this status."`
}

func (r plans) register(a huma.API) {
	const tag = "Plans"
	post(a, op{ID: "createPlan", Path: plansPath, Summary: "Create a plan with version 1 as a draft", Tag: tag, Scope: "plans:write",
		Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listPlans", Path: plansPath, Summary: "Plans with their versions", Tag: tag, Scope: "plans:read"}, r.list)
	get(a, op{ID: "getPlan", Path: plansPath + "/{id}", Summary: "One plan with its versions", Tag: tag, Scope: "plans:read"}, r.one)
	patch(a, op{ID: "updatePlan", Path: plansPath + "/{id}", Summary: "Change a plan's draft; If-Match is required", Tag: tag,
		Scope: "plans:write"}, r.update)
	post(a, op{ID: "createPlanVersion", Path: plansPath + "/{id}/versions", Summary: "Open a draft from the latest version", Tag: tag,
		Scope: "plans:write", Status: http.StatusCreated, Idempotent: true}, r.addVersion)
	del(a, op{ID: "deletePlanVersion", Path: plansPath + "/{id}/versions/{v}", Summary: "Take a draft back; If-Match is required", Tag: tag,
		Scope: "plans:write"}, r.deleteVersion)
	put(a, op{ID: "replacePlanEntitlements", Path: plansPath + "/{id}/versions/{v}/entitlements",
		Summary: "Set what a draft entitles to; If-Match is required", Tag: tag, Scope: "plans:write"}, r.entitle)
	post(a, op{ID: "publishPlan", Path: plansPath + "/{id}/publish", Summary: "Publish the draft; If-Match is required", Tag: tag,
		Scope: "plans:write", Idempotent: true}, r.publish)
	post(a, op{ID: "deprecatePlan", Path: plansPath + "/{id}/deprecate", Summary: "Close the active version to new assignments", Tag: tag,
		Scope: "plans:write", Idempotent: true}, r.deprecate)
}

func (r plans) create(ctx context.Context, in *createPlanIn) (*Reply[plan], error) {
	model, err := bodyID(keys.PricingModel, "/pricing_model_id", in.Body.PricingModelID)
	if err != nil {
		return nil, err
	}
	features, err := bodyIDs(keys.Feature, "/feature_ids", in.Body.FeatureIDs)
	if err != nil {
		return nil, err
	}
	return keyed(ctx, http.StatusCreated, renderPlan, func(call store.Call) (store.PlanDetail, error) {
		return r.store.CreatePlan(ctx, call, store.NewPlan{PricingModelID: model, Code: in.Body.Code, Name: in.Body.Name,
			Kind: models.PlanKind(in.Body.Kind), Rank: in.Body.Rank, Terms: in.Body.Terms.model(), FeatureIDs: features})
	})
}

func (r plans) list(ctx context.Context, in *listPlansIn) (*List[plan], error) {
	filter := store.PlanFilter{Code: in.Code, Kind: models.PlanKind(in.Kind), Status: models.LifecycleStatus(in.Status)}
	var err error
	if filter.PricingModelID, err = r.filterID(ctx, keys.PricingModel, "pricing_model_id", in.PricingModelID); err != nil {
		return nil, err
	}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]store.PlanDetail, bool, error) {
		return r.store.ListPlans(ctx, callOf(ctx), p, filter)
	}, showPlan)
}

func (r plans) one(ctx context.Context, in *idPath) (*One[plan], error) {
	id, err := pathID(keys.Plan, in.ID)
	if err != nil {
		return nil, err
	}
	return onePlan(r.store.GetPlan(ctx, callOf(ctx), id))
}

func onePlan(p store.PlanDetail, err error) (*One[plan], error) {
	if err != nil {
		return nil, err
	}
	body, _ := showPlan(p)
	return &One[plan]{ETag: etagOf(p.Version), Body: body}, nil
}

func renderPlan(p store.PlanDetail) rendered[plan] {
	body, id := showPlan(p)
	return rendered[plan]{body: body, id: id, location: plansPath + "/" + body.ID, etag: etagOf(p.Version)}
}

func showPlan(p store.PlanDetail) (plan, uuid.UUID) {
	out := plan{ID: keys.Encode(keys.Plan, p.ID), PricingModelID: keys.Encode(keys.PricingModel, p.PricingModelID), Code: p.Code,
		Name: p.Name, Kind: string(p.Kind), Rank: p.Rank, Version: p.Version, Versions: make([]planVersion, len(p.Versions)),
		RecordedAt: instant(p.RecordedAt)}
	for i, v := range p.Versions {
		out.Versions[i] = planVersion{ID: keys.Encode(keys.PlanVersion, v.ID), Number: v.Number, Status: string(v.Status),
			Terms: showTerms(v.Terms), FeatureIDs: wireIDs(keys.Feature, v.FeatureIDs), PublishedAt: maybe(v.PublishedAt),
			RecordedAt: instant(v.RecordedAt)}
	}
	return out, p.ID
}
