package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

// AssetBalance is what an account has in one asset, by the books and by what decides the next call:
// Available + Held = Posted - Pending.
type AssetBalance struct {
	Asset     money.Asset
	Posted    decimal.Decimal // the wallet in the ledger
	Pending   decimal.Decimal // taken from lots and not settled yet, less lots in use whose issuance is not posted yet
	Available decimal.Decimal
	Held      decimal.Decimal // by open leases
	Spendable decimal.Decimal // what lots can give at this instant, less what is held
	Lots      []models.CreditLot
}

// AccountBalance is an account's balances at its now, by asset.
type AccountBalance struct {
	Account models.BillingAccount
	At      time.Time
	Assets  []AssetBalance
}

// FindBalance reads an account's balances with the lots that are not used up.
func (s *Store) FindBalance(ctx context.Context, call Call, account uuid.UUID) (AccountBalance, error) {
	var out AccountBalance
	err := s.read(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, account)
		if err != nil {
			return err
		}
		out = AccountBalance{Account: a}
		if out.At, err = t.accountNow(a); err != nil {
			return err
		}
		out.Assets, err = t.balances(a, out.At)
		return err
	})
	return out, err
}

// assetSum is one row of a sum by asset.
type assetSum struct {
	Asset money.Asset
	Sum   decimal.Decimal
}

const pendingByAsset = `
SELECT asset, sum(amount) AS sum FROM (
  SELECT x.asset, x.amount FROM allocations x
    JOIN dispatch d ON d.realm_id = x.realm_id AND d.topic = 'settlement' AND d.id = x.rating_id
   WHERE x.billing_account_id = @account AND x.kind = 'lot'
  UNION ALL
  SELECT asset, -issued FROM credit_lots
   WHERE billing_account_id = @account AND NOT posted AND status IN ('active', 'frozen', 'exhausted', 'expired')
) p GROUP BY asset`

func (t *tx) balances(a models.BillingAccount, now time.Time) ([]AssetBalance, error) {
	var funds []models.AccountFunds
	var posted, pending []assetSum
	var lots []models.CreditLot
	if err := t.Where("billing_account_id = ?", a.ID).Find(&funds).Error; err != nil {
		return nil, err
	}
	if err := t.Model(&models.LedgerBalance{}).Select("asset, -balance AS sum").Where("account = ?", ledger.Wallet(wire(a.ID))).
		Scan(&posted).Error; err != nil {
		return nil, err
	}
	if err := t.Raw(pendingByAsset, map[string]any{"account": a.ID}).Scan(&pending).Error; err != nil {
		return nil, err
	}
	if err := t.Where("billing_account_id = ? AND status IN ?", a.ID,
		[]models.LotStatus{models.LotScheduled, models.LotPending, models.LotActive, models.LotFrozen}).
		Order("effective_at, id").Find(&lots).Error; err != nil {
		return nil, err
	}
	sheet := balanceSheet{}
	for _, f := range funds {
		b := sheet.of(f.Asset)
		b.Available, b.Held = f.Available, f.Held
	}
	for _, p := range posted {
		sheet.of(p.Asset).Posted = p.Sum
	}
	for _, p := range pending {
		sheet.of(p.Asset).Pending = p.Sum
	}
	for _, l := range lots {
		b := sheet.of(l.Asset)
		b.Lots = append(b.Lots, l)
	}
	return sheet.sorted(now), nil
}

type balanceSheet map[money.Asset]*AssetBalance

func (s balanceSheet) of(asset money.Asset) *AssetBalance {
	if s[asset] == nil {
		s[asset] = &AssetBalance{Asset: asset}
	}
	return s[asset]
}

func (s balanceSheet) sorted(now time.Time) []AssetBalance {
	out := make([]AssetBalance, 0, len(s))
	for _, b := range s {
		usable := make([]credit.Lot, 0, len(b.Lots))
		for _, l := range b.Lots {
			if l.Status == models.LotScheduled || l.Status == models.LotActive {
				usable = append(usable, l.Value())
			}
		}
		b.Spendable = decimal.Max(decimal.Zero, credit.Spendable(usable, now).Sub(b.Held))
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b AssetBalance) int { return strings.Compare(string(a.Asset), string(b.Asset)) })
	return out
}

// LotFilter narrows a list of lots; empty fields do not.
type LotFilter struct {
	Account *uuid.UUID
	Asset   money.Asset
	Status  models.LotStatus
}

// ListLots reads a page of credit lots.
func (s *Store) ListLots(ctx context.Context, call Call, page Page, f LotFilter) ([]models.CreditLot, bool, error) {
	return list[models.CreditLot](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = ofAccount(q, f.Account)
		if f.Asset != "" {
			q = q.Where("asset = ?", f.Asset)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		return q
	})
}

func ofAccount(q *gorm.DB, account *uuid.UUID) *gorm.DB {
	if account == nil {
		return q
	}
	return q.Where("billing_account_id = ?", *account)
}
