package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

// LedgerAccount is one account of the chart in one asset: the sum of its entries, debit positive.
type LedgerAccount struct {
	Account          string
	BillingAccountID *uuid.UUID
	Asset            money.Asset
	Balance          decimal.Decimal
	Entries          int64
}

// LedgerAccountQuery narrows a list of ledger accounts. With At only entries count that are effective by then. The list is in
// order of account and asset, and begins after the pair named.
type LedgerAccountQuery struct {
	Limit        int
	AfterAccount string
	AfterAsset   money.Asset
	Owner        *uuid.UUID
	Account      string
	At           *time.Time
}

// ListLedgerAccounts sums the entries of each account, house accounts too.
func (s *Store) ListLedgerAccounts(ctx context.Context, call Call, in LedgerAccountQuery) ([]LedgerAccount, error) {
	var rows []LedgerAccount
	err := s.read(ctx, call, func(t *tx) error {
		rows = nil
		q := ofAccount(t.Model(&models.LedgerEntry{}), in.Owner)
		if in.Account != "" {
			q = q.Where("account = ?", in.Account)
		}
		if in.At != nil {
			q = q.Where("effective_at <= ?", *in.At)
		}
		if in.AfterAccount != "" {
			q = q.Where("(account, asset) > (?, ?)", in.AfterAccount, in.AfterAsset)
		}
		return q.Select("account, billing_account_id, asset, sum(amount) AS balance, count(*) AS entries").
			Group("account, billing_account_id, asset").Order("account, asset").Limit(in.Limit).Scan(&rows).Error
	})
	return rows, err
}

// TrialLine is one asset's line of the trial balance. Balance is zero, or the books are wrong.
type TrialLine struct {
	Asset   money.Asset
	Debit   decimal.Decimal
	Credit  decimal.Decimal // as a positive number
	Balance decimal.Decimal
}

// TrialBalance sums all entries of the realm by asset, those effective by an instant when one is given.
func (s *Store) TrialBalance(ctx context.Context, call Call, at *time.Time) ([]TrialLine, error) {
	var rows []TrialLine
	err := s.read(ctx, call, func(t *tx) error {
		rows = nil
		q := t.Model(&models.LedgerEntry{})
		if at != nil {
			q = q.Where("effective_at <= ?", *at)
		}
		return q.Select(`asset, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debit,
			coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credit, sum(amount) AS balance`).
			Group("asset").Order("asset").Scan(&rows).Error
	})
	return rows, err
}

// LedgerRecord is a transaction with its entries.
type LedgerRecord struct {
	models.LedgerTransaction
	Entries []models.LedgerEntry
}

// LedgerFilter narrows a list of transactions; empty fields do not.
type LedgerFilter struct {
	Account    *uuid.UUID
	Kind       string
	SourceType string
	SourceID   string
}

// ListLedgerTransactions reads a page of transactions with their entries. A source that the ledger never heard of is not found.
func (s *Store) ListLedgerTransactions(ctx context.Context, call Call, page Page, f LedgerFilter) ([]LedgerRecord, bool, error) {
	if err := mentioned[models.LedgerTransaction](ctx, s, call, "source_id", f.SourceID); err != nil {
		return nil, false, err
	}
	rows, more, err := list[models.LedgerTransaction](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = ofAccount(q, f.Account)
		for _, by := range []struct{ column, value string }{{"kind = ?", f.Kind}, {"source_type = ?", f.SourceType}, {"source_id = ?", f.SourceID}} {
			if by.value != "" {
				q = q.Where(by.column, by.value)
			}
		}
		return q
	})
	if err != nil {
		return nil, false, err
	}
	var out []LedgerRecord
	err = s.read(ctx, call, func(t *tx) error {
		out, err = t.withEntries(rows)
		return err
	})
	return out, more, err
}

// FindLedgerTransaction reads one transaction with its entries.
func (s *Store) FindLedgerTransaction(ctx context.Context, call Call, id uuid.UUID) (LedgerRecord, error) {
	var out LedgerRecord
	err := s.read(ctx, call, func(t *tx) error {
		row, err := find[models.LedgerTransaction](t, id)
		if err != nil {
			return err
		}
		records, err := t.withEntries([]models.LedgerTransaction{row})
		if err == nil {
			out = records[0]
		}
		return err
	})
	return out, err
}

func (t *tx) withEntries(rows []models.LedgerTransaction) ([]LedgerRecord, error) {
	out := make([]LedgerRecord, 0, len(rows))
	ids, at := make([]uuid.UUID, 0, len(rows)), make(map[uuid.UUID]int, len(rows))
	for i, r := range rows {
		ids, at[r.ID] = append(ids, r.ID), i
		out = append(out, LedgerRecord{LedgerTransaction: r})
	}
	if len(ids) == 0 {
		return out, nil
	}
	var entries []models.LedgerEntry
	if err := t.Where("transaction_id IN ?", ids).Order("transaction_id, seq").Find(&entries).Error; err != nil {
		return nil, err
	}
	for _, e := range entries {
		r := &out[at[e.TransactionID]]
		r.Entries = append(r.Entries, e)
	}
	return out, nil
}

// EntryQuery narrows a list of entries, newest transaction first; it begins after the entry named.
type EntryQuery struct {
	Limit            int
	AfterTransaction *uuid.UUID
	AfterSeq         int
	Owner            *uuid.UUID
	Account          string
	Asset            money.Asset
	At               *time.Time
}

// ListLedgerEntries reads entries of an account of the chart, or of a billing account.
func (s *Store) ListLedgerEntries(ctx context.Context, call Call, in EntryQuery) ([]models.LedgerEntry, error) {
	var rows []models.LedgerEntry
	err := s.read(ctx, call, func(t *tx) error {
		rows = nil
		q := ofAccount(t.Order("transaction_id DESC, seq DESC").Limit(in.Limit), in.Owner)
		if in.Account != "" {
			q = q.Where("account = ?", in.Account)
		}
		if in.Asset != "" {
			q = q.Where("asset = ?", in.Asset)
		}
		if in.At != nil {
			q = q.Where("effective_at <= ?", *in.At)
		}
		if in.AfterTransaction != nil {
			q = q.Where("(transaction_id, seq) < (?, ?)", *in.AfterTransaction, in.AfterSeq)
		}
		return q.Find(&rows).Error
	})
	return rows, err
}

// SettlementQuery narrows a list of settlements, by rating, newest first.
type SettlementQuery struct {
	Limit       int
	AfterRating *uuid.UUID
	Account     *uuid.UUID
	Transaction *uuid.UUID
}

// ListSettlements reads which ratings are in the ledger, and where.
func (s *Store) ListSettlements(ctx context.Context, call Call, in SettlementQuery) ([]models.Settlement, error) {
	var rows []models.Settlement
	err := s.read(ctx, call, func(t *tx) error {
		rows = nil
		q := ofAccount(t.Order("rating_id DESC").Limit(in.Limit), in.Account)
		if in.Transaction != nil {
			q = q.Where("ledger_transaction_id = ?", *in.Transaction)
		}
		if in.AfterRating != nil {
			q = q.Where("rating_id < ?", *in.AfterRating)
		}
		return q.Find(&rows).Error
	})
	return rows, err
}
