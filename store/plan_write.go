package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// NewPlan is what a caller says about a plan and the draft of its first version.
type NewPlan struct {
	PricingModelID uuid.UUID
	Code, Name     string
	Kind           models.PlanKind
	Rank           int
	Terms          models.PlanTerms
	FeatureIDs     []uuid.UUID // what the version entitles to
}

// CreatePlan adds a plan with version 1 as a draft.
func (s *Store) CreatePlan(ctx context.Context, call Call, in NewPlan) (PlanDetail, error) {
	id, version := models.NewID(), models.NewID()
	return decide(ctx, s, call, func(t *tx) (PlanDetail, error) {
		if err := t.checkPlan(in); err != nil {
			return PlanDetail{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return PlanDetail{}, err
		}
		plan := models.Plan{Row: t.row(id), PricingModelID: in.PricingModelID, Code: in.Code, Name: in.Name, Kind: in.Kind,
			Rank: in.Rank, Version: 1, Times: models.At(now)}
		if err := t.Create(&plan).Error; err != nil {
			return PlanDetail{}, err
		}
		draft := models.PlanVersion{Row: t.row(version), PlanID: id, Number: 1, Terms: in.Terms}
		if err := t.insertDraft(draft, in.FeatureIDs, now); err != nil {
			return PlanDetail{}, err
		}
		if err := t.created(&plan, object{kind: "plan", prefix: keys.Plan, id: id}, now); err != nil {
			return PlanDetail{}, err
		}
		return t.planDetail(plan)
	})
}

func (t *tx) checkPlan(in NewPlan) error {
	var f fields
	f.code("/code", in.Code)
	f.name("/name", in.Name)
	switch in.Kind {
	case models.Base, models.Addon, models.Promo:
	default:
		f.at("/kind", "bad_format", "The kind must be one of: base, addon, promo.")
	}
	known, err := knownIDs[models.PricingModel](t, []uuid.UUID{in.PricingModelID})
	if err != nil {
		return err
	}
	if len(known) == 0 {
		f.unknown("/pricing_model_id", "There is no such pricing model.")
	}
	if err := t.checkFeatures(&f, in.FeatureIDs); err != nil {
		return err
	}
	return f.fault()
}

func (t *tx) checkFeatures(f *fields, features []uuid.UUID) error {
	known, err := knownIDs[models.Feature](t, features)
	for i, id := range features {
		if err == nil && !known[id] {
			f.unknown(pointer("/feature_ids", i), "There is no such feature.")
		}
	}
	return err
}

func (t *tx) insertDraft(draft models.PlanVersion, features []uuid.UUID, now time.Time) error {
	draft.Status, draft.Version, draft.Times = models.Draft, 1, models.At(now)
	draft.Terms.Version = termsVersion
	if err := t.Create(&draft).Error; err != nil {
		return err
	}
	after, err := t.columns(&draft)
	if err != nil {
		return err
	}
	t.auditPart("plan_version.created", object{kind: "plan_version", prefix: keys.PlanVersion, id: draft.ID}, nil, after)
	return t.entitle(draft.ID, features)
}

func (t *tx) entitle(version uuid.UUID, features []uuid.UUID) error {
	ids := sortedIDs(features)
	if len(ids) == 0 {
		return nil
	}
	rows := make([]models.PlanVersionEntitlement, len(ids))
	for i, id := range ids {
		rows[i] = models.PlanVersionEntitlement{RealmID: t.call.Realm, PlanVersionID: version, FeatureID: id}
	}
	return t.Create(&rows).Error
}

// AddPlanVersion opens a draft that begins as a copy of the latest version.
func (s *Store) AddPlanVersion(ctx context.Context, call Call, plan PlanRef) (PlanDetail, error) {
	id := models.NewID()
	return s.changePlan(ctx, call, plan, func(t *tx, p *models.Plan) error {
		latest, _, err := first[models.PlanVersion](t.Where("plan_id = ?", p.ID).Order("number DESC"))
		if err != nil {
			return err
		}
		if latest.Status == models.Draft {
			return fault.New(fault.Conflict, "state_conflict", "Version %d is a draft still; publish or delete it first.", latest.Number)
		}
		features, err := t.entitlementsOf([]uuid.UUID{latest.ID})
		if err != nil {
			return err
		}
		now, err := t.databaseNow()
		if err != nil {
			return err
		}
		draft := models.PlanVersion{Row: t.row(id), PlanID: p.ID, Number: latest.Number + 1, Terms: latest.Terms}
		return t.insertDraft(draft, features[latest.ID], now)
	})
}

// PlanRef names one version of a plan. Version is the plan's own, which every change of any of its versions raises: the
// If-Match of whoever read the plan. Changes of a draft insist on it.
type PlanRef struct {
	PlanID  uuid.UUID
	Number  int
	Version Versions
}

// DraftChange is what may change about a draft; nil leaves a field as it is.
type DraftChange struct {
	PlanRef
	Name       *string // of the plan
	Rank       *int    // of the plan
	Terms      *models.PlanTerms
	FeatureIDs *[]uuid.UUID
}

// UpdateDraft changes a draft.
func (s *Store) UpdateDraft(ctx context.Context, call Call, in DraftChange) (PlanDetail, error) {
	return s.changeDraft(ctx, call, in.PlanRef, func(t *tx, p *models.Plan, draft *models.PlanVersion) error {
		var f fields
		if in.Name != nil {
			p.Name = *in.Name
			f.name("/name", p.Name)
		}
		if in.Rank != nil {
			p.Rank = *in.Rank
		}
		if in.FeatureIDs != nil {
			if err := t.checkFeatures(&f, *in.FeatureIDs); err != nil {
				return err
			}
		}
		if err := f.fault(); err != nil {
			return err
		}
		if in.FeatureIDs != nil {
			if err := t.replaceEntitlements(draft.ID, *in.FeatureIDs); err != nil {
				return err
			}
		}
		return t.updatePart("plan_version.updated", object{kind: "plan_version", prefix: keys.PlanVersion, id: draft.ID}, draft, func() error {
			if in.Terms != nil {
				draft.Terms = *in.Terms
				draft.Terms.Version = termsVersion
			}
			draft.Version++
			return nil
		})
	})
}

// ReplaceEntitlements sets which features a draft entitles to.
func (s *Store) ReplaceEntitlements(ctx context.Context, call Call, ref PlanRef, features []uuid.UUID) (PlanDetail, error) {
	return s.UpdateDraft(ctx, call, DraftChange{PlanRef: ref, FeatureIDs: &features})
}

func (t *tx) replaceEntitlements(version uuid.UUID, features []uuid.UUID) error {
	if err := t.Where("plan_version_id = ?", version).Delete(&models.PlanVersionEntitlement{}).Error; err != nil {
		return err
	}
	return t.entitle(version, features)
}

// DeletePlanDraft takes a draft back. A plan keeps at least one version: its only draft can be changed, not deleted.
func (s *Store) DeletePlanDraft(ctx context.Context, call Call, ref PlanRef) (PlanDetail, error) {
	return s.changeDraft(ctx, call, ref, func(t *tx, _ *models.Plan, draft *models.PlanVersion) error {
		if draft.Number == 1 {
			return fault.New(fault.Conflict, "in_use", "This is the plan's only version.")
		}
		before, err := t.columns(draft)
		if err != nil {
			return err
		}
		if err := t.Delete(draft).Error; err != nil {
			return err
		}
		t.auditPart("plan_version.deleted", object{kind: "plan_version", prefix: keys.PlanVersion, id: draft.ID}, before, nil)
		return nil
	})
}

// changePlan is the frame of every change of a plan: lock it, compare versions, change, raise its version.
func (s *Store) changePlan(ctx context.Context, call Call, ref PlanRef, change func(*tx, *models.Plan) error) (PlanDetail, error) {
	return decide(ctx, s, call, func(t *tx) (PlanDetail, error) {
		plan, err := lock[models.Plan](t, ref.PlanID)
		if err != nil {
			return PlanDetail{}, err
		}
		if err := matches(ref.Version, plan.Version); err != nil {
			return PlanDetail{}, err
		}
		err = t.update("plan.updated", object{kind: "plan", prefix: keys.Plan, id: plan.ID}, &plan, func() error {
			plan.Version++
			return change(t, &plan)
		})
		if err != nil {
			return PlanDetail{}, err
		}
		return t.planDetail(plan)
	})
}

// changeDraft is changePlan for a version that must still be a draft, and for callers who must have read it.
func (s *Store) changeDraft(ctx context.Context, call Call, ref PlanRef,
	change func(*tx, *models.Plan, *models.PlanVersion) error) (PlanDetail, error) {
	return s.changePlan(ctx, call, ref, func(t *tx, p *models.Plan) error {
		draft, err := t.planVersion(p.ID, ref.Number)
		if err != nil {
			return err
		}
		if draft.Status != models.Draft {
			return fault.New(fault.Conflict, "immutable_resource", "Version %d is %s; add a version instead.", draft.Number, draft.Status)
		}
		if ref.Version == nil {
			return fault.New(fault.Precondition, "precondition_required", "Send If-Match with the version of the plan that you have read.")
		}
		return change(t, p, &draft)
	})
}
