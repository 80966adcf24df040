package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type meterPrices struct{ base }

type meterPrice struct {
	ID          string   `json:"id" example:"mp_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	MeterID     string   `json:"meter_id"`
	Model       string   `json:"model" enum:"per_unit,package"`
	Amount      Quantity `json:"amount" doc:"What per_units of the meter's unit cost."`
	Currency    string   `json:"currency" doc:"A currency or the code of a credit type."`
	PerUnits    Quantity `json:"per_units"`
	FreeUnits   Quantity `json:"free_units" doc:"In each period, before anything is charged."`
	EffectiveAt Instant  `json:"effective_at" doc:"From when on it counts; the next price in the same currency ends it."`
	RecordedAt  Instant  `json:"recorded_at"`
}

type createMeterPriceIn struct {
	ID   string `path:"id"`
	Body struct {
		Model       string    `json:"model" enum:"per_unit,package"`
		Amount      Quantity  `json:"amount"`
		Currency    string    `json:"currency" minLength:"3" maxLength:"31"`
		PerUnits    *Quantity `json:"per_units,omitempty" doc:"1 if absent."`
		FreeUnits   *Quantity `json:"free_units,omitempty" doc:"0 if absent."`
		EffectiveAt *Instant  `json:"effective_at,omitempty" doc:"Now if absent. The past only where no usage has been rated yet."`
	}
}

type listMeterPricesIn struct {
	PageQuery
	ID       string  `path:"id"`
	Currency string  `query:"currency" maxLength:"31"`
	At       Instant `query:"at" doc:"Only the prices in force at this instant."`
}

func (r meterPrices) register(a huma.API) {
	const tag = "Vocabulary and pricing"
	post(a, op{ID: "createMeterPrice", Path: metersPath + "/{id}/prices", Summary: "Add a price to a meter's timeline", Tag: tag,
		Scope: "catalog:write", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listMeterPrices", Path: metersPath + "/{id}/prices", Summary: "A meter's prices, latest recorded first", Tag: tag,
		Scope: "catalog:read"}, r.list)
}

func (r meterPrices) create(ctx context.Context, in *createMeterPriceIn) (*Reply[meterPrice], error) {
	id, err := pathID(keys.Meter, in.ID)
	if err != nil {
		return nil, err
	}
	terms := pricing.Price{Version: pricing.Version, Model: pricing.Model(in.Body.Model), Amount: in.Body.Amount.Decimal,
		PerUnits: decimal.NewFromInt(1)}
	if in.Body.PerUnits != nil {
		terms.PerUnits = in.Body.PerUnits.Decimal
	}
	if in.Body.FreeUnits != nil {
		terms.FreeUnits = in.Body.FreeUnits.Decimal
	}
	return keyed(ctx, http.StatusCreated, func(p models.MeterPrice) rendered[meterPrice] {
		body, id := showMeterPrice(p)
		return rendered[meterPrice]{body: body, id: id}
	}, func(call store.Call) (models.MeterPrice, error) {
		return r.store.CreateMeterPrice(ctx, call, store.NewMeterPrice{MeterID: id, Asset: money.Asset(in.Body.Currency), Terms: terms,
			EffectiveAt: timeOf(in.Body.EffectiveAt)})
	})
}

func (r meterPrices) list(ctx context.Context, in *listMeterPricesIn) (*List[meterPrice], error) {
	id, err := pathID(keys.Meter, in.ID)
	if err != nil {
		return nil, err
	}
	filter := store.MeterPriceFilter{MeterID: id, Asset: money.Asset(in.Currency), At: given(in.At)}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.MeterPrice, bool, error) {
		return r.store.ListMeterPrices(ctx, callOf(ctx), p, filter)
	}, showMeterPrice)
}

func showMeterPrice(p models.MeterPrice) (meterPrice, uuid.UUID) {
	return meterPrice{ID: keys.Encode(keys.MeterPrice, p.ID), MeterID: keys.Encode(keys.Meter, p.MeterID), Model: string(p.Terms.Model),
		Amount: quantity(p.Terms.Amount), Currency: string(p.Asset), PerUnits: quantity(p.Terms.PerUnits),
		FreeUnits: quantity(p.Terms.FreeUnits), EffectiveAt: instant(p.EffectiveAt), RecordedAt: instant(p.RecordedAt)}, p.ID
}
