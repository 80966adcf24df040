package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

type explain struct{ base }

type explanation struct {
	BillingAccountID string              `json:"billing_account_id"`
	At               Instant             `json:"at"`
	Answer           string              `json:"answer" example:"api-starter v1; 20 of 20 CREDIT spent, 8 CREDIT of overage so far, INV-000002"`
	Plans            []explainedPlan     `json:"plans" doc:"Which plan version was effective, and which terms applied."`
	Funding          []explainedLot      `json:"funding" doc:"Which lots paid in the period until the instant, or could have."`
	Overage          []explainedOverage  `json:"overage" doc:"What usage of the period had cost beyond lots by the instant."`
	Ratings          []ratingChain       `json:"ratings" doc:"The proof, in the order in which the usage occurred."`
	Ledger           []ledgerTransaction `json:"ledger" doc:"Issuance of the lots, settlements of the ratings, and the invoices."`
	Truncated        bool                `json:"truncated" doc:"There are more ratings than are shown; the sums count all."`
}

type explainedPlan struct {
	PlanCode      string  `json:"plan_code" example:"api-starter"`
	PlanVersion   int     `json:"plan_version" example:"1"`
	PlanVersionID string  `json:"plan_version_id"`
	Kind          string  `json:"kind" enum:"base,addon,promo"`
	AssignmentID  string  `json:"plan_assignment_id"`
	PhaseID       string  `json:"phase_id"`
	PeriodStart   Instant `json:"period_start"`
	PeriodEnd     Instant `json:"period_end"`
	Terms         string  `json:"terms" enum:"default,contract"`
	OverageMode   string  `json:"overage_mode" enum:"invoice,top_up,block"`
}

type explainedLot struct {
	Spent Cost `json:"spent"`
	Lot   lot  `json:"lot"`
}

type explainedOverage struct {
	Amount Cost        `json:"amount"`
	Fiat   Maybe[Cost] `json:"fiat"`
}

// ratingChain is one rating with its proof, from what was reported to where it was billed.
type ratingChain struct {
	Source  chainSource              `json:"source" doc:"The commit or usage event."`
	Rating  rating                   `json:"rating"`
	Price   meterPrice               `json:"price"`
	Ledger  Maybe[ledgerTransaction] `json:"ledger" doc:"Null until it is settled, and where there was nothing to post."`
	Line    Maybe[invoiceLine]       `json:"invoice_line"`
	Invoice Maybe[invoice]           `json:"invoice"`
}

type chainSource struct {
	Kind       string  `json:"kind" enum:"commit,usage"`
	ID         string  `json:"id"`
	Key        string  `json:"idempotency_key"`
	LeaseID    *string `json:"lease_id" nullable:"true"`
	OccurredAt Instant `json:"occurred_at"`
	RecordedAt Instant `json:"recorded_at"`
}

type explainIn struct {
	ID string  `path:"id"`
	At Instant `query:"at" doc:"The account's now if absent." example:"2026-02-10T12:00:00Z"`
}

func (r explain) register(a huma.API) {
	const tag = "Explain"
	get(a, op{ID: "explainBillingAccount", Path: accountsPath + "/{id}/explain", Summary: "Why an account stood as it did at an instant",
		Description: "Which plan version was effective, which terms applied, which funding paid, and the records that prove it, from rows alone.",
		Tag:         tag, Scope: "billing:read"}, r.account)
	get(a, op{ID: "explainRating", Path: "/mgt/v1/ratings/{id}/explain", Summary: "The proof of one rating",
		Description: "Commit or usage, price, allocations, settlement, ledger entries, invoice line.", Tag: tag, Scope: "billing:read"}, r.rating)
}

func (r explain) account(ctx context.Context, in *explainIn) (*One[explanation], error) {
	id, err := pathID(keys.BillingAccount, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := r.store.Explain(ctx, callOf(ctx), id, given(in.At))
	if err != nil {
		return nil, err
	}
	out := explanation{BillingAccountID: keys.Encode(keys.BillingAccount, e.Account.ID), At: instant(e.At), Answer: e.Answer, Truncated: e.Truncated,
		Plans: make([]explainedPlan, 0, len(e.Plans)), Funding: make([]explainedLot, 0, len(e.Lots)), Overage: make([]explainedOverage, 0, len(e.Overage)),
		Ratings: make([]ratingChain, 0, len(e.Ratings)), Ledger: make([]ledgerTransaction, 0, len(e.Ledger))}
	for _, p := range e.Plans {
		out.Plans = append(out.Plans, showExplainedPlan(p))
	}
	for _, l := range e.Lots {
		shown, _ := showLot(l.Lot)
		out.Funding = append(out.Funding, explainedLot{Spent: exact(l.Spent, l.Lot.Asset), Lot: shown})
	}
	for _, o := range e.Overage {
		shown := explainedOverage{Amount: exact(o.Amount, o.Asset)}
		if o.Currency != "" {
			shown.Fiat = just(exact(o.Fiat, o.Currency))
		}
		out.Overage = append(out.Overage, shown)
	}
	for _, c := range e.Ratings {
		out.Ratings = append(out.Ratings, showChain(c))
	}
	for _, x := range e.Ledger {
		shown, _ := showTransaction(x)
		out.Ledger = append(out.Ledger, shown)
	}
	return &One[explanation]{Body: out}, nil
}

func showExplainedPlan(p store.PlanExplained) explainedPlan {
	return explainedPlan{PlanCode: p.Plan.Code, PlanVersion: p.Version.Number, PlanVersionID: keys.Encode(keys.PlanVersion, p.Version.ID),
		Kind: string(p.Plan.Kind), AssignmentID: keys.Encode(keys.PlanAssignment, p.Assignment.ID), PhaseID: keys.Encode(keys.Phase, p.Phase.ID),
		PeriodStart: instant(p.Period.Start), PeriodEnd: instant(p.Period.End), Terms: p.Terms, OverageMode: string(p.Version.Terms.OverageMode)}
}

func (r explain) rating(ctx context.Context, in *idPath) (*One[ratingChain], error) {
	id, err := pathID(keys.Rating, in.ID)
	if err != nil {
		return nil, err
	}
	chain, err := r.store.FindRatingChain(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &One[ratingChain]{Body: showChain(chain)}, nil
}

func showChain(c store.RatingChain) ratingChain {
	shown, _ := showRating(c)
	price, _ := showMeterPrice(c.Price)
	out := ratingChain{Rating: shown, Price: price, Source: chainSource{Kind: shown.SourceKind, ID: shown.SourceID, OccurredAt: shown.EffectiveAt}}
	switch {
	case c.Commit != nil:
		out.Source.Key, out.Source.LeaseID, out.Source.RecordedAt = c.Commit.Key, maybeID(keys.Lease, &c.Commit.LeaseID), instant(c.Commit.RecordedAt)
	case c.Usage != nil:
		out.Source.Key, out.Source.RecordedAt = c.Usage.Key, instant(c.Usage.RecordedAt)
	}
	if c.Ledger != nil {
		x, _ := showTransaction(*c.Ledger)
		out.Ledger = just(x)
	}
	if c.Invoice != nil {
		inv, _ := showInvoice(*c.Invoice)
		out.Invoice, out.Line = just(inv), just(showLine(*c.Line, c.Invoice.Currency))
	}
	return out
}
