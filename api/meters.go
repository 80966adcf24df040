package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const metersPath = "/mgt/v1/meters"

type meters struct{ base }

type meter struct {
	ID          string  `json:"id" example:"mtr_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Code        string  `json:"code"`
	Name        string  `json:"name"`
	Unit        string  `json:"unit" example:"request"`
	Aggregation string  `json:"aggregation" enum:"sum"`
	Version     int64   `json:"version"`
	RecordedAt  Instant `json:"recorded_at"`
}

type createMeterIn struct {
	Body struct {
		Code        string `json:"code" maxLength:"63"`
		Name        string `json:"name" maxLength:"200"`
		Unit        string `json:"unit" minLength:"1" maxLength:"64"`
		Aggregation string `json:"aggregation" enum:"sum"`
	}
}

func (r meters) register(a huma.API) {
	const tag = "Vocabulary and pricing"
	post(a, op{ID: "createMeter", Path: metersPath, Summary: "Create a meter", Tag: tag, Scope: "catalog:write",
		Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listMeters", Path: metersPath, Summary: "Meters", Tag: tag, Scope: "catalog:read"}, r.list)
	get(a, op{ID: "getMeter", Path: metersPath + "/{id}", Summary: "One meter", Tag: tag, Scope: "catalog:read"}, r.one)
}

func (r meters) create(ctx context.Context, in *createMeterIn) (*Reply[meter], error) {
	return keyed(ctx, http.StatusCreated, func(m models.Meter) rendered[meter] {
		body, id := showMeter(m)
		return rendered[meter]{body: body, id: id, location: metersPath + "/" + body.ID, etag: etagOf(m.Version)}
	}, func(call store.Call) (models.Meter, error) {
		return r.store.CreateMeter(ctx, call, store.NewMeter{Code: in.Body.Code, Name: in.Body.Name, Unit: in.Body.Unit,
			Aggregation: metering.Aggregation(in.Body.Aggregation)})
	})
}

func (r meters) list(ctx context.Context, in *codeQuery) (*List[meter], error) {
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.Meter, bool, error) {
		return r.store.ListMeters(ctx, callOf(ctx), p, in.Code)
	}, showMeter)
}

func (r meters) one(ctx context.Context, in *idPath) (*One[meter], error) {
	id, err := pathID(keys.Meter, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.GetMeter(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showMeter(row)
	return &One[meter]{ETag: etagOf(row.Version), Body: body}, nil
}

func showMeter(m models.Meter) (meter, uuid.UUID) {
	return meter{ID: keys.Encode(keys.Meter, m.ID), Code: m.Code, Name: m.Name, Unit: m.Unit, Aggregation: string(m.Aggregation),
		Version: m.Version, RecordedAt: instant(m.RecordedAt)}, m.ID
}
