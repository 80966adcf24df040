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

const featuresPath = "/mgt/v1/features"

type features struct{ base }

type feature struct {
	ID         string   `json:"id" example:"ft_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Code       string   `json:"code"`
	Name       string   `json:"name"`
	Kind       string   `json:"kind" enum:"toggle"`
	FamilyID   *string  `json:"family_id" nullable:"true"`
	MeterIDs   []string `json:"meter_ids" doc:"The meters that its work may be measured by."`
	Version    int64    `json:"version"`
	RecordedAt Instant  `json:"recorded_at"`
}

type createFeatureIn struct {
	Body struct {
		Code     string   `json:"code" maxLength:"63"`
		Name     string   `json:"name" maxLength:"200"`
		Kind     string   `json:"kind" enum:"toggle"`
		FamilyID string   `json:"family_id,omitempty" minLength:"1"`
		MeterIDs []string `json:"meter_ids,omitempty" maxItems:"100"`
	}
}

type patchFeatureIn struct {
	Changed
	Body struct {
		Name        *string  `json:"name,omitempty" maxLength:"200"`
		AddMeterIDs []string `json:"add_meter_ids,omitempty" maxItems:"100" doc:"A meter is never taken away: open leases may hold it."`
	}
}

func (r features) register(a huma.API) {
	const tag = "Vocabulary and pricing"
	post(a, op{ID: "createFeature", Path: featuresPath, Summary: "Create a feature with its meters", Tag: tag,
		Scope: "catalog:write", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listFeatures", Path: featuresPath, Summary: "Features", Tag: tag, Scope: "catalog:read"}, r.list)
	get(a, op{ID: "getFeature", Path: featuresPath + "/{id}", Summary: "One feature", Tag: tag, Scope: "catalog:read"}, r.one)
	patch(a, op{ID: "updateFeature", Path: featuresPath + "/{id}", Summary: "Rename a feature, add meters", Tag: tag,
		Scope: "catalog:write"}, r.update)
}

func (r features) create(ctx context.Context, in *createFeatureIn) (*Reply[feature], error) {
	want := store.NewFeature{Code: in.Body.Code, Name: in.Body.Name, Kind: models.FeatureKind(in.Body.Kind)}
	var err error
	if want.MeterIDs, err = bodyIDs(keys.Meter, "/meter_ids", in.Body.MeterIDs); err != nil {
		return nil, err
	}
	if in.Body.FamilyID != "" {
		family, err := bodyID(keys.FeatureFamily, "/family_id", in.Body.FamilyID)
		if err != nil {
			return nil, err
		}
		want.FamilyID = &family
	}
	return keyed(ctx, http.StatusCreated, func(f store.FeatureDetail) rendered[feature] {
		body, id := showFeature(f)
		return rendered[feature]{body: body, id: id, location: featuresPath + "/" + body.ID, etag: etagOf(f.Version)}
	}, func(call store.Call) (store.FeatureDetail, error) { return r.store.CreateFeature(ctx, call, want) })
}

func (r features) list(ctx context.Context, in *codeQuery) (*List[feature], error) {
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]store.FeatureDetail, bool, error) {
		return r.store.ListFeatures(ctx, callOf(ctx), p, in.Code)
	}, showFeature)
}

func (r features) one(ctx context.Context, in *idPath) (*One[feature], error) {
	id, err := pathID(keys.Feature, in.ID)
	if err != nil {
		return nil, err
	}
	return oneFeature(r.store.GetFeature(ctx, callOf(ctx), id))
}

func (r features) update(ctx context.Context, in *patchFeatureIn) (*One[feature], error) {
	id, match, err := in.object(keys.Feature)
	if err != nil {
		return nil, err
	}
	change := store.FeatureChange{Name: in.Body.Name, Version: match}
	if change.AddMeterIDs, err = bodyIDs(keys.Meter, "/add_meter_ids", in.Body.AddMeterIDs); err != nil {
		return nil, err
	}
	return oneFeature(r.store.UpdateFeature(ctx, callOf(ctx), id, change))
}

func oneFeature(f store.FeatureDetail, err error) (*One[feature], error) {
	if err != nil {
		return nil, err
	}
	body, _ := showFeature(f)
	return &One[feature]{ETag: etagOf(f.Version), Body: body}, nil
}

func showFeature(f store.FeatureDetail) (feature, uuid.UUID) {
	return feature{ID: keys.Encode(keys.Feature, f.ID), Code: f.Code, Name: f.Name, Kind: string(f.Kind),
		FamilyID: maybeID(keys.FeatureFamily, f.FamilyID), MeterIDs: wireIDs(keys.Meter, f.MeterIDs), Version: f.Version,
		RecordedAt: instant(f.RecordedAt)}, f.ID
}
