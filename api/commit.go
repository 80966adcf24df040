package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type leases struct{ base }

type commitIn struct {
	Body struct {
		LeaseToken string          `json:"lease_token" minLength:"1" maxLength:"100" doc:"As authorize gave it."`
		Meters     []meterQuantity `json:"meters" minItems:"1" maxItems:"20" doc:"What was really used."`
		OccurredAt *Instant        `json:"occurred_at,omitempty" doc:"The account's now if absent. It chooses price, terms and lots."`
		Close      *bool           `json:"close,omitempty" doc:"Ends the lease and frees what is left of its hold; true if absent."`
	}
}

type committed struct {
	Status       string              `json:"status" enum:"rated,quarantined" doc:"quarantined where nothing was rated."`
	CommitID     string              `json:"commit_id" example:"cmt_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	LeaseID      string              `json:"lease_id"`
	Ratings      []committedRating   `json:"ratings"`
	Settlement   Maybe[settlementOf] `json:"settlement" doc:"Always null here: it appears on the rating once posted."`
	QuarantineID *string             `json:"quarantine_id" nullable:"true" doc:"The first of quarantined."`
	Quarantined  []quarantineItem    `json:"quarantined"`
	Balance      map[string]inFunds  `json:"balance" doc:"By asset."`
	Hints        []Hint              `json:"hints"`
}

type committedRating struct {
	ID          string       `json:"id" example:"rtg_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	MeterCode   string       `json:"meter_code"`
	Kind        string       `json:"kind" enum:"billed,waived"`
	PriceID     string       `json:"price_id"`
	Before      Quantity     `json:"before"`
	Quantity    Quantity     `json:"quantity"`
	Amount      Cost         `json:"amount"`
	Covered     Cost         `json:"covered"`
	Overage     Cost         `json:"overage"`
	Allocations []allocation `json:"allocations"`
}

type inFunds struct {
	Available Quantity `json:"available"`
	Held      Quantity `json:"held"`
}

type releaseIn struct {
	Body struct {
		LeaseToken string `json:"lease_token" minLength:"1" maxLength:"100"`
	}
}

type lease struct {
	ID               string          `json:"id" example:"lse_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string          `json:"billing_account_id"`
	FeatureID        string          `json:"feature_id"`
	Status           string          `json:"status" enum:"active,committed,released,expired"`
	Holds            []Cost          `json:"holds" doc:"What it reserved; free again once it is not active."`
	Bounds           []meterQuantity `json:"bounds" doc:"What may still be committed."`
	ExpiresAt        Instant         `json:"expires_at"`
	ClosedAt         *Instant        `json:"closed_at" nullable:"true"`
	EffectiveAt      Instant         `json:"effective_at"`
}

func (r leases) register(a huma.API) {
	const tag, scope = "Runtime", "runtime:write"
	post(a, op{ID: "commit", Path: "/v1/commit", Summary: "What the work really used", Tag: tag, Scope: scope, Idempotent: true, Also: http.StatusAccepted,
		Description: "Prices it at once, pays it from lots in their order and notes the rest as overage. What is late, above the lease's bounds or " +
			"without a price is kept in quarantine; 202 says that nothing was rated."}, r.commit)
	post(a, op{ID: "releaseLease", Path: "/v1/release", Summary: "Give a lease up", Tag: tag, Scope: scope, OwnKey: true,
		Description: "Its hold is free again. Releasing it once more changes nothing."}, r.release)
	post(a, op{ID: "cancelLease", Path: "/v1/cancel", Summary: "Give a lease up (another name of release)", Tag: tag, Scope: scope, OwnKey: true}, r.release)
	get(a, op{ID: "getLease", Path: "/v1/leases/{id}", Summary: "One lease", Tag: tag, Scope: "runtime:read"}, r.one)
}

func (r leases) commit(ctx context.Context, in *commitIn) (*Reply[committed], error) {
	meters, err := quantities(in.Body.Meters)
	if err != nil {
		return nil, err
	}
	intent := intentOf(ctx)
	out, err := r.store.CommitLease(ctx, callOf(ctx), store.Use{Token: in.Body.LeaseToken, Meters: meters, OccurredAt: timeOf(in.Body.OccurredAt),
		Close: in.Body.Close == nil || *in.Body.Close, Key: intent.Key, Hash: intent.Hash})
	if err != nil {
		return nil, err
	}
	body, status := showCommitted(out), http.StatusOK
	if body.Status == "quarantined" {
		status = http.StatusAccepted
	}
	logger(ctx).LogAttrs(ctx, slog.LevelInfo, "commit", slog.String("commit_id", body.CommitID), slog.String("decision", body.Status),
		slog.Any("rating_ids", ratingIDs(body)), slog.Int("quarantined", len(body.Quarantined)), slog.Bool("replayed", out.Replayed))
	stored, err := answer(status, "", body)
	if err != nil {
		return nil, err
	}
	return reply[committed](stored, out.Replayed), nil
}

func showCommitted(c store.Committed) committed {
	out := committed{Status: "rated", CommitID: keys.Encode(keys.Commit, c.CommitID), LeaseID: keys.Encode(keys.Lease, c.LeaseID),
		Ratings: make([]committedRating, 0, len(c.Ratings)), Quarantined: make([]quarantineItem, 0, len(c.Quarantined)),
		Balance: make(map[string]inFunds, len(c.Funds)), Hints: hintsOf(c.Hints)}
	for _, r := range c.Ratings {
		x := r.Rating
		out.Ratings = append(out.Ratings, committedRating{ID: keys.Encode(keys.Rating, x.ID), MeterCode: r.MeterCode, Kind: string(x.Kind),
			PriceID: keys.Encode(keys.MeterPrice, x.PriceID), Before: quantity(x.Before), Quantity: quantity(x.Quantity), Amount: exact(x.Amount, x.Asset),
			Covered: exact(x.Covered, x.Asset), Overage: exact(x.Overage, x.Asset), Allocations: showAllocations(r.Allocations)})
	}
	for _, q := range c.Quarantined {
		shown, _ := showQuarantined(q)
		out.Quarantined = append(out.Quarantined, shown)
	}
	for _, f := range c.Funds {
		out.Balance[string(f.Asset)] = inFunds{Available: quantity(f.Available), Held: quantity(f.Held)}
	}
	if len(out.Quarantined) > 0 {
		out.QuarantineID = &out.Quarantined[0].ID
		if len(out.Ratings) == 0 {
			out.Status = "quarantined"
		}
	}
	return out
}

func (r leases) release(ctx context.Context, in *releaseIn) (*One[lease], error) {
	row, err := r.store.ReleaseLease(ctx, callOf(ctx), in.Body.LeaseToken)
	if err != nil {
		return nil, err
	}
	return &One[lease]{Body: showLease(row)}, nil
}

func (r leases) one(ctx context.Context, in *idPath) (*One[lease], error) {
	id, err := pathID(keys.Lease, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.FindLease(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &One[lease]{Body: showLease(row)}, nil
}

func showLease(l models.Lease) lease {
	out := lease{ID: keys.Encode(keys.Lease, l.ID), BillingAccountID: keys.Encode(keys.BillingAccount, l.BillingAccountID),
		FeatureID: keys.Encode(keys.Feature, l.FeatureID), Status: string(l.Status), Holds: costs(l.Holds),
		Bounds: make([]meterQuantity, 0, len(l.Bounds)), ExpiresAt: instant(l.ExpiresAt), ClosedAt: maybe(l.ClosedAt), EffectiveAt: instant(l.EffectiveAt)}
	for _, b := range l.Bounds {
		out.Bounds = append(out.Bounds, meterQuantity{MeterCode: b.MeterCode, Quantity: quantity(b.Quantity)})
	}
	return out
}

// ratingIDs names what the commit made, for the log.
func ratingIDs(c committed) []string {
	ids := make([]string, 0, len(c.Ratings))
	for _, r := range c.Ratings {
		ids = append(ids, r.ID)
	}
	return ids
}
