package api

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

const defaultLease = 300 // seconds

type authorize struct {
	base
	secret []byte // derives lease tokens
}

type meterQuantity struct {
	MeterCode string   `json:"meter_code" minLength:"1" maxLength:"63" example:"api_requests"`
	Quantity  Quantity `json:"quantity" example:"700000"`
}

type authorizeIn struct {
	SubjectHeaders
	OnDeny string `query:"on_deny" enum:"http" doc:"http answers a denial as 402, 403 or 429 instead of 200."`
	Body   struct {
		PrincipalID      string          `json:"principal_id,omitempty" minLength:"1" maxLength:"255" example:"acme"`
		BillingAccountID string          `json:"billing_account_id,omitempty" minLength:"1" maxLength:"64"`
		FeatureCode      string          `json:"feature_code" minLength:"1" maxLength:"63" example:"api.requests"`
		Meters           []meterQuantity `json:"meters,omitempty" maxItems:"20" doc:"What the work will use at most."`
		TTL              int             `json:"ttl_sec,omitempty" minimum:"1" maximum:"3600" default:"300" doc:"How long the lease lives."`
	}
}

type authorized struct {
	Decision string              `json:"decision" enum:"allow,deny"`
	Reason   *string             `json:"reason" nullable:"true" example:"funding.shortfall" doc:"Of a denial; an open enum."`
	Lease    Maybe[grantedLease] `json:"lease" doc:"Null in a denial."`
	Hold     Maybe[Cost]         `json:"hold" doc:"The first of holds."`
	Holds    []Cost              `json:"holds" doc:"What is reserved, by asset."`
	Estimate []Cost              `json:"estimate" doc:"What it would cost at most."`
	Bounds   leaseBounds         `json:"bounds"`
	Metered  bool                `json:"metered" doc:"False where usage is not even counted (self-hosted)."`
	Hints    []Hint              `json:"hints"`
}

type grantedLease struct {
	ID        string  `json:"id" example:"lse_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Token     string  `json:"token" doc:"A bearer secret for commit and release."`
	ExpiresAt Instant `json:"expires_at"`
}

type leaseBounds struct {
	MaxQuantity *Quantity       `json:"max_quantity" nullable:"true" doc:"Where the lease is for one meter."`
	Meters      []meterQuantity `json:"meters" doc:"A commit above them is quarantined."`
}

func (r authorize) register(a huma.API) {
	post(a, op{ID: "authorize", Path: "/v1/authorize", Summary: "May this work begin?", Tag: "Runtime", Scope: "runtime:write", Idempotent: true,
		Description: "Asks the account's status, its plans, the price and the funds, in that order. allow opens a lease and holds funds for it; " +
			"deny says why, with hints. Both are answers: 200."}, r.authorize)
}

func (r authorize) authorize(ctx context.Context, in *authorizeIn) (*Reply[authorized], error) {
	account, err := r.accountOf(ctx, in.or("/", in.Body.PrincipalID, in.Body.BillingAccountID))
	if err != nil {
		return nil, err
	}
	meters, err := quantities(in.Body.Meters)
	if err != nil {
		return nil, err
	}
	intent := intentOf(ctx)
	if in.Body.TTL == 0 {
		in.Body.TTL = defaultLease
	}
	out, err := r.store.Authorize(ctx, callOf(ctx), store.Ask{Account: account, FeatureCode: in.Body.FeatureCode, Meters: meters,
		TTL: time.Duration(in.Body.TTL) * time.Second, Key: intent.Key, Hash: intent.Hash, Secret: r.secret})
	if err != nil {
		return nil, err
	}
	body := showAuthorized(out)
	logger(ctx).LogAttrs(ctx, slog.LevelInfo, "authorize", slog.String("decision", body.Decision), slog.String("reason", out.Decision.Reason),
		slog.Bool("replayed", out.Replayed))
	if !out.Decision.Allow && in.OnDeny == "http" {
		return nil, withHints(denial(out.Decision.Reason), body.Hints...)
	}
	stored, err := answer(http.StatusOK, "", body)
	if err != nil {
		return nil, err
	}
	return reply[authorized](stored, out.Replayed), nil
}

// denial is the error that a reason becomes for a caller who asked for errors.
func denial(reason string) error {
	switch reason {
	case gate.ReasonShortfall, gate.HintBudgetShortfall:
		return fault.New(fault.Payment, "insufficient_funds", "The funds do not cover the estimate.")
	case gate.HintRateLimit, gate.HintQuotaRemaining:
		return fault.New(fault.Throttled, "quota_exceeded", "A limit of the plan is reached.")
	case gate.ReasonSuspended, gate.ReasonClosed, gate.ReasonStatusUnknown:
		return fault.New(fault.Forbidden, "account_suspended", "The account's status allows no usage.")
	case gate.ReasonParked:
		return fault.New(fault.Forbidden, "account_parked", "The account is parked until an operator has looked at it.")
	default:
		return fault.New(fault.Forbidden, "feature_not_entitled", "The account may not use this: %s.", reason)
	}
}

// quantities reads what was or will be used; a negative quantity would give funds back.
func quantities(in []meterQuantity) ([]gate.MeterQuantity, error) {
	out := make([]gate.MeterQuantity, 0, len(in))
	for i, m := range in {
		if m.Quantity.IsNegative() {
			return nil, fault.At("/meters/"+strconv.Itoa(i)+"/quantity", "out_of_range", "A quantity must not be negative.")
		}
		out = append(out, gate.MeterQuantity{MeterCode: m.MeterCode, Quantity: m.Quantity.Decimal})
	}
	return out, nil
}

func showAuthorized(a store.Authorized) authorized {
	d := a.Decision
	out := authorized{Decision: "deny", Reason: maybeText(d.Reason), Holds: costs(d.Holds), Estimate: costs(d.Estimate), Metered: d.Metered,
		Bounds: leaseBounds{Meters: make([]meterQuantity, 0, len(d.Bounds))}, Hints: hintsOf(d.Hints)}
	if len(out.Holds) > 0 {
		out.Hold = just(out.Holds[0])
	}
	for _, b := range d.Bounds {
		out.Bounds.Meters = append(out.Bounds.Meters, meterQuantity{MeterCode: b.MeterCode, Quantity: quantity(b.Quantity)})
	}
	if len(out.Bounds.Meters) == 1 {
		out.Bounds.MaxQuantity = &out.Bounds.Meters[0].Quantity
	}
	if d.Allow {
		out.Decision = "allow"
		out.Lease = just(grantedLease{ID: keys.Encode(keys.Lease, *a.LeaseID), Token: a.Token, ExpiresAt: instant(a.ExpiresAt)})
	}
	return out
}

func costs(amounts []money.Amount) []Cost {
	out := make([]Cost, 0, len(amounts))
	for _, a := range amounts {
		out = append(out, costOf(a))
	}
	return out
}

func hintsOf(hints []gate.Hint) []Hint {
	out := make([]Hint, 0, len(hints))
	for _, h := range hints {
		out = append(out, Hint(h))
	}
	return out
}
