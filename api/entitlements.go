package api

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type entitlements struct{ base }

type entitlementSet struct {
	BillingAccountID string        `json:"billing_account_id"`
	AccountStatus    string        `json:"account_status" enum:"active,suspended,parked,closed"`
	At               Instant       `json:"at"`
	Entitlements     []entitlement `json:"entitlements" doc:"By feature code."`
}

type entitlement struct {
	FeatureID    string   `json:"feature_id"`
	FeatureCode  string   `json:"feature_code" example:"api.requests"`
	MeterCodes   []string `json:"meter_codes"`
	PlanCode     string   `json:"plan_code" doc:"The plan that usage of it belongs to."`
	PlanVersion  int      `json:"plan_version"`
	AssignmentID string   `json:"plan_assignment_id"`
	EndsAt       *Instant `json:"ends_at" nullable:"true"`
}

type entitlementCheck struct {
	BillingAccountID string               `json:"billing_account_id"`
	At               Instant              `json:"at"`
	Results          []entitlementVerdict `json:"results" doc:"One for each feature asked about, in that order."`
}

type entitlementVerdict struct {
	FeatureCode string             `json:"feature_code"`
	Allowed     bool               `json:"allowed"`
	Reason      *string            `json:"reason" nullable:"true" example:"feature_not_entitled"`
	Entitlement Maybe[entitlement] `json:"entitlement"`
}

type entitlementsIn struct {
	SubjectHeaders
	PrincipalID      string  `query:"principal_id" maxLength:"255"`
	BillingAccountID string  `query:"billing_account_id" maxLength:"64"`
	At               Instant `query:"at" doc:"The account's now if absent."`
}

type checkEntitlementsIn struct {
	SubjectHeaders
	Body struct {
		PrincipalID      string   `json:"principal_id,omitempty" minLength:"1" maxLength:"255" example:"acme"`
		BillingAccountID string   `json:"billing_account_id,omitempty" minLength:"1" maxLength:"64"`
		FeatureCodes     []string `json:"feature_codes" minItems:"1" maxItems:"50" example:"[\"api.requests\"]"`
	}
}

func (r entitlements) register(a huma.API) {
	get(a, op{ID: "listEntitlements", Path: "/v1/entitlements", Summary: "Everything an account is entitled to", Tag: "Runtime",
		Scope: "runtime:read"}, r.list)
	post(a, op{ID: "checkEntitlements", Path: "/v1/entitlements/check", Summary: "Is an account entitled to these features?",
		Description: "Up to 50; holds nothing and counts nothing.", Tag: "Runtime", Scope: "runtime:read", Pure: true}, r.check)
}

func (r entitlements) list(ctx context.Context, in *entitlementsIn) (*One[entitlementSet], error) {
	account, err := r.accountOf(ctx, in.or("?", in.PrincipalID, in.BillingAccountID))
	if err != nil {
		return nil, err
	}
	e, err := r.store.FindEntitlements(ctx, callOf(ctx), account, given(in.At))
	if err != nil {
		return nil, err
	}
	out := entitlementSet{BillingAccountID: keys.Encode(keys.BillingAccount, account), AccountStatus: string(e.Account.Status), At: instant(e.At),
		Entitlements: make([]entitlement, 0, len(e.Entitlements))}
	for _, row := range e.Entitlements {
		out.Entitlements = append(out.Entitlements, showEntitlement(row))
	}
	return &One[entitlementSet]{Body: out}, nil
}

func (r entitlements) check(ctx context.Context, in *checkEntitlementsIn) (*One[entitlementCheck], error) {
	account, err := r.accountOf(ctx, in.or("/", in.Body.PrincipalID, in.Body.BillingAccountID))
	if err != nil {
		return nil, err
	}
	e, err := r.store.FindEntitlements(ctx, callOf(ctx), account, nil)
	if err != nil {
		return nil, err
	}
	out := entitlementCheck{BillingAccountID: keys.Encode(keys.BillingAccount, account), At: instant(e.At),
		Results: make([]entitlementVerdict, 0, len(in.Body.FeatureCodes))}
	for _, code := range in.Body.FeatureCodes {
		out.Results = append(out.Results, verdict(e, code))
	}
	return &One[entitlementCheck]{Body: out}, nil
}

func verdict(e store.Entitled, code string) entitlementVerdict {
	out := entitlementVerdict{FeatureCode: code}
	i := slices.IndexFunc(e.Entitlements, func(x store.Entitlement) bool { return x.Feature.Code == code })
	if i >= 0 {
		out.Entitlement = just(showEntitlement(e.Entitlements[i]))
	}
	switch {
	case e.Account.Status != models.AccountActive:
		out.Reason = maybeText("account_" + string(e.Account.Status))
	case i < 0:
		out.Reason = maybeText(gate.ReasonNotEntitled)
	default:
		out.Allowed = true
	}
	return out
}

func showEntitlement(e store.Entitlement) entitlement {
	return entitlement{FeatureID: keys.Encode(keys.Feature, e.Feature.ID), FeatureCode: e.Feature.Code, MeterCodes: e.MeterCodes,
		PlanCode: e.Plan.Plan.Code, PlanVersion: e.Plan.Version.Number, AssignmentID: keys.Encode(keys.PlanAssignment, e.Plan.Assignment.ID),
		EndsAt: maybe(e.Plan.Phase.EndAt)}
}
