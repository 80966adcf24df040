package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

type realms struct{ base }

type realm struct {
	ID             string            `json:"id" example:"rlm_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Code           string            `json:"code"`
	Name           string            `json:"name"`
	Mode           string            `json:"mode" enum:"live,test"`
	Website        string            `json:"website"`
	Brand          map[string]string `json:"brand"`
	LateWindowSec  int64             `json:"late_window_sec" doc:"How far back usage may lie and still be priced."`
	CatalogVersion int64             `json:"catalog_version" doc:"Rises whenever effective terms may have changed."`
	Version        int64             `json:"version"`
	RecordedAt     Instant           `json:"recorded_at"`
}

func (r realms) register(a huma.API) {
	get(a, op{ID: "getRealm", Path: "/mgt/v1/realm", Summary: "The key's own realm", Tag: "Platform", Scope: "ops:read"}, r.one)
}

func (r realms) one(ctx context.Context, _ *struct{}) (*One[realm], error) {
	row, err := r.store.GetRealm(ctx, callOf(ctx))
	if err != nil {
		return nil, err
	}
	return &One[realm]{ETag: etagOf(row.Version), Body: showRealm(row)}, nil
}

func showRealm(r models.Realm) realm {
	return realm{ID: keys.Encode(keys.Realm, r.ID), Code: r.Code, Name: r.Name, Mode: string(r.Mode), Website: r.Website,
		Brand: r.Brand, LateWindowSec: r.LateWindowSec, CatalogVersion: r.CatalogVersion, Version: r.Version, RecordedAt: instant(r.RecordedAt)}
}
