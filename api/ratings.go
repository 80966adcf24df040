package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type ratings struct{ base }

type rating struct {
	ID               string                   `json:"id" example:"rtg_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string                   `json:"billing_account_id"`
	AssignmentID     *string                  `json:"plan_assignment_id" nullable:"true" doc:"Whose usage it is."`
	PlanVersionID    *string                  `json:"plan_version_id" nullable:"true"`
	PeriodStart      Instant                  `json:"period_start"`
	PeriodEnd        *Instant                 `json:"period_end" nullable:"true"`
	FeatureID        *string                  `json:"feature_id" nullable:"true"`
	MeterID          string                   `json:"meter_id"`
	MeterCode        string                   `json:"meter_code" example:"api_requests"`
	PriceID          string                   `json:"price_id" doc:"The price that won."`
	PriceSource      string                   `json:"price_source" enum:"meter,plan,contract"`
	CreditValueID    *string                  `json:"credit_value_id" nullable:"true" doc:"By which overage in credits became money."`
	Kind             string                   `json:"kind" enum:"billed,waived,adjustment,reversal,shadow"`
	SourceKind       string                   `json:"source_kind" enum:"commit,usage"`
	SourceID         string                   `json:"source_id" example:"cmt_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Before           Quantity                 `json:"before" doc:"How much of the period was used before, at this price."`
	Quantity         Quantity                 `json:"quantity"`
	Amount           Cost                     `json:"amount" doc:"Exact, in the asset of the price."`
	Covered          Cost                     `json:"covered" doc:"Paid from lots."`
	Overage          Cost                     `json:"overage" doc:"Beyond lots."`
	OverageFiat      Maybe[Cost]              `json:"overage_fiat" doc:"The overage in the account's currency."`
	Allocations      []allocation             `json:"allocations"`
	Settlement       Maybe[settlementOf]      `json:"settlement" doc:"Null until it is in the ledger."`
	Invoice          Maybe[invoiceLineOfRate] `json:"invoice" doc:"Where it was billed."`
	EffectiveAt      Instant                  `json:"effective_at" doc:"When the usage occurred."`
	RecordedAt       Instant                  `json:"recorded_at"`
}

type allocation struct {
	Kind   string      `json:"kind" enum:"lot,overage"`
	LotID  *string     `json:"grant_id" nullable:"true" doc:"The lot that pays."`
	Amount Cost        `json:"amount"`
	Fiat   Maybe[Cost] `json:"fiat" doc:"Of overage: what is owed. Of a paid lot: its cost."`
}

type settlementOf struct {
	TransactionID *string `json:"ledger_transaction_id" nullable:"true" doc:"Null where there was nothing to post."`
	EffectiveAt   Instant `json:"effective_at"`
	RecordedAt    Instant `json:"recorded_at"`
}

type invoiceLineOfRate struct {
	InvoiceID string  `json:"invoice_id"`
	Number    *string `json:"number" nullable:"true"`
	LineID    string  `json:"line_id"`
}

type listRatingsIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	AssignmentID     string `query:"plan_assignment_id"`
	MeterID          string `query:"meter_id"`
	Kind             string `query:"kind" enum:"billed,waived,adjustment,reversal,shadow"`
}

func (r ratings) register(a huma.API) {
	const tag = "Rating"
	get(a, op{ID: "listRatings", Path: "/mgt/v1/ratings", Summary: "Ratings: what usage cost and what paid for it", Tag: tag,
		Scope: "billing:read"}, r.list)
	get(a, op{ID: "getRating", Path: "/mgt/v1/ratings/{id}", Summary: "One rating", Tag: tag, Scope: "billing:read"}, r.one)
}

func (r ratings) list(ctx context.Context, in *listRatingsIn) (*List[rating], error) {
	filter := store.RatingFilter{Kind: models.RatingKind(in.Kind)}
	for _, f := range []struct {
		prefix, name, id string
		to               **uuid.UUID
	}{{keys.BillingAccount, "billing_account_id", in.BillingAccountID, &filter.Account},
		{keys.PlanAssignment, "plan_assignment_id", in.AssignmentID, &filter.Assignment}, {keys.Meter, "meter_id", in.MeterID, &filter.Meter}} {
		id, err := r.filterID(ctx, f.prefix, f.name, f.id)
		if err != nil {
			return nil, err
		}
		*f.to = id
	}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]store.RatingChain, bool, error) {
		return r.store.ListRatings(ctx, callOf(ctx), p, filter)
	}, showRating)
}

func (r ratings) one(ctx context.Context, in *idPath) (*One[rating], error) {
	id, err := pathID(keys.Rating, in.ID)
	if err != nil {
		return nil, err
	}
	chain, err := r.store.FindRatingChain(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showRating(chain)
	return &One[rating]{Body: body}, nil
}

var sourcePrefixes = map[models.SourceKind]string{models.FromCommit: keys.Commit, models.FromUsage: keys.Usage}

func showRating(c store.RatingChain) (rating, uuid.UUID) {
	x := c.Rating
	out := rating{ID: keys.Encode(keys.Rating, x.ID), BillingAccountID: keys.Encode(keys.BillingAccount, x.BillingAccountID),
		AssignmentID: maybeID(keys.PlanAssignment, x.AssignmentID), PlanVersionID: maybeID(keys.PlanVersion, x.PlanVersionID),
		PeriodStart: instant(x.PeriodStart), PeriodEnd: maybe(x.PeriodEnd), FeatureID: maybeID(keys.Feature, x.FeatureID),
		MeterID: keys.Encode(keys.Meter, x.MeterID), MeterCode: c.Meter.Code, PriceID: keys.Encode(keys.MeterPrice, x.PriceID),
		PriceSource: x.PriceSource, CreditValueID: maybeID(keys.CreditTypeValue, x.CreditValueID), Kind: string(x.Kind),
		SourceKind: string(x.SourceKind), SourceID: keys.Encode(sourcePrefixes[x.SourceKind], x.SourceID), Before: quantity(x.Before),
		Quantity: quantity(x.Quantity), Amount: exact(x.Amount, x.Asset), Covered: exact(x.Covered, x.Asset), Overage: exact(x.Overage, x.Asset),
		Allocations: showAllocations(c.Allocations), EffectiveAt: instant(x.EffectiveAt), RecordedAt: instant(x.RecordedAt)}
	if x.Currency != "" {
		out.OverageFiat = just(exact(x.OverageFiat, x.Currency))
	}
	if s := c.Settlement; s != nil {
		out.Settlement = just(settlementOf{TransactionID: maybeID(keys.LedgerTransaction, s.LedgerTransactionID),
			EffectiveAt: instant(s.EffectiveAt), RecordedAt: instant(s.RecordedAt)})
	}
	if c.Invoice != nil {
		out.Invoice = just(invoiceLineOfRate{InvoiceID: keys.Encode(keys.Invoice, c.Invoice.ID), Number: c.Invoice.Number,
			LineID: keys.Encode(keys.InvoiceLine, c.Line.ID)})
	}
	return out, x.ID
}

func showAllocations(rows []models.Allocation) []allocation {
	out := make([]allocation, 0, len(rows))
	for _, a := range rows {
		shown := allocation{Kind: string(a.Kind), LotID: maybeID(keys.Grant, a.LotID), Amount: exact(a.Amount, a.Asset)}
		if a.Currency != "" {
			shown.Fiat = just(exact(a.Fiat, a.Currency))
		}
		out = append(out, shown)
	}
	return out
}
