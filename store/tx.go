package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
)

// Call says in which realm, for whom and on whose account a decision is made.
type Call struct {
	Realm      uuid.UUID
	Actor      string // for the audit row
	RequestID  string
	WorkflowID string // for the ledger transaction
	RunID      string
	Match      Versions // what the caller has read of the object that it changes
	Once       *Once    // set by callers that answer under an Idempotency-Key
}

// tx is one transaction in one realm.
type tx struct {
	*gorm.DB
	call  Call
	parts []part // changes that the next audit row carries
	heard bool   // somebody sends messages as soon as they are committed
	sent  []models.Outbox
	parks int64 // accounts that it parks
}

const realmKey = "durabill:realm"

var errNoRealm = errors.New("store: a query outside a realm's transaction")

// refuseOutsideRealm makes forgetting the realm an error here, before row level security makes it an empty answer.
func refuseOutsideRealm(db *gorm.DB) error {
	guard := func(d *gorm.DB) {
		if _, ok := d.Get(realmKey); !ok {
			_ = d.AddError(errNoRealm)
		}
	}
	c := db.Callback()
	return errors.Join(
		c.Query().Before("gorm:query").Register("durabill:realm", guard),
		c.Create().Before("gorm:create").Register("durabill:realm", guard),
		c.Update().Before("gorm:update").Register("durabill:realm", guard),
		c.Delete().Before("gorm:delete").Register("durabill:realm", guard),
		c.Row().Before("gorm:row").Register("durabill:realm", guard),
		c.Raw().Before("gorm:raw").Register("durabill:realm", guard),
	)
}

// within runs fn in one transaction in the call's realm, and again when only the database's own bookkeeping
// (serialization, deadlock, lock timeout, connection) stood in the way. A COMMIT without an answer is run again only under an
// Idempotency-Key, which makes the second run give the first one's answer; otherwise the caller is told that the outcome is unknown.
func (s *Store) within(ctx context.Context, call Call, fn func(*tx) error) error {
	return s.decision(ctx, call, ends{repeatable: call.Once != nil}, fn)
}

// keyed is within for a decision that has a unique key of its own and looks for its earlier result under the lock by which it
// decides, so that it may be run again whatever became of the first run.
func (s *Store) keyed(ctx context.Context, call Call, fn func(*tx) error) error {
	return s.decision(ctx, call, ends{repeatable: true}, fn)
}

func (s *Store) decision(ctx context.Context, call Call, e ends, fn func(*tx) error) error {
	err := s.run(ctx, call, e, func(t *tx) error {
		if err := fn(t); err != nil {
			return err
		}
		fault.Point(fault.PointBeforeCommit)
		return nil
	})
	if err == nil {
		fault.Point(fault.PointCommitted)
	}
	return err
}

// read is within for queries: the same transaction, the same retries; the name tells the reader that nothing changes.
func (s *Store) read(ctx context.Context, call Call, fn func(*tx) error) error {
	return s.run(ctx, call, ends{repeatable: true}, fn)
}

func (s *Store) run(ctx context.Context, call Call, e ends, fn func(*tx) error) error {
	if call.Realm == uuid.Nil {
		return errNoRealm
	}
	var t *tx
	err := retry(ctx, e, func() error {
		return s.transaction(ctx, call.Realm, func(g *gorm.DB) error {
			if err := g.Exec("SELECT set_config('app.realm_id', ?, true)", call.Realm.String()).Error; err != nil {
				return err
			}
			t = &tx{DB: g, call: call, heard: s.heard != nil}
			return fn(t)
		})
	})
	if err == nil {
		s.parked.Add(t.parks)
	}
	if err == nil && len(t.sent) > 0 && s.heard != nil {
		s.heard(t.sent)
	}
	return err
}

// transaction runs fn once. It fails with a silentCommit if it cannot say whether fn took effect; after every other error it did not.
func (s *Store) transaction(ctx context.Context, realm uuid.UUID, fn func(*gorm.DB) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The pool itself lets a caller wait for ever.
	wait := time.AfterFunc(s.acquire, func() { cancel(errNoConnection) })
	g := s.db.WithContext(ctx).Set(realmKey, realm).Begin()
	wait.Stop()
	if g.Error != nil {
		return errors.Join(context.Cause(ctx), g.Error)
	}
	done := false
	defer func() {
		if !done {
			g.Rollback()
		}
	}()
	if err := fn(g); err != nil {
		return err
	}
	done = true
	return committed(g.Commit().Error)
}

// decide runs one decision and, under an Idempotency-Key, stores its answer with it or gives the stored one back.
func decide[R any](ctx context.Context, s *Store, call Call, fn func(*tx) (R, error)) (R, error) {
	var result R
	err := s.within(ctx, call, func(t *tx) error {
		if err := t.claim(); err != nil {
			return err
		}
		var err error
		if result, err = fn(t); err != nil {
			return err
		}
		return t.answer(result)
	})
	return result, err
}
