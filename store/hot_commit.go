package store

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// Use is what was really done under a lease. Key and Hash make it count once per lease.
type Use struct {
	Token      string
	Meters     []gate.MeterQuantity
	OccurredAt *time.Time // the account's now when nil
	Close      bool
	Key        string
	Hash       []byte
}

// RatedMeter is one rating of a commit, with what pays for it.
type RatedMeter struct {
	Rating      models.Rating       `json:"rating"`
	MeterCode   string              `json:"meter_code"`
	Allocations []models.Allocation `json:"allocations"`
}

// Committed is the answer to a commit, the same for every repeat.
type Committed struct {
	CommitID    uuid.UUID               `json:"commit_id"`
	LeaseID     uuid.UUID               `json:"lease_id"`
	Ratings     []RatedMeter            `json:"ratings"`
	Quarantined []models.QuarantineItem `json:"quarantined"`
	Hints       []gate.Hint             `json:"hints"`
	Funds       []models.AccountFunds   `json:"funds"`
	Replayed    bool                    `json:"-"`
}

// CommitLease rates what was used, pays it from lots or notes the overage, frees the lease's holds, and keeps whatever does
// not fit the lease or has no price in quarantine.
func (s *Store) CommitLease(ctx context.Context, call Call, use Use) (Committed, error) {
	var out Committed
	if err := checkQuantities(use.Meters); err != nil {
		return out, err
	}
	err := s.keyed(ctx, call, func(t *tx) error {
		out = Committed{}
		lease, account, now, err := t.lockLease(use.Token)
		if err != nil {
			return err
		}
		if done, err := t.committedBefore(lease, use, &out); err != nil || done {
			return err
		}
		if lease.Status == models.LeaseCommitted || lease.Status == models.LeaseReleased {
			return fault.New(fault.Conflict, leaseOver(lease.Status), "The lease is %s.", lease.Status)
		}
		out, err = t.commit(account, lease, use, now)
		return err
	})
	return out, err
}

func leaseOver(s models.LeaseStatus) string {
	if s == models.LeaseReleased {
		return "lease_released"
	}
	return "lease_closed"
}

var errNoLease = fault.New(fault.NotFound, "not_found", "There is no such lease in this realm.")

// lockLease finds the lease of a token and takes the locks in the house's order: account first, lease last.
func (t *tx) lockLease(token string) (models.Lease, models.BillingAccount, time.Time, error) {
	hash, err := keys.HashLeaseToken(token)
	if err != nil {
		return models.Lease{}, models.BillingAccount{}, time.Time{}, errNoLease
	}
	lease, exists, err := first[models.Lease](t.Where("token_hash = ?", hash))
	if err == nil && !exists {
		err = errNoLease
	}
	if err != nil {
		return lease, models.BillingAccount{}, time.Time{}, err
	}
	account, now, err := t.lockAccount(lease.BillingAccountID)
	if err != nil {
		return lease, account, now, err
	}
	lease, err = lock[models.Lease](t, lease.ID)
	return lease, account, now, err
}

func (t *tx) committedBefore(lease models.Lease, use Use, out *Committed) (bool, error) {
	var row models.Commit
	res := t.Where("lease_id = ? AND key = ?", lease.ID, use.Key).Limit(1).Find(&row)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	if !bytes.Equal(row.RequestHash, use.Hash) {
		return false, fault.New(fault.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
	}
	out.Replayed = true
	return true, json.Unmarshal(row.Response, out)
}

func (t *tx) commit(account models.BillingAccount, lease models.Lease, use Use, now time.Time) (Committed, error) {
	out := Committed{CommitID: models.NewID(), LeaseID: lease.ID, Ratings: []RatedMeter{}, Quarantined: []models.QuarantineItem{}, Hints: []gate.Hint{}}
	occurred, err := occurredAt(use.OccurredAt, now)
	if err != nil {
		return out, err
	}
	expired := lease.Status == models.LeaseExpired || now.After(lease.ExpiresAt)
	// The holds go first, so that the usage may take from what was held for it.
	if err := t.settleLease(&lease, use, expired, now); err != nil {
		return out, err
	}
	w := work{account: account, lease: &lease, occurred: occurred, expired: expired, now: now, out: &out}
	for _, m := range merge(use.Meters) {
		if err := t.commitMeter(w, m); err != nil {
			return out, err
		}
	}
	if err := t.Save(&lease).Error; err != nil {
		return out, err
	}
	if err := t.Where("billing_account_id = ?", account.ID).Order("asset").Find(&out.Funds).Error; err != nil {
		return out, err
	}
	body, err := json.Marshal(out)
	if err != nil {
		return out, err
	}
	return out, t.Create(&models.Commit{Row: models.Row{RealmID: t.call.Realm, ID: out.CommitID}, BillingAccountID: account.ID, LeaseID: lease.ID,
		Key: use.Key, RequestHash: use.Hash, Response: body, Times: models.Times{EffectiveAt: occurred, RecordedAt: now}}).Error
}

// settleLease closes the lease if this is its last commit, or if its time is over.
func (t *tx) settleLease(lease *models.Lease, use Use, expired bool, now time.Time) error {
	switch {
	case lease.Status != models.LeaseActive:
		return nil
	case expired:
		return t.closeLease(lease, models.LeaseExpired, now)
	case use.Close:
		return t.closeLease(lease, models.LeaseCommitted, now)
	}
	return nil
}

// closeLease ends a lease and frees exactly what it held.
func (t *tx) closeLease(lease *models.Lease, to models.LeaseStatus, now time.Time) error {
	if err := lease.Close(to, now); err != nil {
		return err
	}
	for _, h := range lease.Holds {
		if err := t.addFunds(lease.BillingAccountID, h.Asset, h.Value, h.Value.Neg()); err != nil {
			return err
		}
	}
	return t.Save(lease).Error
}

// work is what was done under a lease, and where the answer to it grows.
type work struct {
	account  models.BillingAccount
	lease    *models.Lease
	occurred time.Time
	expired  bool // the lease's time was over
	now      time.Time
	out      *Committed
}

// commitMeter rates what the lease was given for and keeps the rest in quarantine.
func (t *tx) commitMeter(w work, m gate.MeterQuantity) error {
	var meter models.Meter
	res := t.Where("code = ?", m.MeterCode).Limit(1).Find(&meter)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return fault.At("/meters", "unknown_meter", "There is no meter %s.", m.MeterCode)
	}
	if w.account.BillingMode == models.SelfHosted {
		return nil
	}
	q := measured{kind: models.FromCommit, source: w.out.CommitID, feature: &w.lease.FeatureID, meter: meter, quantity: m.Quantity, occurredAt: w.occurred}
	if w.expired {
		return t.keepCommitted(w, q, gate.HintLeaseExpired)
	}
	within := take(w.lease, m)
	if within.IsPositive() {
		q.quantity = within
		r, err := t.rate(w.account, q, w.now)
		if err != nil {
			return err
		}
		if r.refused != "" {
			// One meter of a commit is one item, whatever else is wrong with a part of it.
			q.quantity = m.Quantity
			return t.keepCommitted(w, q, r.refused)
		}
		w.out.Ratings = append(w.out.Ratings, RatedMeter{Rating: r.rating, MeterCode: m.MeterCode, Allocations: r.allocations})
	}
	if q.quantity = m.Quantity.Sub(within); q.quantity.IsPositive() {
		return t.keepCommitted(w, q, reasonAboveBounds)
	}
	return nil
}

// take uses up a part of the lease's bound for a meter and says how much of the quantity fits.
func take(lease *models.Lease, m gate.MeterQuantity) decimal.Decimal {
	for i := range lease.Bounds {
		b := &lease.Bounds[i]
		if b.MeterCode == m.MeterCode {
			within := decimal.Min(b.Quantity, m.Quantity)
			b.Quantity = b.Quantity.Sub(within)
			return within
		}
	}
	return decimal.Zero
}

// keepCommitted puts a committed quantity into quarantine and tells the caller so.
func (t *tx) keepCommitted(w work, q measured, reason string) error {
	item, err := t.quarantine(w.account, q, reason, w.now)
	if err != nil {
		return err
	}
	w.out.Quarantined = append(w.out.Quarantined, item)
	w.out.Hints = append(w.out.Hints, gate.Hint{Type: reason, Detail: "The quantity is kept in quarantine.",
		Data: map[string]string{"meter": q.meter.Code, "quantity": q.quantity.String()}})
	return nil
}

// quarantine keeps a quantity that has no price or no place, until it can be rated.
func (t *tx) quarantine(account models.BillingAccount, q measured, reason string, now time.Time) (models.QuarantineItem, error) {
	item := models.QuarantineItem{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, BillingAccountID: account.ID, SourceKind: q.kind,
		SourceID: q.source, MeterID: &q.meter.ID, MeterCode: q.meter.Code, Quantity: q.quantity, Reason: reason, Status: "open",
		Times: models.Times{EffectiveAt: q.occurredAt, RecordedAt: now}}
	return item, t.Create(&item).Error
}

// merge adds up quantities of one meter, in order of code.
func merge(meters []gate.MeterQuantity) []gate.MeterQuantity {
	var out []gate.MeterQuantity
	for _, m := range meters {
		i := slices.IndexFunc(out, func(o gate.MeterQuantity) bool { return o.MeterCode == m.MeterCode })
		if i < 0 {
			out = append(out, m)
			continue
		}
		out[i].Quantity = out[i].Quantity.Add(m.Quantity)
	}
	slices.SortFunc(out, func(a, b gate.MeterQuantity) int { return bytes.Compare([]byte(a.MeterCode), []byte(b.MeterCode)) })
	return out
}

// ReleaseLease gives up a lease: its holds are free again. Releasing it once more changes nothing.
func (s *Store) ReleaseLease(ctx context.Context, call Call, token string) (models.Lease, error) {
	var lease models.Lease
	err := s.keyed(ctx, call, func(t *tx) error {
		l, _, now, err := t.lockLease(token)
		if err != nil {
			return err
		}
		lease = l
		switch l.Status {
		case models.LeaseReleased, models.LeaseExpired:
			return nil
		case models.LeaseCommitted:
			return fault.New(fault.Conflict, "lease_closed", "The lease is committed.")
		case models.LeaseActive:
		}
		to := models.LeaseReleased
		if now.After(l.ExpiresAt) {
			to = models.LeaseExpired
		}
		err = t.closeLease(&lease, to, now)
		return err
	})
	return lease, err
}

// FindLease reads one lease.
func (s *Store) FindLease(ctx context.Context, call Call, id uuid.UUID) (models.Lease, error) {
	return get[models.Lease](ctx, s, call, id)
}

// expireLeases frees what leases hold whose time is over.
func (t *tx) expireLeases(account uuid.UUID, now time.Time) error {
	var leases []models.Lease
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("billing_account_id = ? AND status = ? AND expires_at < ?", account,
		models.LeaseActive, now).Order("id").Find(&leases).Error; err != nil {
		return err
	}
	for i := range leases {
		if err := t.closeLease(&leases[i], models.LeaseExpired, now); err != nil {
			return err
		}
	}
	return nil
}

// ReapLeases frees the holds of up to limit accounts of the realm that have leases whose time is over, and says how many it saw.
func (s *Store) ReapLeases(ctx context.Context, call Call, limit int) (int, error) {
	var accounts []uuid.UUID
	err := s.read(ctx, call, func(t *tx) error {
		return t.Raw(`SELECT DISTINCT l.billing_account_id FROM leases l
			JOIN billing_accounts a ON a.realm_id = l.realm_id AND a.id = l.billing_account_id
			LEFT JOIN test_clocks c ON c.realm_id = a.realm_id AND c.id = a.test_clock_id
			WHERE l.status = 'active' AND l.expires_at < coalesce(c.now_at, clock_timestamp()) LIMIT ?`, limit).Scan(&accounts).Error
	})
	if err != nil {
		return 0, err
	}
	for _, id := range accounts {
		err := s.within(ctx, call, func(t *tx) error {
			_, now, err := t.lockAccount(id)
			if err != nil {
				return err
			}
			return t.expireLeases(id, now)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(accounts), nil
}

func hasLot(lots []credit.Lot, id string) bool {
	return slices.ContainsFunc(lots, func(l credit.Lot) bool { return l.ID == id })
}
