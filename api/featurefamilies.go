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

const featureFamiliesPath = "/mgt/v1/feature-families"

type featureFamilies struct{ base }

type featureFamily struct {
	ID         string  `json:"id" example:"ff_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Code       string  `json:"code"`
	Name       string  `json:"name"`
	Version    int64   `json:"version"`
	RecordedAt Instant `json:"recorded_at"`
}

type createFeatureFamilyIn struct {
	Body struct {
		Code string `json:"code" maxLength:"63"`
		Name string `json:"name" maxLength:"200"`
	}
}

func (r featureFamilies) register(a huma.API) {
	const tag = "Vocabulary and pricing"
	post(a, op{ID: "createFeatureFamily", Path: featureFamiliesPath, Summary: "Create a feature family", Tag: tag,
		Scope: "catalog:write", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listFeatureFamilies", Path: featureFamiliesPath, Summary: "Feature families", Tag: tag, Scope: "catalog:read"}, r.list)
	get(a, op{ID: "getFeatureFamily", Path: featureFamiliesPath + "/{id}", Summary: "One feature family", Tag: tag,
		Scope: "catalog:read"}, r.one)
}

func (r featureFamilies) create(ctx context.Context, in *createFeatureFamilyIn) (*Reply[featureFamily], error) {
	return keyed(ctx, http.StatusCreated, func(f models.FeatureFamily) rendered[featureFamily] {
		body, id := showFeatureFamily(f)
		return rendered[featureFamily]{body: body, id: id, location: featureFamiliesPath + "/" + body.ID, etag: etagOf(f.Version)}
	}, func(call store.Call) (models.FeatureFamily, error) {
		return r.store.CreateFeatureFamily(ctx, call, store.NewFeatureFamily{Code: in.Body.Code, Name: in.Body.Name})
	})
}

func (r featureFamilies) list(ctx context.Context, in *codeQuery) (*List[featureFamily], error) {
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.FeatureFamily, bool, error) {
		return r.store.ListFeatureFamilies(ctx, callOf(ctx), p, in.Code)
	}, showFeatureFamily)
}

func (r featureFamilies) one(ctx context.Context, in *idPath) (*One[featureFamily], error) {
	id, err := pathID(keys.FeatureFamily, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.GetFeatureFamily(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showFeatureFamily(row)
	return &One[featureFamily]{ETag: etagOf(row.Version), Body: body}, nil
}

func showFeatureFamily(f models.FeatureFamily) (featureFamily, uuid.UUID) {
	return featureFamily{ID: keys.Encode(keys.FeatureFamily, f.ID), Code: f.Code, Name: f.Name, Version: f.Version,
		RecordedAt: instant(f.RecordedAt)}, f.ID
}
