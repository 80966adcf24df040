package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
)

// PlanDetail is a plan with its versions, the first one first.
type PlanDetail struct {
	models.Plan
	Versions []PlanVersionDetail
}

// PlanVersionDetail is a version with the features it entitles to, by id.
type PlanVersionDetail struct {
	models.PlanVersion
	FeatureIDs []uuid.UUID
}

// At finds a version by its number; the zero number stands for the latest.
func (d PlanDetail) At(number int) (PlanVersionDetail, bool) {
	if number == 0 && len(d.Versions) > 0 {
		return d.Versions[len(d.Versions)-1], true
	}
	for _, v := range d.Versions {
		if v.Number == number {
			return v, true
		}
	}
	return PlanVersionDetail{}, false
}

// GetPlan gives one plan with its versions.
func (s *Store) GetPlan(ctx context.Context, call Call, id uuid.UUID) (PlanDetail, error) {
	var out PlanDetail
	err := s.read(ctx, call, func(t *tx) error {
		plan, err := find[models.Plan](t, id)
		if err == nil {
			out, err = t.planDetail(plan)
		}
		return err
	})
	return out, err
}

// PlanFilter narrows the list of plans; Status keeps plans that have a version of that status.
type PlanFilter struct {
	Code           string
	Kind           models.PlanKind
	PricingModelID *uuid.UUID
	Status         models.LifecycleStatus
}

// ListPlans gives a page of plans with their versions.
func (s *Store) ListPlans(ctx context.Context, call Call, page Page, in PlanFilter) ([]PlanDetail, bool, error) {
	plans, more, err := list[models.Plan](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = byCode(in.Code)(q)
		if in.Kind != "" {
			q = q.Where("kind = ?", in.Kind)
		}
		if in.PricingModelID != nil {
			q = q.Where("pricing_model_id = ?", *in.PricingModelID)
		}
		if in.Status != "" {
			q = q.Where("EXISTS (SELECT FROM plan_versions v WHERE v.plan_id = plans.id AND v.status = ?)", in.Status)
		}
		return q
	})
	if err != nil {
		return nil, false, err
	}
	var out []PlanDetail
	err = s.read(ctx, call, func(t *tx) error {
		out, err = t.withVersions(plans)
		return err
	})
	return out, more, err
}

func (t *tx) planDetail(plan models.Plan) (PlanDetail, error) {
	out, err := t.withVersions([]models.Plan{plan})
	if err != nil {
		return PlanDetail{}, err
	}
	return out[0], nil
}

func (t *tx) withVersions(plans []models.Plan) ([]PlanDetail, error) {
	ids := make([]uuid.UUID, len(plans))
	for i, p := range plans {
		ids[i] = p.ID
	}
	var versions []models.PlanVersion
	if err := t.Where("plan_id IN ?", ids).Order("number").Find(&versions).Error; err != nil {
		return nil, err
	}
	versionIDs := make([]uuid.UUID, len(versions))
	for i, v := range versions {
		versionIDs[i] = v.ID
	}
	features, err := t.entitlementsOf(versionIDs)
	if err != nil {
		return nil, err
	}
	of := make(map[uuid.UUID][]PlanVersionDetail, len(plans))
	for _, v := range versions {
		of[v.PlanID] = append(of[v.PlanID], PlanVersionDetail{PlanVersion: v, FeatureIDs: features[v.ID]})
	}
	out := make([]PlanDetail, len(plans))
	for i, p := range plans {
		out[i] = PlanDetail{Plan: p, Versions: of[p.ID]}
	}
	return out, nil
}

func (t *tx) entitlementsOf(versions []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	var rows []models.PlanVersionEntitlement
	if err := t.Where("plan_version_id IN ?", versions).Order("feature_id").Find(&rows).Error; err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID][]uuid.UUID, len(versions))
	for _, r := range rows {
		out[r.PlanVersionID] = append(out[r.PlanVersionID], r.FeatureID)
	}
	return out, nil
}

// planVersion finds a version by its number; the zero number stands for the latest.
func (t *tx) planVersion(plan uuid.UUID, number int) (models.PlanVersion, error) {
	q := t.Where("plan_id = ?", plan)
	if number != 0 {
		q = q.Where("number = ?", number)
	}
	row, exists, err := first[models.PlanVersion](q.Order("number DESC"))
	if err == nil && !exists {
		err = fault.New(fault.NotFound, "not_found", "The plan has no version %d.", number)
	}
	return row, err
}
