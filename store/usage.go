package store

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// aheadOfClock is how far usage may lie in the future: clocks of different machines differ.
const aheadOfClock = 5 * time.Minute

// occurredAt is when usage happened: now, or as its reporter says, who cannot speak of the future.
func occurredAt(said *time.Time, now time.Time) (time.Time, error) {
	if said == nil {
		return now, nil
	}
	if said.After(now.Add(aheadOfClock)) {
		return now, fault.At("/occurred_at", "window_invalid", "Usage cannot lie in the future; it is %s.", now.Format(time.RFC3339))
	}
	return *said, nil
}

// Report is usage that happened without a lease. Key and Hash make it count once per account.
type Report struct {
	Account     uuid.UUID
	FeatureCode string // empty: whichever feature of the account's plans the meter measures
	Meters      []gate.MeterQuantity
	OccurredAt  *time.Time // the account's now when nil
	Labels      map[string]string
	Key         string
	Hash        []byte
}

// Recorded is what became of a report.
type Recorded struct {
	Events   []models.UsageEvent
	Replayed bool
}

// checkQuantities refuses what would give funds or bounds back: corrections are decisions of their own.
func checkQuantities(meters []gate.MeterQuantity) error {
	var f fields
	for i, m := range meters {
		if m.Quantity.IsNegative() {
			f.at(pointer("/meters", i)+"/quantity", "out_of_range", "A quantity must not be negative.")
		}
	}
	return f.fault()
}

// RecordUsage keeps the report; a worker rates it by the terms of the instant it occurred.
func (s *Store) RecordUsage(ctx context.Context, call Call, in Report) (Recorded, error) {
	var out Recorded
	if err := checkQuantities(in.Meters); err != nil {
		return out, err
	}
	err := s.keyed(ctx, call, func(t *tx) error {
		out = Recorded{}
		account, now, err := t.lockAccount(in.Account)
		if err != nil {
			return err
		}
		if done, err := t.recordedBefore(in, &out); err != nil || done {
			return err
		}
		switch account.Status {
		case models.AccountClosed:
			return fault.New(fault.Conflict, "state_conflict", "The account is closed.")
		case models.AccountActive, models.AccountSuspended, models.AccountParked:
			// Work that was done is kept, whatever the account may begin from now on.
		}
		occurred, err := occurredAt(in.OccurredAt, now)
		if err != nil {
			return err
		}
		feature, err := t.featureOf(in.FeatureCode)
		if err != nil {
			return err
		}
		like := models.UsageEvent{BillingAccountID: account.ID, Key: in.Key, RequestHash: in.Hash, FeatureID: feature, Status: models.EventAccepted,
			Labels: in.Labels, Times: models.Times{EffectiveAt: occurred, RecordedAt: now}}
		for _, m := range merge(in.Meters) {
			e, err := t.recordMeter(account, like, m)
			if err != nil {
				return err
			}
			out.Events = append(out.Events, e)
		}
		return nil
	})
	return out, err
}

func (t *tx) recordedBefore(in Report, out *Recorded) (bool, error) {
	err := t.Where("billing_account_id = ? AND key = ?", in.Account, in.Key).Order("id").Find(&out.Events).Error
	if err != nil || len(out.Events) == 0 {
		return false, err
	}
	if !bytes.Equal(out.Events[0].RequestHash, in.Hash) {
		return false, fault.New(fault.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
	}
	for i, e := range out.Events {
		out.Events[i] = e.AsReported()
	}
	out.Replayed = true
	return true, nil
}

func (t *tx) featureOf(code string) (*uuid.UUID, error) {
	if code == "" {
		return nil, nil
	}
	var f models.Feature
	res := t.Where("code = ?", code).Limit(1).Find(&f)
	if res.Error == nil && res.RowsAffected == 0 {
		return nil, fault.At("/feature_code", "bad_format", "There is no feature %s.", code)
	}
	return &f.ID, res.Error
}

// recordMeter keeps one meter's quantity as an event like the one given.
func (t *tx) recordMeter(account models.BillingAccount, e models.UsageEvent, m gate.MeterQuantity) (models.UsageEvent, error) {
	var meter models.Meter
	res := t.Where("code = ?", m.MeterCode).Limit(1).Find(&meter)
	if res.Error != nil {
		return models.UsageEvent{}, res.Error
	}
	if res.RowsAffected == 0 {
		return models.UsageEvent{}, fault.At("/meters", "unknown_meter", "There is no meter %s.", m.MeterCode)
	}
	e.Row, e.MeterID, e.Quantity = models.Row{RealmID: t.call.Realm, ID: models.NewID()}, meter.ID, m.Quantity
	if e.Labels == nil {
		e.Labels = map[string]string{}
	}
	if account.BillingMode == models.SelfHosted {
		e.Status, e.Reason = models.EventSkipped, string(models.SelfHosted)
		return e, t.Create(&e).Error
	}
	if err := t.Create(&e).Error; err != nil {
		return e, err
	}
	return e, t.dispatch(models.TopicRating, e.ID, &account.ID, keys.Shard(account.ID, Shards))
}

// DueAccounts finds up to limit accounts of a shard that have work of a topic waiting, in any realm.
func (s *Store) DueAccounts(ctx context.Context, topic models.Topic, shard, limit int) ([]Due, error) {
	var due []Due
	err := s.asDispatcher(ctx, func(g *gorm.DB) error {
		due = nil
		return g.Raw(`SELECT realm_id, billing_account_id, billing_account_id AS id FROM dispatch
			WHERE topic = ? AND shard = ? AND due_at <= clock_timestamp()
			GROUP BY realm_id, billing_account_id ORDER BY min(due_at) LIMIT ?`, topic, shard, limit).Scan(&due).Error
	})
	return due, err
}

// Realms lists every realm, for sweeps.
func (s *Store) Realms(ctx context.Context) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := s.asDispatcher(ctx, func(g *gorm.DB) error {
		ids = nil
		return g.Raw("SELECT id FROM realms ORDER BY id").Scan(&ids).Error
	})
	return ids, err
}

// RateUsage rates up to limit of the account's accepted events in the order in which they occurred, and says how many it took.
func (s *Store) RateUsage(ctx context.Context, call Call, account uuid.UUID, limit int) (int, error) {
	var took int
	err := s.working(ctx, call, func(t *tx) error {
		a, now, err := t.lockWorking(account) // the lots of a parked account's new periods are not there yet
		if err != nil {
			return err
		}
		var events []models.UsageEvent
		if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("billing_account_id = ? AND status = ?", account, models.EventAccepted).
			Order("effective_at, id").Limit(limit).Find(&events).Error; err != nil {
			return err
		}
		for i := range events {
			if err := t.rateEvent(a, &events[i], now); err != nil {
				return err
			}
		}
		took = len(events)
		return nil
	})
	return took, err
}

func (t *tx) rateEvent(a models.BillingAccount, e *models.UsageEvent, now time.Time) error {
	meter, err := find[models.Meter](t, e.MeterID)
	if err != nil {
		return err
	}
	q := measured{kind: models.FromUsage, source: e.ID, feature: e.FeatureID, meter: meter, quantity: e.Quantity, occurredAt: e.EffectiveAt,
		heardAt: e.RecordedAt}
	r, err := t.rate(a, q, now)
	if err != nil {
		return err
	}
	e.Status, e.RatingID = models.EventRated, &r.rating.ID
	if r.refused != "" {
		e.Status, e.RatingID, e.Reason = models.EventQuarantined, nil, r.refused
		if _, err := t.quarantine(a, q, r.refused, now); err != nil {
			return err
		}
	}
	if err := t.Save(e).Error; err != nil {
		return err
	}
	return t.undispatch(models.TopicRating, e.ID)
}

// SetAside lets the other accounts of a shard go on while one account's work waits for a person.
func (s *Store) SetAside(ctx context.Context, call Call, topic models.Topic, account uuid.UUID, after time.Duration) error {
	return s.within(ctx, call, func(t *tx) error {
		return t.Exec("UPDATE dispatch SET due_at = clock_timestamp() + ? * interval '1 second', attempts = attempts + 1 WHERE topic = ? AND billing_account_id = ?",
			after.Seconds(), topic, account).Error
	})
}
