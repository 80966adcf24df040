package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

const operationsPath = "/mgt/v1/operations"

type operations struct{ base }

// operation is how a caller follows work that a workflow carries on.
type operation struct {
	ID           string          `json:"id" example:"op_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Kind         string          `json:"kind"`
	Status       string          `json:"status" enum:"running,succeeded,failed,canceled"`
	WorkflowID   string          `json:"workflow_id"`
	ResourceType string          `json:"resource_type" example:"plan_assignment"`
	ResourceID   string          `json:"resource_id"`
	Fault        *operationFault `json:"fault,omitempty" doc:"Why it failed."`
	RecordedAt   Instant         `json:"recorded_at"`
	FinishedAt   *Instant        `json:"finished_at" nullable:"true"`
}

type operationFault struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// resourcePrefixes gives the id prefix of what an operation works on.
var resourcePrefixes = map[string]string{
	"plan_assignment": keys.PlanAssignment,
	"billing_account": keys.BillingAccount,
	"billing_period":  keys.BillingPeriod,
	"invoice":         keys.Invoice,
	"test_clock":      keys.TestClock,
}

func (r operations) register(a huma.API) {
	get(a, op{ID: "getOperation", Path: operationsPath + "/{id}", Summary: "How far an asynchronous write has come", Tag: "Platform",
		Scope: "ops:read"}, r.one)
}

type getOperationIn struct {
	ID   string `path:"id"`
	Wait int    `query:"wait" minimum:"0" maximum:"20" doc:"Answer once it has left running, or after so many seconds."`
}

func (r operations) one(ctx context.Context, in *getOperationIn) (*One[operation], error) {
	id, err := pathID(keys.Operation, in.ID)
	if err != nil {
		return nil, err
	}
	var row models.Operation
	if _, err = r.await(ctx, in.Wait, func(ctx context.Context) (bool, error) {
		row, err = r.store.FindOperation(ctx, callOf(ctx), id)
		return row.Status != models.OperationRunning, err
	}); err != nil {
		return nil, err
	}
	return &One[operation]{Body: showOperation(row)}, nil
}

func showOperation(o models.Operation) operation {
	out := operation{ID: keys.Encode(keys.Operation, o.ID), Kind: o.Kind, Status: string(o.Status), WorkflowID: o.WorkflowID,
		ResourceType: o.ResourceType, ResourceID: keys.Encode(resourcePrefixes[o.ResourceType], o.ResourceID),
		RecordedAt: instant(o.RecordedAt), FinishedAt: maybe(o.FinishedAt)}
	if o.FaultCode != "" {
		out.Fault = &operationFault{Code: o.FaultCode, Detail: o.FaultDetail}
	}
	return out
}
