package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type settlements struct{ base }

type settlement struct {
	RatingID         string  `json:"rating_id"`
	BillingAccountID string  `json:"billing_account_id"`
	TransactionID    *string `json:"ledger_transaction_id" nullable:"true" doc:"Null where there was nothing to post."`
	EffectiveAt      Instant `json:"effective_at"`
	RecordedAt       Instant `json:"recorded_at"`
}

type listSettlementsIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	TransactionID    string `query:"ledger_transaction_id"`
}

func (r settlements) register(a huma.API) {
	get(a, op{ID: "listSettlements", Path: "/mgt/v1/settlements", Summary: "Which ratings are in the ledger, and where", Tag: "Ledger",
		Scope: "ledger:read"}, r.list)
}

func (r settlements) list(ctx context.Context, in *listSettlementsIn) (*List[settlement], error) {
	var ask store.SettlementQuery
	var err error
	if ask.Account, err = r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID); err != nil {
		return nil, err
	}
	if ask.Transaction, err = r.filterID(ctx, keys.LedgerTransaction, "ledger_transaction_id", in.TransactionID); err != nil {
		return nil, err
	}
	w, err := r.cursors.window(ctx, in.PageQuery)
	if err != nil {
		return nil, err
	}
	ask.Limit = w.Limit
	if w.After != nil {
		ask.AfterRating = &w.After.ID
	}
	rows, err := r.store.ListSettlements(ctx, callOf(ctx), ask)
	if err != nil {
		return nil, err
	}
	return page(ctx, w, rows, func(s models.Settlement) settlement {
		return settlement{RatingID: keys.Encode(keys.Rating, s.RatingID), BillingAccountID: keys.Encode(keys.BillingAccount, s.BillingAccountID),
			TransactionID: maybeID(keys.LedgerTransaction, s.LedgerTransactionID), EffectiveAt: instant(s.EffectiveAt), RecordedAt: instant(s.RecordedAt)}
	}, func(s models.Settlement) Position { return Position{ID: s.RatingID} })
}
