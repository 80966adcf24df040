package store

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"

	"github.com/shopspring/decimal"
)

// SettleRatings posts up to limit of the account's unsettled ratings: one ledger transaction per billing period, whatever
// the number of ratings. It posts what was allocated and decides nothing again. It says how many ratings it took.
func (s *Store) SettleRatings(ctx context.Context, call Call, account uuid.UUID, limit int) (int, error) {
	var took int
	var done []settled
	err := s.within(ctx, call, func(t *tx) error {
		done = nil
		_, now, err := t.lockAccount(account)
		if err != nil {
			return err
		}
		var ratings []models.Rating
		if err := t.Where(`id IN (SELECT id FROM dispatch WHERE topic = ? AND billing_account_id = ? ORDER BY id LIMIT ?)`,
			models.TopicSettlement, account, limit).Order("period_start, id").Find(&ratings).Error; err != nil {
			return err
		}
		took = len(ratings)
		for len(ratings) > 0 {
			n := 1
			for n < len(ratings) && ratings[n].PeriodStart.Equal(ratings[0].PeriodStart) {
				n++
			}
			one, err := t.settle(account, ratings[:n], now)
			if err != nil {
				return err
			}
			done, ratings = append(done, one), ratings[n:]
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, d := range done {
		s.log.LogAttrs(ctx, slog.LevelInfo, "settled", slog.String("billing_account_id", wire(account)), slog.String("settlement_id", d.id),
			slog.Any("rating_ids", d.ratings))
	}
	return took, nil
}

// settled is one settlement with its ratings, by wire id, for the log.
type settled struct {
	id      string
	ratings []string
}

// settle posts the ratings of one period as one transaction, dated at the last of them.
func (t *tx) settle(account uuid.UUID, ratings []models.Rating, now time.Time) (settled, error) {
	ids, parts := make([]uuid.UUID, 0, len(ratings)), make([]string, 0, len(ratings))
	at := ratings[0].EffectiveAt
	for _, r := range ratings {
		ids, parts = append(ids, r.ID), append(parts, r.ID.String())
		if r.EffectiveAt.After(at) {
			at = r.EffectiveAt
		}
	}
	usage, err := t.settledParts(account, ids)
	if err != nil {
		return settled{}, err
	}
	settlement := keys.Derive("settlement", parts...)
	var tr *uuid.UUID
	posting, err := ledger.UsageSettled(wire(account), usage)
	switch {
	case ledger.IsNothing(err):
		// Zero, or too small for the ledger's scale: the next settlement carries the sum.
	case err != nil:
		return settled{}, err
	default:
		id, err := t.post(posting, header{key: keys.RatingsSettled(settlement), account: account, sourceType: "settlement",
			sourceID: keys.Encode(keys.Settlement, settlement), effectiveAt: at, now: now})
		if err != nil {
			return settled{}, err
		}
		tr = &id
		fault.Point(fault.PointUnsettled)
	}
	rows := make([]models.Settlement, 0, len(ratings))
	for _, r := range ratings {
		rows = append(rows, models.Settlement{RealmID: t.call.Realm, RatingID: r.ID, LedgerTransactionID: tr, BillingAccountID: account,
			Times: models.Times{EffectiveAt: at, RecordedAt: now}})
	}
	if err := t.Create(&rows).Error; err != nil {
		return settled{}, err
	}
	out := settled{id: keys.Encode(keys.Settlement, settlement)}
	for _, id := range ids {
		out.ratings = append(out.ratings, keys.Encode(keys.Rating, id))
	}
	return out, t.undispatch(models.TopicSettlement, ids...)
}

// settledParts sums the ratings' allocations by asset and currency, exactly, and telescopes each sum to the ledger's scale.
func (t *tx) settledParts(account uuid.UUID, ratings []uuid.UUID) ([]ledger.UsagePart, error) {
	var allocations []models.Allocation
	if err := t.Where("rating_id IN ?", ratings).Find(&allocations).Error; err != nil {
		return nil, err
	}
	type bucket struct {
		name  string
		asset money.Asset
	}
	sums := map[bucket]decimal.Decimal{}
	add := func(b bucket, v decimal.Decimal) { sums[b] = sums[b].Add(v) }
	for _, a := range allocations {
		if a.Kind == models.AllocationOverage {
			add(bucket{bucketUnbilled, a.Currency}, a.Fiat)
			continue
		}
		add(bucket{bucketWallet, a.Asset}, a.Amount)
		if !a.Fiat.IsZero() {
			add(bucket{bucketCost, a.Currency}, a.Fiat)
		}
	}
	order := make([]bucket, 0, len(sums))
	for b := range sums {
		order = append(order, b)
	}
	slices.SortFunc(order, func(a, b bucket) int {
		return strings.Compare(a.name+"\x00"+string(a.asset), b.name+"\x00"+string(b.asset))
	})
	parts := make([]ledger.UsagePart, 0, len(order))
	for _, b := range order {
		posted, err := t.telescope(account, b.name, b.asset, sums[b])
		if err != nil {
			return nil, err
		}
		switch b.name {
		case bucketUnbilled:
			parts = append(parts, ledger.UsagePart{Currency: b.asset, OveragePosted: posted})
		case bucketCost:
			parts = append(parts, ledger.UsagePart{Currency: b.asset, PaidCostPosted: posted})
		default:
			parts = append(parts, ledger.UsagePart{CreditAsset: b.asset, CoveredPosted: posted})
		}
	}
	return parts, nil
}
