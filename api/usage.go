package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

type usage struct{ base }

type usageIn struct {
	SubjectHeaders
	Body struct {
		PrincipalID      string            `json:"principal_id,omitempty" minLength:"1" maxLength:"255" example:"acme"`
		BillingAccountID string            `json:"billing_account_id,omitempty" minLength:"1" maxLength:"64"`
		FeatureCode      string            `json:"feature_code,omitempty" minLength:"1" maxLength:"63" doc:"Whichever feature of its plans the meter measures if absent."`
		Meters           []meterQuantity   `json:"meters" minItems:"1" maxItems:"20"`
		OccurredAt       *Instant          `json:"occurred_at,omitempty" doc:"The account's now if absent. It chooses period, price and lots."`
		Labels           map[string]string `json:"labels,omitempty" maxProperties:"20"`
	}
}

type recordedUsage struct {
	Status string       `json:"status" enum:"accepted" doc:"Recorded for good; a worker rates it."`
	Events []usageEvent `json:"events" doc:"One for each meter."`
}

type usageEvent struct {
	ID         string   `json:"id" example:"usg_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	MeterID    string   `json:"meter_id"`
	Quantity   Quantity `json:"quantity"`
	Status     string   `json:"status" enum:"accepted,rated,skipped,failed,quarantined"`
	Reason     *string  `json:"reason" nullable:"true"`
	RatingID   *string  `json:"rating_id" nullable:"true"`
	OccurredAt Instant  `json:"occurred_at"`
	RecordedAt Instant  `json:"recorded_at"`
}

func (r usage) register(a huma.API) {
	post(a, op{ID: "recordUsage", Path: "/v1/usage", Summary: "Usage that happened without a lease", Tag: "Runtime", Scope: "runtime:write",
		Description: "It is recorded at once and rated by a worker, by the terms of the instant it occurred. What has no price is quarantined.",
		Status:      http.StatusAccepted, Idempotent: true, Workflow: "event-rating/{shard}"}, r.record)
}

func (r usage) record(ctx context.Context, in *usageIn) (*Reply[recordedUsage], error) {
	account, err := r.accountOf(ctx, in.or("/", in.Body.PrincipalID, in.Body.BillingAccountID))
	if err != nil {
		return nil, err
	}
	meters, err := quantities(in.Body.Meters)
	if err != nil {
		return nil, err
	}
	intent := intentOf(ctx)
	out, err := r.store.RecordUsage(ctx, callOf(ctx), store.Report{Account: account, FeatureCode: in.Body.FeatureCode, Meters: meters,
		OccurredAt: timeOf(in.Body.OccurredAt), Labels: in.Body.Labels, Key: intent.Key, Hash: intent.Hash})
	if err != nil {
		return nil, err
	}
	body := recordedUsage{Status: "accepted", Events: make([]usageEvent, 0, len(out.Events))}
	for _, e := range out.Events {
		body.Events = append(body.Events, usageEvent{ID: keys.Encode(keys.Usage, e.ID), MeterID: keys.Encode(keys.Meter, e.MeterID),
			Quantity: quantity(e.Quantity), Status: string(e.Status), Reason: maybeText(e.Reason), RatingID: maybeID(keys.Rating, e.RatingID),
			OccurredAt: instant(e.EffectiveAt), RecordedAt: instant(e.RecordedAt)})
	}
	stored, err := answer(http.StatusAccepted, "", body)
	if err != nil {
		return nil, err
	}
	return reply[recordedUsage](stored, out.Replayed), nil
}
