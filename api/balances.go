package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type balances struct{ base }

type balance struct {
	BillingAccountID string         `json:"billing_account_id"`
	PrincipalID      string         `json:"principal_id"`
	At               Instant        `json:"at" doc:"The account's now."`
	Balances         []assetBalance `json:"balances" doc:"One for each asset the account has ever had."`
}

type assetBalance struct {
	Currency  string   `json:"currency" example:"CREDIT"`
	Posted    Quantity `json:"posted" doc:"By the ledger." example:"13"`
	Pending   Quantity `json:"pending" doc:"Used and not in the ledger yet." example:"0"`
	Available Quantity `json:"available" doc:"available + held = posted - pending." example:"8"`
	Held      Quantity `json:"held" doc:"By open leases." example:"5"`
	Spendable Quantity `json:"spendable" doc:"What lots in force can give now, less what is held." example:"8"`
	Lots      []lot    `json:"lots" doc:"Those not used up, the first to begin first."`
}

type lot struct {
	ID               string       `json:"id" example:"grt_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string       `json:"billing_account_id"`
	Currency         string       `json:"currency" example:"CREDIT"`
	Source           string       `json:"source" enum:"plan,purchase,grant"`
	SourceRef        string       `json:"source_ref"`
	AssignmentID     *string      `json:"plan_assignment_id" nullable:"true"`
	PeriodIndex      *int         `json:"period_index" nullable:"true"`
	Status           string       `json:"status" enum:"scheduled,pending,active,frozen,exhausted,expired,voided"`
	Issued           Quantity     `json:"issued"`
	Remaining        Quantity     `json:"remaining"`
	Consumed         Quantity     `json:"consumed"`
	Expired          Quantity     `json:"expired"`
	Voided           Quantity     `json:"voided"`
	Cost             Maybe[Money] `json:"cost" doc:"What was paid for the whole lot."`
	Priority         int          `json:"priority" doc:"The lowest is used first."`
	Promotional      bool         `json:"promotional"`
	EffectiveAt      Instant      `json:"effective_at" doc:"Usage from this instant on may take from it."`
	ExpiresAt        *Instant     `json:"expires_at" nullable:"true"`
	RecordedAt       Instant      `json:"recorded_at"`
}

type runtimeBalanceIn struct {
	SubjectHeaders
	PrincipalID      string `query:"principal_id" maxLength:"255"`
	BillingAccountID string `query:"billing_account_id" maxLength:"64"`
}

type listGrantsIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	Currency         string `query:"currency" maxLength:"80"`
	Status           string `query:"status" enum:"scheduled,pending,active,frozen,exhausted,expired,voided"`
}

func (r balances) register(a huma.API) {
	get(a, op{ID: "getBalance", Path: accountsPath + "/{id}/balance", Summary: "What an account has, by asset", Tag: "Accounts",
		Description: "By the ledger (posted), by what decides the next call (available, held), and the lots behind both.",
		Scope:       "accounts:read"}, r.managed)
	get(a, op{ID: "getRuntimeBalance", Path: "/v1/balance", Summary: "What an account has, by asset", Tag: "Runtime",
		Description: "Name the account by principal_id or billing_account_id, or by a header of either.", Scope: "runtime:read"}, r.runtime)
	get(a, op{ID: "listGrants", Path: "/mgt/v1/grants", Summary: "Credit lots", Tag: "Funding", Scope: "funds:read"}, r.lots)
}

func (r balances) managed(ctx context.Context, in *idPath) (*One[balance], error) {
	id, err := pathID(keys.BillingAccount, in.ID)
	if err != nil {
		return nil, err
	}
	return r.of(ctx, id)
}

func (r balances) runtime(ctx context.Context, in *runtimeBalanceIn) (*One[balance], error) {
	id, err := r.accountOf(ctx, in.or("?", in.PrincipalID, in.BillingAccountID))
	if err != nil {
		return nil, err
	}
	return r.of(ctx, id)
}

func (r balances) of(ctx context.Context, account uuid.UUID) (*One[balance], error) {
	b, err := r.store.FindBalance(ctx, callOf(ctx), account)
	if err != nil {
		return nil, err
	}
	out := balance{BillingAccountID: keys.Encode(keys.BillingAccount, b.Account.ID), PrincipalID: b.Account.PrincipalID, At: instant(b.At),
		Balances: make([]assetBalance, 0, len(b.Assets))}
	for _, a := range b.Assets {
		shown := assetBalance{Currency: string(a.Asset), Posted: quantity(a.Posted), Pending: quantity(a.Pending), Available: quantity(a.Available),
			Held: quantity(a.Held), Spendable: quantity(a.Spendable), Lots: make([]lot, 0, len(a.Lots))}
		for _, l := range a.Lots {
			row, _ := showLot(l)
			shown.Lots = append(shown.Lots, row)
		}
		out.Balances = append(out.Balances, shown)
	}
	return &One[balance]{Body: out}, nil
}

func (r balances) lots(ctx context.Context, in *listGrantsIn) (*List[lot], error) {
	account, err := r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID)
	if err != nil {
		return nil, err
	}
	filter := store.LotFilter{Account: account, Asset: money.Asset(in.Currency), Status: models.LotStatus(in.Status)}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.CreditLot, bool, error) {
		return r.store.ListLots(ctx, callOf(ctx), p, filter)
	}, showLot)
}

func showLot(l models.CreditLot) (lot, uuid.UUID) {
	out := lot{ID: keys.Encode(keys.Grant, l.ID), BillingAccountID: keys.Encode(keys.BillingAccount, l.BillingAccountID), Currency: string(l.Asset),
		Source: string(l.SourceKind), SourceRef: l.SourceRef, AssignmentID: maybeID(keys.PlanAssignment, l.AssignmentID), PeriodIndex: l.PeriodIndex,
		Status: string(l.Status), Issued: quantity(l.Issued), Remaining: quantity(l.Remaining), Consumed: quantity(l.Consumed),
		Expired: quantity(l.Expired), Voided: quantity(l.Voided), Priority: l.Priority, Promotional: l.Promotional,
		EffectiveAt: instant(l.EffectiveAt), ExpiresAt: maybe(l.ExpiresAt), RecordedAt: instant(l.RecordedAt)}
	if l.CostCurrency != "" {
		out.Cost = just(cash(l.Cost, l.CostCurrency))
	}
	return out, l.ID
}
