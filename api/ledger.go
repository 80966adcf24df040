package api

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type ledger struct{ base }

type ledgerAccount struct {
	Account          string  `json:"account" example:"revenue:usage"`
	BillingAccountID *string `json:"billing_account_id" nullable:"true" doc:"Null for the realm's own accounts."`
	Balance          Money   `json:"balance" doc:"The sum of its entries: debit positive, credit negative."`
	Entries          int64   `json:"entries"`
}

type ledgerTransaction struct {
	ID               string        `json:"id" example:"ltx_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Kind             string        `json:"kind"`
	OperationKey     string        `json:"operation_key" doc:"Happens once for ever."`
	BillingAccountID *string       `json:"billing_account_id" nullable:"true"`
	Seq              *int64        `json:"seq" nullable:"true" doc:"Its place in the account's hash chain."`
	Hash             string        `json:"hash"`
	PreviousHash     string        `json:"previous_hash"`
	SourceType       string        `json:"source_type"`
	SourceID         string        `json:"source_id"`
	ReversesID       *string       `json:"reverses_id" nullable:"true"`
	WorkflowID       string        `json:"workflow_id"`
	EffectiveAt      Instant       `json:"effective_at"`
	RecordedAt       Instant       `json:"recorded_at"`
	Entries          []ledgerEntry `json:"entries"`
}

type ledgerEntry struct {
	TransactionID    string  `json:"transaction_id"`
	Seq              int     `json:"seq"`
	Account          string  `json:"account"`
	BillingAccountID *string `json:"billing_account_id" nullable:"true"`
	Amount           Money   `json:"amount" doc:"Debit positive, credit negative."`
	EffectiveAt      Instant `json:"effective_at"`
	RecordedAt       Instant `json:"recorded_at"`
}

type trialBalance struct {
	Data []trialLine `json:"data"`
}

type trialLine struct {
	Currency string  `json:"currency"`
	Debit    Decimal `json:"debit"`
	Credit   Decimal `json:"credit"`
	Balance  Decimal `json:"balance" doc:"Zero, or the books are wrong."`
}

type listLedgerAccountsIn struct {
	PageQuery
	BillingAccountID string  `query:"billing_account_id"`
	Account          string  `query:"account" maxLength:"100"`
	At               Instant `query:"at" doc:"Only entries effective by this instant."`
}

type listTransactionsIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	Kind             string `query:"kind" maxLength:"63"`
	SourceType       string `query:"source_type" maxLength:"63"`
	SourceID         string `query:"source_id" maxLength:"255"`
}

type listEntriesIn struct {
	PageQuery
	BillingAccountID string  `query:"billing_account_id"`
	Account          string  `query:"account" maxLength:"100"`
	Currency         string  `query:"currency" maxLength:"80"`
	At               Instant `query:"at" doc:"Only entries effective by this instant."`
}

type trialBalanceIn struct {
	At Instant `query:"at" doc:"Only entries effective by this instant."`
}

func (r ledger) register(a huma.API) {
	const tag, scope, path = "Ledger", "ledger:read", "/mgt/v1/ledger"
	get(a, op{ID: "listLedgerAccounts", Path: path + "/accounts", Summary: "Ledger accounts with their balances, now or as of an instant",
		Tag: tag, Scope: scope}, r.accounts)
	get(a, op{ID: "listLedgerTransactions", Path: path + "/transactions", Summary: "Ledger transactions with their entries", Tag: tag,
		Scope: scope}, r.transactions)
	get(a, op{ID: "getLedgerTransaction", Path: path + "/transactions/{id}", Summary: "One ledger transaction with its entries", Tag: tag,
		Scope: scope}, r.transaction)
	get(a, op{ID: "listLedgerEntries", Path: path + "/entries", Summary: "Ledger entries, the newest transaction first", Tag: tag,
		Scope: scope}, r.entries)
	get(a, op{ID: "getTrialBalance", Path: path + "/trial-balance", Summary: "Debits and credits by asset; the difference is zero", Tag: tag,
		Scope: scope}, r.trial)
}

func (r ledger) accounts(ctx context.Context, in *listLedgerAccountsIn) (*List[ledgerAccount], error) {
	owner, err := r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID)
	if err != nil {
		return nil, err
	}
	w, err := r.cursors.window(ctx, in.PageQuery)
	if err != nil {
		return nil, err
	}
	ask := store.LedgerAccountQuery{Limit: w.Limit, Owner: owner, Account: in.Account, At: given(in.At)}
	if w.After != nil {
		account, asset, _ := strings.Cut(w.After.Sort, " ")
		ask.AfterAccount, ask.AfterAsset = account, money.Asset(asset)
	}
	rows, err := r.store.ListLedgerAccounts(ctx, callOf(ctx), ask)
	if err != nil {
		return nil, err
	}
	return page(ctx, w, rows, func(row store.LedgerAccount) ledgerAccount {
		return ledgerAccount{Account: row.Account, BillingAccountID: maybeID(keys.BillingAccount, row.BillingAccountID),
			Balance: cash(row.Balance, row.Asset), Entries: row.Entries}
	}, func(row store.LedgerAccount) Position { return Position{Sort: row.Account + " " + string(row.Asset)} })
}

func (r ledger) transactions(ctx context.Context, in *listTransactionsIn) (*List[ledgerTransaction], error) {
	account, err := r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID)
	if err != nil {
		return nil, err
	}
	filter := store.LedgerFilter{Account: account, Kind: in.Kind, SourceType: in.SourceType, SourceID: in.SourceID}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]store.LedgerRecord, bool, error) {
		return r.store.ListLedgerTransactions(ctx, callOf(ctx), p, filter)
	}, showTransaction)
}

func (r ledger) transaction(ctx context.Context, in *idPath) (*One[ledgerTransaction], error) {
	id, err := pathID(keys.LedgerTransaction, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.FindLedgerTransaction(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showTransaction(row)
	return &One[ledgerTransaction]{Body: body}, nil
}

func (r ledger) entries(ctx context.Context, in *listEntriesIn) (*List[ledgerEntry], error) {
	owner, err := r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID)
	if err != nil {
		return nil, err
	}
	w, err := r.cursors.window(ctx, in.PageQuery)
	if err != nil {
		return nil, err
	}
	ask := store.EntryQuery{Limit: w.Limit, Owner: owner, Account: in.Account, Asset: money.Asset(in.Currency), At: given(in.At)}
	if w.After != nil {
		ask.AfterTransaction = &w.After.ID
		ask.AfterSeq, _ = strconv.Atoi(w.After.Sort) // sealed by ourselves
	}
	rows, err := r.store.ListLedgerEntries(ctx, callOf(ctx), ask)
	if err != nil {
		return nil, err
	}
	return page(ctx, w, rows, showEntry, func(e models.LedgerEntry) Position {
		return Position{ID: e.TransactionID, Sort: strconv.Itoa(e.Seq)}
	})
}

func (r ledger) trial(ctx context.Context, in *trialBalanceIn) (*One[trialBalance], error) {
	lines, err := r.store.TrialBalance(ctx, callOf(ctx), given(in.At))
	if err != nil {
		return nil, err
	}
	out := trialBalance{Data: make([]trialLine, 0, len(lines))}
	for _, l := range lines {
		out.Data = append(out.Data, trialLine{Currency: string(l.Asset), Debit: cash(l.Debit, l.Asset).Amount, Credit: cash(l.Credit, l.Asset).Amount,
			Balance: cash(l.Balance, l.Asset).Amount})
	}
	return &One[trialBalance]{Body: out}, nil
}

func showTransaction(x store.LedgerRecord) (ledgerTransaction, uuid.UUID) {
	out := ledgerTransaction{ID: keys.Encode(keys.LedgerTransaction, x.ID), Kind: x.Kind, OperationKey: x.OperationKey,
		BillingAccountID: maybeID(keys.BillingAccount, x.BillingAccountID), Seq: x.Seq, Hash: hex.EncodeToString(x.Hash),
		PreviousHash: hex.EncodeToString(x.PreviousHash), SourceType: x.SourceType, SourceID: x.SourceID,
		ReversesID: maybeID(keys.LedgerTransaction, x.ReversesID), WorkflowID: x.WorkflowID, EffectiveAt: instant(x.EffectiveAt),
		RecordedAt: instant(x.RecordedAt), Entries: make([]ledgerEntry, 0, len(x.Entries))}
	for _, e := range x.Entries {
		out.Entries = append(out.Entries, showEntry(e))
	}
	return out, x.ID
}

func showEntry(e models.LedgerEntry) ledgerEntry {
	return ledgerEntry{TransactionID: keys.Encode(keys.LedgerTransaction, e.TransactionID), Seq: e.Seq, Account: e.Account,
		BillingAccountID: maybeID(keys.BillingAccount, e.BillingAccountID), Amount: cash(e.Amount, e.Asset), EffectiveAt: instant(e.EffectiveAt),
		RecordedAt: instant(e.RecordedAt)}
}
