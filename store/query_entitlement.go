package store

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/models"
)

// Entitlement is a feature that one of the account's plans allows, and the meters it may use.
type Entitlement struct {
	Feature    models.Feature
	MeterCodes []string
	Plan       EffectivePlan
}

// Entitled is everything an account is entitled to at an instant. Whether it may use it now is also its status' say.
type Entitled struct {
	Account      models.BillingAccount
	At           time.Time
	Entitlements []Entitlement // by feature code
}

// EffectivePlan is a plan version in force for an account, and why.
type EffectivePlan struct {
	Plan       models.Plan
	Version    models.PlanVersion
	Phase      models.AssignmentPhase
	Assignment models.PlanAssignment
}

// FindEntitlements reads what the account is entitled to, now or at an instant. A feature that several plans allow is named
// once, under the one that usage of it belongs to: add-on before promo before base.
func (s *Store) FindEntitlements(ctx context.Context, call Call, account uuid.UUID, at *time.Time) (Entitled, error) {
	var out Entitled
	err := s.read(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, account)
		if err != nil {
			return err
		}
		out = Entitled{Account: a, Entitlements: []Entitlement{}}
		if out.At, err = t.instantFor(a, at); err != nil {
			return err
		}
		plans, err := t.plansAt(account, out.At)
		if err != nil {
			return err
		}
		out.Entitlements, err = t.entitlements(plans)
		return err
	})
	return out, err
}

// instantFor is the instant asked about; the account's now when none is named.
func (t *tx) instantFor(a models.BillingAccount, at *time.Time) (time.Time, error) {
	if at != nil {
		return at.UTC(), nil
	}
	return t.accountNow(a)
}

// plansAt reads the plans in force at an instant, in the order in which they own usage.
func (t *tx) plansAt(account uuid.UUID, at time.Time) ([]EffectivePlan, error) {
	var phases []models.AssignmentPhase
	if err := t.Where("billing_account_id = ? AND start_at <= ? AND (end_at IS NULL OR end_at > ?)", account, at, at).
		Order(kindOrder).Find(&phases).Error; err != nil {
		return nil, err
	}
	versions, err := keyed(t, "id", ids(phases, func(p models.AssignmentPhase) uuid.UUID { return p.PlanVersionID }),
		func(v models.PlanVersion) uuid.UUID { return v.ID })
	if err != nil {
		return nil, err
	}
	assignments, err := keyed(t, "id", ids(phases, func(p models.AssignmentPhase) uuid.UUID { return p.AssignmentID }),
		func(a models.PlanAssignment) uuid.UUID { return a.ID })
	if err != nil {
		return nil, err
	}
	plans, err := keyed(t, "id", ids(phases, func(p models.AssignmentPhase) uuid.UUID { return versions[p.PlanVersionID].PlanID }),
		func(p models.Plan) uuid.UUID { return p.ID })
	out := make([]EffectivePlan, 0, len(phases))
	for _, p := range phases {
		v := versions[p.PlanVersionID]
		out = append(out, EffectivePlan{Plan: plans[v.PlanID], Version: v, Phase: p, Assignment: assignments[p.AssignmentID]})
	}
	return out, err
}

const entitlementsOfVersions = `
SELECT f.*, e.plan_version_id, (SELECT coalesce(string_agg(m.code, ',' ORDER BY m.code), '') FROM feature_meters fm
         JOIN meters m ON m.realm_id = fm.realm_id AND m.id = fm.meter_id
        WHERE fm.realm_id = f.realm_id AND fm.feature_id = f.id) AS meter_codes
  FROM plan_version_entitlements e JOIN features f ON f.realm_id = e.realm_id AND f.id = e.feature_id
 WHERE e.plan_version_id IN ? ORDER BY f.code`

func (t *tx) entitlements(plans []EffectivePlan) ([]Entitlement, error) {
	out := []Entitlement{}
	if len(plans) == 0 {
		return out, nil
	}
	rank := make(map[uuid.UUID]int, len(plans))
	for i := len(plans) - 1; i >= 0; i-- {
		rank[plans[i].Version.ID] = i
	}
	var rows []struct {
		models.Feature
		PlanVersionID uuid.UUID
		MeterCodes    string
	}
	versions := ids(plans, func(p EffectivePlan) uuid.UUID { return p.Version.ID })
	if err := t.Raw(entitlementsOfVersions, versions).Scan(&rows).Error; err != nil {
		return nil, err
	}
	for _, r := range rows {
		e := Entitlement{Feature: r.Feature, MeterCodes: strings.FieldsFunc(r.MeterCodes, func(c rune) bool { return c == ',' }),
			Plan: plans[rank[r.PlanVersionID]]}
		last := len(out) - 1
		switch {
		case last < 0 || out[last].Feature.ID != r.ID:
			out = append(out, e)
		case rank[r.PlanVersionID] < rank[out[last].Plan.Version.ID]:
			out[last] = e
		}
	}
	return out, nil
}
