package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// CreateStripeEndpoint makes the address at which one realm's events arrive. With a fixed id the same one is kept.
func (s *Store) CreateStripeEndpoint(ctx context.Context, call Call, id uuid.UUID, secrets []string, livemode bool) (models.StripeEndpoint, error) {
	return decide(ctx, s, call, func(t *tx) (models.StripeEndpoint, error) {
		now, err := t.databaseNow()
		if err != nil {
			return models.StripeEndpoint{}, err
		}
		e := models.StripeEndpoint{Row: models.Row{RealmID: call.Realm, ID: id}, Secrets: secrets, Livemode: livemode, Version: 1, Times: models.At(now)}
		fresh, err := insertOnce(t, &e)
		if err != nil || fresh {
			return e, err
		}
		kept, err := find[models.StripeEndpoint](t, id)
		if errors.Is(err, gorm.ErrRecordNotFound) { // a delivery names nothing but the endpoint, so another realm's cannot be used again
			return kept, fault.New(fault.Conflict, "already_exists", "The id of the endpoint is taken.")
		}
		return kept, err
	})
}

// RollStripeSecret gives an endpoint the secret that its deliveries are signed with from now on; the one before is accepted for
// the overlap, because Stripe signs with both meanwhile and a process may have read the row a moment ago.
func (s *Store) RollStripeSecret(ctx context.Context, call Call, id uuid.UUID, secret string, overlap time.Duration) (models.StripeEndpoint, error) {
	return decide(ctx, s, call, func(t *tx) (models.StripeEndpoint, error) {
		e, err := lock[models.StripeEndpoint](t, id)
		if err != nil {
			return e, err
		}
		if !strings.HasPrefix(secret, "whsec_") || len(secret) < minStripeSecret {
			return e, fault.New(fault.Invalid, "validation_failed", "A signing secret of Stripe begins with whsec_.")
		}
		if overlap < 0 || overlap > maxOverlap {
			return e, fault.New(fault.Invalid, "validation_failed", "The overlap must be between 0 and %s.", maxOverlap)
		}
		now, err := t.databaseNow()
		if err != nil {
			return e, err
		}
		if !e.Roll(secret, now.Add(overlap)) {
			return e, nil
		}
		if err := t.Save(&e).Error; err != nil {
			return e, err
		}
		// The row's secrets have no business in the audit log.
		return e, t.audit("stripe_endpoint.roll_secret", object{kind: "stripe_endpoint", prefix: keys.WebhookEndpoint, id: e.ID}, nil,
			map[string]any{"version": e.Version, "old_secret_until": e.OldSecretUntil}, now)
	})
}

const (
	minStripeSecret = 16
	maxOverlap      = 7 * 24 * time.Hour
)

// FindStripeEndpoint finds an endpoint, and with it the realm, before any realm is known.
func (s *Store) FindStripeEndpoint(ctx context.Context, id uuid.UUID) (models.StripeEndpoint, error) {
	var found struct{ RealmID uuid.UUID }
	err := s.asDispatcher(ctx, func(g *gorm.DB) error {
		// The dispatcher may read these two columns and no other.
		return g.Model(&models.StripeEndpoint{}).Select("realm_id").Where("id = ?", id).Take(&found).Error
	})
	if err != nil {
		return models.StripeEndpoint{}, err
	}
	return get[models.StripeEndpoint](ctx, s, Call{Realm: found.RealmID}, id)
}

// ReceiveEvent keeps a verified event once, whatever the number of its deliveries, and sends for its workflow; an event that
// is to be ignored gets no workflow.
func (s *Store) ReceiveEvent(ctx context.Context, call Call, e models.InboxEvent) (models.InboxEvent, error) {
	return decide(ctx, s, call, func(t *tx) (models.InboxEvent, error) {
		now, err := t.databaseNow()
		if err != nil {
			return e, err
		}
		e.RealmID, e.RecordedAt, e.Deliveries = call.Realm, now, 1
		ignored := e.Status == models.InboxIgnored
		if ignored {
			e.FinishedAt = &now
		} else {
			e.Status = models.InboxReceived
		}
		fresh, err := insertOnce(t, &e)
		if err != nil {
			return e, err
		}
		if !fresh {
			err := t.Model(&models.InboxEvent{}).Where("id = ?", e.ID).Update("deliveries", gorm.Expr("deliveries + 1")).Error
			if err == nil {
				err = t.Where("id = ?", e.ID).Take(&e).Error
			}
			return e, err
		}
		if ignored {
			return e, nil
		}
		return e, t.send(t.startEvent(e), now)
	})
}

// FindEvent reads one inbox event.
func (s *Store) FindEvent(ctx context.Context, call Call, id string) (models.InboxEvent, error) {
	var e models.InboxEvent
	err := s.read(ctx, call, func(t *tx) error { return t.Where("id = ?", id).Take(&e).Error })
	return e, err
}

// EventEnd is what became of an event, and whose it was.
type EventEnd struct {
	Status  models.InboxStatus
	Reason  string
	Account *uuid.UUID
}

// FinishEvent ends an event's processing; a repeat of the same end changes nothing.
func (s *Store) FinishEvent(ctx context.Context, call Call, id string, end EventEnd) error {
	return s.within(ctx, call, func(t *tx) error {
		var e models.InboxEvent
		if err := t.Where("id = ?", id).Take(&e).Error; err != nil || e.Status == end.Status {
			return err
		}
		now, err := t.databaseNow()
		if err != nil {
			return err
		}
		if err := e.Finish(end.Status, end.Reason, now); err != nil {
			return err
		}
		e.BillingAccountID = end.Account
		return t.Save(&e).Error
	})
}

// ReplayEvent lets a dead event try again.
func (s *Store) ReplayEvent(ctx context.Context, call Call, id string) (models.InboxEvent, error) {
	return decide(ctx, s, call, func(t *tx) (models.InboxEvent, error) {
		var e models.InboxEvent
		if err := t.Where("id = ?", id).Take(&e).Error; err != nil {
			return e, err
		}
		if e.Status == models.InboxReceived {
			return e, nil
		}
		if e.Status != models.InboxDead {
			return e, fault.New(fault.Conflict, "state_conflict", "The event is %s; only a dead one is replayed.", e.Status)
		}
		now, err := t.databaseNow()
		if err != nil {
			return e, err
		}
		was := map[string]any{"status": e.Status, "reason": e.Reason}
		e.Status, e.Reason, e.FinishedAt = models.InboxReceived, "", nil
		if err := t.Save(&e).Error; err != nil {
			return e, err
		}
		is := map[string]any{"status": e.Status, "reason": e.Reason}
		if err := t.audit("stripe_event.replayed", object{kind: "stripe_event", name: e.ID}, was, is, now); err != nil {
			return e, err
		}
		return e, t.send(t.startEvent(e), now)
	})
}

// EventFilter narrows a list of inbox events; empty fields do not.
type EventFilter struct {
	Status models.InboxStatus
	Type   string
}

// ListEvents reads up to limit events recorded before the one named, newest first.
func (s *Store) ListEvents(ctx context.Context, call Call, limit int, after string, f EventFilter) ([]models.InboxEvent, bool, error) {
	var rows []models.InboxEvent
	err := s.read(ctx, call, func(t *tx) error {
		rows = nil
		q := t.Order("recorded_at DESC, id DESC").Limit(limit + 1)
		if after != "" {
			q = q.Where("(recorded_at, id) < (SELECT recorded_at, id FROM stripe_inbox WHERE id = ?)", after)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		if f.Type != "" {
			q = q.Where("type = ?", f.Type)
		}
		return q.Find(&rows).Error
	})
	if err == nil && len(rows) > limit {
		return rows[:limit], true, nil
	}
	return rows, false, err
}
