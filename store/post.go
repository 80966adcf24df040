package store

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// header is what a ledger transaction says beside its entries.
type header struct {
	key         string
	account     uuid.UUID
	sourceType  string
	sourceID    string
	effectiveAt time.Time
	now         time.Time
}

// post writes a posting as the account's next ledger transaction, once per operation key: a repeat gives the id of the first.
// The caller holds the account's lock, which makes the account's chain a sequence.
func (t *tx) post(p ledger.Posting, h header) (uuid.UUID, error) {
	if err := p.Balanced(); err != nil {
		return uuid.Nil, err
	}
	var done models.LedgerTransaction
	err := t.Where("operation_key = ?", h.key).Take(&done).Error
	if err == nil || !errors.Is(err, gorm.ErrRecordNotFound) {
		return done.ID, err
	}
	head := models.LedgerHead{RealmID: t.call.Realm, BillingAccountID: h.account, Hash: []byte{}}
	if err := t.Where("billing_account_id = ?", h.account).Limit(1).Find(&head).Error; err != nil {
		return uuid.Nil, err
	}
	head.Seq++
	seq := head.Seq
	tr := models.LedgerTransaction{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()},
		OperationKey: h.key, Kind: p.Kind, BillingAccountID: &h.account, Seq: &seq, PreviousHash: head.Hash, SourceType: h.sourceType,
		SourceID: h.sourceID, WorkflowID: t.call.WorkflowID, RunID: t.call.RunID,
		Times: models.Times{EffectiveAt: h.effectiveAt, RecordedAt: h.now}}
	entries := t.entries(p, tr, h)
	tr.Hash = chainHash(head.Hash, tr, entries)
	head.Hash = tr.Hash
	if err := t.Create(&tr).Error; err != nil {
		return uuid.Nil, err
	}
	if err := t.Create(&entries).Error; err != nil {
		return uuid.Nil, err
	}
	if err := t.Clauses(clause.OnConflict{UpdateAll: true}).Create(&head).Error; err != nil {
		return uuid.Nil, err
	}
	return tr.ID, t.project(entries)
}

func (t *tx) entries(p ledger.Posting, tr models.LedgerTransaction, h header) []models.LedgerEntry {
	entries := make([]models.LedgerEntry, 0, len(p.Entries))
	for i, e := range p.Entries {
		row := models.LedgerEntry{RealmID: t.call.Realm, TransactionID: tr.ID, Seq: i + 1, Account: e.Account, Asset: e.Asset,
			Amount: e.Amount, Times: tr.Times}
		if ledger.IsOwned(e.Account) {
			row.BillingAccountID = &h.account
		}
		entries = append(entries, row)
	}
	return entries
}

// project adds the entries of owned accounts to their balances. House accounts have none: a shared row would queue everyone.
func (t *tx) project(entries []models.LedgerEntry) error {
	for _, e := range entries {
		if e.BillingAccountID == nil {
			continue
		}
		err := t.Exec(`INSERT INTO ledger_balances AS b (realm_id, account, asset, billing_account_id, balance, version)
			VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (realm_id, account, asset)
			DO UPDATE SET balance = b.balance + excluded.balance, version = b.version + 1`,
			t.call.Realm, e.Account, e.Asset, *e.BillingAccountID, e.Amount).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// Buckets of exact sums, one per kind of ledger movement that is made of ratings' exact amounts.
const (
	bucketWallet   = "wallet"   // credits that left lots
	bucketCost     = "cost"     // paid cost of those credits
	bucketUnbilled = "unbilled" // overage earned
	bucketBilled   = "billed"   // overage invoiced
)

// telescope turns an exact amount into its entry of scale 9, such that the entries of a bucket always add up to its exact sum.
func (t *tx) telescope(account uuid.UUID, bucket string, asset money.Asset, exact decimal.Decimal) (decimal.Decimal, error) {
	sum := models.LedgerExactSum{RealmID: t.call.Realm, BillingAccountID: account, Bucket: bucket, Asset: asset}
	err := t.Where("billing_account_id = ? AND bucket = ? AND asset = ?", account, bucket, asset).Limit(1).Find(&sum).Error
	if err != nil {
		return decimal.Zero, err
	}
	posted := ledger.Telescope(sum.Exact, exact)
	sum.Exact = sum.Exact.Add(exact)
	return posted, t.Clauses(clause.OnConflict{UpdateAll: true}).Create(&sum).Error
}

// wire is the account's id as the ledger's account codes carry it.
func wire(account uuid.UUID) string { return keys.Encode(keys.BillingAccount, account) }
