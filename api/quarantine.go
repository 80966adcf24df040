package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type quarantine struct{ base }

type quarantineItem struct {
	ID               string   `json:"id" example:"qrn_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string   `json:"billing_account_id"`
	SourceKind       string   `json:"source_kind" enum:"commit,usage"`
	SourceID         string   `json:"source_id"`
	MeterID          *string  `json:"meter_id" nullable:"true"`
	MeterCode        string   `json:"meter_code"`
	Quantity         Quantity `json:"quantity"`
	Reason           string   `json:"reason" example:"pricing.not_configured"`
	Status           string   `json:"status" enum:"open,resolved"`
	EffectiveAt      Instant  `json:"effective_at" doc:"When the usage occurred."`
	RecordedAt       Instant  `json:"recorded_at"`
}

type listQuarantineIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	Status           string `query:"status" enum:"open,resolved"`
	Reason           string `query:"reason" maxLength:"63"`
}

func (r quarantine) register(a huma.API) {
	get(a, op{ID: "listQuarantine", Path: "/mgt/v1/quarantine", Summary: "Usage that could not be priced or matched",
		Description: "It is kept, and counts nowhere until it is resolved.", Tag: "Rating", Scope: "billing:read"}, r.list)
}

func (r quarantine) list(ctx context.Context, in *listQuarantineIn) (*List[quarantineItem], error) {
	account, err := r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID)
	if err != nil {
		return nil, err
	}
	filter := store.QuarantineFilter{Account: account, Status: in.Status, Reason: in.Reason}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.QuarantineItem, bool, error) {
		return r.store.ListQuarantine(ctx, callOf(ctx), p, filter)
	}, showQuarantined)
}

func showQuarantined(q models.QuarantineItem) (quarantineItem, uuid.UUID) {
	return quarantineItem{ID: keys.Encode(keys.Quarantine, q.ID), BillingAccountID: keys.Encode(keys.BillingAccount, q.BillingAccountID),
		SourceKind: string(q.SourceKind), SourceID: keys.Encode(sourcePrefixes[q.SourceKind], q.SourceID), MeterID: maybeID(keys.Meter, q.MeterID),
		MeterCode: q.MeterCode, Quantity: quantity(q.Quantity), Reason: q.Reason, Status: q.Status, EffectiveAt: instant(q.EffectiveAt),
		RecordedAt: instant(q.RecordedAt)}, q.ID
}
