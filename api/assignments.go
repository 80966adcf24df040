package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const assignmentsPath = "/mgt/v1/plan-assignments"

type assignments struct{ base }

type planAssignment struct {
	ID               string   `json:"id" example:"pa_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string   `json:"billing_account_id"`
	Kind             string   `json:"kind" enum:"base,addon,promo"`
	IsFree           bool     `json:"is_free" doc:"The pricing model's null state; it ends when the account does."`
	PlanVersionID    string   `json:"plan_version_id"`
	SourceKind       string   `json:"source_kind"`
	SourceRef        string   `json:"source_ref"`
	Status           string   `json:"status" enum:"pending,scheduled,trialing,active,paused,ended,canceled"`
	AnchorAt         Instant  `json:"anchor_at" doc:"Every period's boundary is counted from here."`
	Timezone         string   `json:"timezone"`
	StartAt          Instant  `json:"start_at"`
	EndAt            *Instant `json:"end_at" nullable:"true"`
	CancelMode       *string  `json:"cancel_mode" nullable:"true" doc:"now or period_end, once it is to end."`
	Version          int64    `json:"version"`
	RecordedAt       Instant  `json:"recorded_at"`
}

// accepted is the answer to a write that a workflow carries on: what was written, and how to follow it.
type accepted[T any] struct {
	Operation acceptedOperation[T] `json:"operation"`
}

type acceptedOperation[T any] struct {
	ID         string `json:"id" example:"op_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Status     string `json:"status" enum:"running,succeeded,failed,canceled"`
	WorkflowID string `json:"workflow_id"`
	Resource   T      `json:"resource"`
}

type createAssignmentIn struct {
	Body struct {
		BillingAccountID string   `json:"billing_account_id"`
		PlanCode         string   `json:"plan_code,omitempty" minLength:"1" maxLength:"63" example:"api-starter" doc:"This or plan_id."`
		PlanID           string   `json:"plan_id,omitempty" minLength:"1"`
		PlanVersion      int      `json:"plan_version,omitempty" minimum:"1" maximum:"1000000" doc:"The active version if absent."`
		SourceKind       string   `json:"source_kind,omitempty" minLength:"1" maxLength:"63" pattern:"^[a-z][a-z0-9_.:-]{0,62}$" default:"api"`
		SourceRef        string   `json:"source_ref,omitempty" minLength:"1" maxLength:"255" doc:"Unique with source_kind, for ever; the Idempotency-Key if absent."`
		StartAt          *Instant `json:"start_at,omitempty" doc:"The account's now if absent. It is the anchor of all periods."`
		EndAt            *Instant `json:"end_at,omitempty"`
	}
}

type cancelAssignmentIn struct {
	Changed
	Body struct {
		When string `json:"when,omitempty" enum:"now,period_end" default:"period_end"`
	}
}

type listAssignmentsIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	Status           string `query:"status" enum:"pending,scheduled,trialing,active,paused,ended,canceled"`
}

func (r assignments) register(a huma.API) {
	const tag, workflow = "Plans and enforcement", "plan-assignment/{id}"
	post(a, op{ID: "createPlanAssignment", Path: assignmentsPath, Summary: "Put a plan on an account", Tag: tag, Scope: "plans:write",
		Description: "The assignment counts at once; a workflow opens its periods, bills its fees and issues its credits. Follow the operation.",
		Status:      http.StatusAccepted, Idempotent: true, Workflow: workflow,
		Ends: outcome{http.StatusCreated, reflect.TypeFor[planAssignment]()}}, r.create)
	get(a, op{ID: "listPlanAssignments", Path: assignmentsPath, Summary: "Plan assignments", Tag: tag, Scope: "plans:read"}, r.list)
	get(a, op{ID: "getPlanAssignment", Path: assignmentsPath + "/{id}", Summary: "One plan assignment", Tag: tag, Scope: "plans:read"}, r.one)
	post(a, op{ID: "cancelPlanAssignment", Path: assignmentsPath + "/{id}/cancel", Summary: "End a plan assignment", Tag: tag,
		Description: "Now, or with the period that the account's now lies in. A base plan falls back to the free one.",
		Scope:       "plans:write", Status: http.StatusAccepted, Idempotent: true, Workflow: workflow,
		Ends: outcome{http.StatusOK, reflect.TypeFor[planAssignment]()}}, r.cancel)
}

func (r assignments) create(ctx context.Context, in *createAssignmentIn) (*Reply[accepted[planAssignment]], error) {
	account, err := bodyID(keys.BillingAccount, "/billing_account_id", in.Body.BillingAccountID)
	if err != nil {
		return nil, err
	}
	want := store.NewAssignment{Account: account, SourceKind: in.Body.SourceKind, SourceRef: in.Body.SourceRef,
		Start: timeOf(in.Body.StartAt), End: timeOf(in.Body.EndAt)}
	if want.SourceRef == "" {
		want.SourceRef = intentOf(ctx).Key
	}
	plan, err := r.planOf(ctx, in)
	if err != nil {
		return nil, err
	}
	want.Plan = plan.ID
	if in.Body.PlanVersion > 0 {
		v, ok := plan.At(in.Body.PlanVersion)
		if !ok {
			return nil, fault.At("/plan_version", "out_of_range", "The plan has no version %d.", in.Body.PlanVersion)
		}
		want.Version = &v.ID
	}
	began, err := keyed(ctx, http.StatusAccepted, func(out store.Assigned) rendered[accepted[planAssignment]] {
		return showAccepted(out.Operation, out.Assignment)
	}, func(call store.Call) (store.Assigned, error) { return r.store.AssignPlan(ctx, call, want) })
	if err != nil {
		return nil, err
	}
	return r.ended(ctx, began, http.StatusCreated)
}

func (r assignments) planOf(ctx context.Context, in *createAssignmentIn) (store.PlanDetail, error) {
	if in.Body.PlanID != "" {
		id, err := bodyID(keys.Plan, "/plan_id", in.Body.PlanID)
		if err != nil {
			return store.PlanDetail{}, err
		}
		plan, err := r.store.GetPlan(ctx, callOf(ctx), id)
		if err == nil && in.Body.PlanCode != "" && in.Body.PlanCode != plan.Code {
			err = fault.At("/plan_code", "bad_format", "plan_id and plan_code name two plans.")
		}
		return plan, err
	}
	if in.Body.PlanCode == "" {
		return store.PlanDetail{}, fault.At("/plan_code", "required", "Name the plan: plan_code or plan_id.")
	}
	found, _, err := r.store.ListPlans(ctx, callOf(ctx), store.Page{Limit: 1}, store.PlanFilter{Code: in.Body.PlanCode})
	if err != nil {
		return store.PlanDetail{}, err
	}
	if len(found) == 0 {
		return store.PlanDetail{}, fault.New(fault.NotFound, "not_found", "There is no plan %s in this realm.", in.Body.PlanCode)
	}
	return found[0], nil
}

func (r assignments) cancel(ctx context.Context, in *cancelAssignmentIn) (*Reply[accepted[planAssignment]], error) {
	id, match, err := in.object(keys.PlanAssignment)
	if err != nil {
		return nil, err
	}
	began, err := keyed(ctx, http.StatusAccepted, func(out store.Canceled) rendered[accepted[planAssignment]] {
		return showAccepted(out.Operation, out.Assignment)
	}, func(call store.Call) (store.Canceled, error) {
		call.Match = match
		return r.store.CancelAssignment(ctx, call, id, models.CancelMode(in.Body.When))
	})
	if err != nil {
		return nil, err
	}
	return r.ended(ctx, began, http.StatusOK)
}

// ended waits for the operation, where the caller prefers that.
func (r assignments) ended(ctx context.Context, began *Reply[accepted[planAssignment]], status int) (*Reply[accepted[planAssignment]], error) {
	return ended(ctx, r.base, began, status, ending[planAssignment]{r.operationEnds(began.Body.raw), func(ctx context.Context) (*One[planAssignment], error) {
		var named accepted[struct{ ID string }]
		if err := json.Unmarshal(began.Body.raw, &named); err != nil {
			return nil, err
		}
		return r.one(ctx, &idPath{ID: named.Operation.Resource.ID})
	}})
}

func showAccepted(o models.Operation, a models.PlanAssignment) rendered[accepted[planAssignment]] {
	body, id := showAssignment(a)
	out := accepted[planAssignment]{Operation: acceptedOperation[planAssignment]{ID: keys.Encode(keys.Operation, o.ID), Status: string(o.Status),
		WorkflowID: o.WorkflowID, Resource: body}}
	return rendered[accepted[planAssignment]]{body: out, id: id, location: operationsPath + "/" + out.Operation.ID, etag: etagOf(a.Version)}
}

func (r assignments) list(ctx context.Context, in *listAssignmentsIn) (*List[planAssignment], error) {
	account, err := r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID)
	if err != nil {
		return nil, err
	}
	filter := store.AssignmentFilter{Account: account, Status: models.AssignmentStatus(in.Status)}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.PlanAssignment, bool, error) {
		return r.store.ListAssignments(ctx, callOf(ctx), p, filter)
	}, showAssignment)
}

func (r assignments) one(ctx context.Context, in *idPath) (*One[planAssignment], error) {
	id, err := pathID(keys.PlanAssignment, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.FindAssignment(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showAssignment(row)
	return &One[planAssignment]{ETag: etagOf(row.Version), Body: body}, nil
}

func showAssignment(a models.PlanAssignment) (planAssignment, uuid.UUID) {
	return planAssignment{ID: keys.Encode(keys.PlanAssignment, a.ID), BillingAccountID: keys.Encode(keys.BillingAccount, a.BillingAccountID),
		Kind: string(a.Kind), IsFree: a.IsFree, PlanVersionID: keys.Encode(keys.PlanVersion, a.PlanVersionID), SourceKind: a.SourceKind,
		SourceRef: a.SourceRef, Status: string(a.Status), AnchorAt: instant(a.AnchorAt), Timezone: a.Timezone, StartAt: instant(a.StartAt),
		EndAt: maybe(a.EndAt), CancelMode: maybeText(string(a.CancelMode)), Version: a.Version, RecordedAt: instant(a.RecordedAt)}, a.ID
}
