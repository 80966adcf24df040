package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
)

// Call says in which realm, for whom and on whose account a decision is made.
type Call struct {
	Realm      uuid.UUID
	Actor      string // for the audit row
	RequestID  string
	WorkflowID string // for the ledger transaction
	RunID      string
	Once       *Once // set by callers that answer under an Idempotency-Key
}

// tx is one transaction in one realm.
type tx struct {
	*gorm.DB
	call Call
}

const (
	realmKey    = "durabill:realm"
	maxAttempts = 5
)

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

// within runs a decision in one transaction in the call's realm, and again, with the same ids, when only the database's own
// bookkeeping (serialization, deadlock, lock timeout, connection) stood in the way.
func (s *Store) within(ctx context.Context, call Call, fn func(*tx) error) error {
	err := s.read(ctx, call, func(t *tx) error {
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
	if call.Realm == uuid.Nil {
		return errNoRealm
	}
	return retry(ctx, func() error {
		return s.db.WithContext(ctx).Set(realmKey, call.Realm).Transaction(func(g *gorm.DB) error {
			if err := g.Exec("SELECT set_config('app.realm_id', ?, true)", call.Realm.String()).Error; err != nil {
				return err
			}
			return fn(&tx{DB: g, call: call})
		})
	})
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

func retry(ctx context.Context, fn func() error) error {
	for attempt := 1; ; attempt++ {
		err := fn()
		if err == nil || attempt == maxAttempts || !transient(err) {
			return translate(err)
		}
		pause := time.Duration(attempt*attempt)*5*time.Millisecond + rand.N(10*time.Millisecond) //nolint:gosec // jitter, not a secret
		select {
		case <-ctx.Done():
			return translate(err)
		case <-time.After(pause):
		}
	}
}

func transient(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return pgconn.SafeToRetry(err)
	}
	switch pg.Code {
	case "40001", "40P01", "55P03", "57P01", "57P02", "57P03":
		return true
	}
	return pg.Code[:2] == "08"
}

// translate gives a caller's words to what the database refuses; anything unknown stays as it is, and is Internal.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Fault
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return fault.New(fault.NotFound, "not_found", "There is no such object in this realm.").Because(err)
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return fault.New(fault.Unavailable, "timeout", "The database did not answer in time.").Because(err)
		}
		return err
	}
	switch {
	case pg.Code == "23505":
		return fault.New(fault.Conflict, "already_exists", "An object with this key exists already.").Because(err)
	case pg.Code == "23P01":
		return fault.New(fault.Conflict, "overlap_conflict", "It overlaps something that is there already.").Because(err)
	case pg.Code == "23503":
		return fault.New(fault.NotFound, "not_found", "It names an object that is not in this realm.").Because(err)
	case pg.Code == "23001":
		return fault.New(fault.Conflict, "immutable_resource", "This cannot be changed any more.").Because(err)
	case pg.Code == "23514", pg.Code == "23502", pg.Code == "22003":
		return fault.New(fault.Internal, "invariant_violated", "A rule of the books would be broken.").Because(err)
	case transient(err), pg.Code == "57014", pg.Code[:2] == "53":
		return fault.New(fault.Unavailable, "unavailable", "The database is busy or not reachable; try again.").Because(err)
	}
	return err
}
