package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type periods struct{ base }

type billingPeriod struct {
	ID               string       `json:"id" example:"bp_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string       `json:"billing_account_id"`
	AssignmentID     string       `json:"plan_assignment_id"`
	PlanVersionID    string       `json:"plan_version_id"`
	Index            int          `json:"index" doc:"Counted from the assignment's anchor."`
	StartAt          Instant      `json:"start_at"`
	EndAt            Instant      `json:"end_at" doc:"The first instant that is not in it."`
	GraceUntil       Instant      `json:"grace_until" doc:"Until when its late usage still belongs to it."`
	Status           string       `json:"status" enum:"open,grace,frozen,closed"`
	Fee              Maybe[Money] `json:"fee" doc:"Billed in advance, earned when it closes."`
	ClosedAt         *Instant     `json:"closed_at" nullable:"true"`
	RecordedAt       Instant      `json:"recorded_at"`
}

type listPeriodsIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	AssignmentID     string `query:"plan_assignment_id"`
	Status           string `query:"status" enum:"open,grace,frozen,closed"`
}

func (r periods) register(a huma.API) {
	get(a, op{ID: "listBillingPeriods", Path: "/mgt/v1/billing-periods", Summary: "Billing periods", Tag: "Billing", Scope: "billing:read"}, r.list)
}

func (r periods) list(ctx context.Context, in *listPeriodsIn) (*List[billingPeriod], error) {
	filter := store.PeriodFilter{Status: models.PeriodStatus(in.Status)}
	var err error
	if filter.Account, err = r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID); err != nil {
		return nil, err
	}
	if filter.Assignment, err = r.filterID(ctx, keys.PlanAssignment, "plan_assignment_id", in.AssignmentID); err != nil {
		return nil, err
	}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.BillingPeriod, bool, error) {
		return r.store.ListPeriods(ctx, callOf(ctx), p, filter)
	}, showPeriod)
}

func showPeriod(p models.BillingPeriod) (billingPeriod, uuid.UUID) {
	out := billingPeriod{ID: keys.Encode(keys.BillingPeriod, p.ID), BillingAccountID: keys.Encode(keys.BillingAccount, p.BillingAccountID),
		AssignmentID: keys.Encode(keys.PlanAssignment, p.AssignmentID), PlanVersionID: keys.Encode(keys.PlanVersion, p.PlanVersionID),
		Index: p.PeriodIndex, StartAt: instant(p.StartAt), EndAt: instant(p.EndAt), GraceUntil: instant(p.GraceUntil), Status: string(p.Status),
		ClosedAt: maybe(p.ClosedAt), RecordedAt: instant(p.RecordedAt)}
	if p.FeeCurrency != "" {
		out.Fee = just(cash(p.Fee, p.FeeCurrency))
	}
	return out, p.ID
}
