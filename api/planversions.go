package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

// PlanPath names a plan, and the version of it that the caller has read.
type PlanPath struct{ Changed }

type planVersionIn struct {
	PlanPath
	Number int `path:"v" minimum:"1" maximum:"1000000"`
}

type patchPlanIn struct {
	PlanPath
	Body struct {
		Name       *string    `json:"name,omitempty" maxLength:"200"`
		Rank       *int       `json:"rank,omitempty" minimum:"-1000000" maximum:"1000000"`
		Terms      *planTerms `json:"terms,omitempty" doc:"Replaced as a whole."`
		FeatureIDs *[]string  `json:"feature_ids,omitempty" maxItems:"500"`
	}
}

type entitlePlanIn struct {
	PlanPath
	Number int `path:"v" minimum:"1" maximum:"1000000"`
	Body   struct {
		FeatureIDs []string `json:"feature_ids" maxItems:"500"`
	}
}

func (in PlanPath) ref(number int) (store.PlanRef, error) {
	id, match, err := in.object(keys.Plan)
	return store.PlanRef{PlanID: id, Number: number, Version: match}, err
}

func (r plans) update(ctx context.Context, in *patchPlanIn) (*One[plan], error) {
	ref, err := in.ref(0)
	if err != nil {
		return nil, err
	}
	change := store.DraftChange{PlanRef: ref, Name: in.Body.Name, Rank: in.Body.Rank}
	if in.Body.Terms != nil {
		terms := in.Body.Terms.model()
		change.Terms = &terms
	}
	if in.Body.FeatureIDs != nil {
		features, err := bodyIDs(keys.Feature, "/feature_ids", *in.Body.FeatureIDs)
		if err != nil {
			return nil, err
		}
		change.FeatureIDs = &features
	}
	return onePlan(r.store.UpdateDraft(ctx, callOf(ctx), change))
}

func (r plans) entitle(ctx context.Context, in *entitlePlanIn) (*One[plan], error) {
	ref, err := in.ref(in.Number)
	if err != nil {
		return nil, err
	}
	var features []uuid.UUID
	if features, err = bodyIDs(keys.Feature, "/feature_ids", in.Body.FeatureIDs); err != nil {
		return nil, err
	}
	return onePlan(r.store.ReplaceEntitlements(ctx, callOf(ctx), ref, features))
}

func (r plans) deleteVersion(ctx context.Context, in *planVersionIn) (*One[plan], error) {
	ref, err := in.ref(in.Number)
	if err != nil {
		return nil, err
	}
	return onePlan(r.store.DeletePlanDraft(ctx, callOf(ctx), ref))
}

func (r plans) addVersion(ctx context.Context, in *PlanPath) (*Reply[plan], error) {
	ref, err := in.ref(0)
	if err != nil {
		return nil, err
	}
	return keyed(ctx, http.StatusCreated, renderPlan, func(call store.Call) (store.PlanDetail, error) {
		return r.store.AddPlanVersion(ctx, call, ref)
	})
}

func (r plans) publish(ctx context.Context, in *PlanPath) (*Reply[plan], error) {
	return r.move(ctx, in, r.store.PublishPlanVersion)
}

func (r plans) deprecate(ctx context.Context, in *PlanPath) (*Reply[plan], error) {
	return r.move(ctx, in, r.store.DeprecatePlanVersion)
}

func (r plans) move(ctx context.Context, in *PlanPath,
	decide func(context.Context, store.Call, store.PlanRef) (store.PlanDetail, error)) (*Reply[plan], error) {
	ref, err := in.ref(0)
	if err != nil {
		return nil, err
	}
	return keyed(ctx, http.StatusOK, renderPlan, func(call store.Call) (store.PlanDetail, error) { return decide(ctx, call, ref) })
}
