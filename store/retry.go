package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
)

const (
	maxAttempts = 5
	// What still runs under the key of a COMMIT without an answer is most likely that COMMIT.
	maxWaits  = 30
	waitPause = 100 * time.Millisecond
)

// ends says what may be done about a COMMIT without an answer.
type ends struct {
	repeatable bool // a second run finds what the first one did
}

// silentCommit is a COMMIT that was sent and not answered: it may have taken effect, or may still.
type silentCommit struct{ cause error }

func (c *silentCommit) Error() string { return "store: COMMIT without an answer: " + c.cause.Error() }

func (c *silentCommit) Unwrap() error { return c.cause }

var errNoConnection = errors.New("store: no connection became free")

// committed tells a refused COMMIT, after which nothing has happened, from one without an answer. The driver's own word that a
// retry is safe is worth nothing here: it also gives it for a connection that broke while it waited for the answer.
func committed(err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg) && !severed(pg.Code) && pg.Code != "40003", errors.Is(err, pgx.ErrTxCommitRollback):
		return err
	}
	return &silentCommit{cause: err}
}

// retry runs fn until it succeeds, is refused for good, or has been tried often enough.
func retry(ctx context.Context, e ends, fn func() error) error {
	var silent *silentCommit
	for attempt, waits := 1, 0; ; attempt++ {
		err := fn()
		var now *silentCommit
		pause := time.Duration(attempt*attempt)*5*time.Millisecond + rand.N(10*time.Millisecond) //nolint:gosec // jitter, not a secret
		switch {
		case errors.As(err, &now):
			silent = now
		case silent != nil && fault.Is(err, codeInProgress) && waits < maxWaits:
			attempt, waits, pause = attempt-1, waits+1, waitPause
		case err == nil, !transient(err) && (silent == nil || !fault.Is(err, codeInProgress)):
			return translate(err)
		}
		last := attempt == maxAttempts || waits == maxWaits || silent != nil && !e.repeatable
		if last || !rest(ctx, pause) {
			return outcome(silent, err)
		}
	}
}

// rest waits, unless ctx ends first.
func rest(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// outcome is what a caller learns when nothing is tried any more.
func outcome(silent *silentCommit, err error) error {
	if silent == nil {
		return translate(err)
	}
	return fault.New(fault.Unavailable, "outcome_unknown", "The database did not say whether this took effect. "+
		"Send the same request again with the same Idempotency-Key or If-Match.").Because(errors.Join(silent, err))
}

// severed are the server's last words on a connection that it ends.
func severed(code string) bool {
	switch code {
	case "57P01", "57P02", "57P03", "57P05", "25P03", "25P04":
		return true
	}
	return code[:2] == "08"
}

func transient(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return disconnected(err)
	}
	switch pg.Code {
	case "40001", "40003", "40P01", "55P03", "53300":
		return true
	}
	return severed(pg.Code)
}

// disconnected is what the driver says in many ways when the other end is gone.
func disconnected(err error) bool {
	for _, gone := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone, pgconn.ErrConnClosed} {
		if errors.Is(err, gone) {
			return true
		}
	}
	var network net.Error
	var connect *pgconn.ConnectError
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err)
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
	switch {
	case errors.Is(err, errNoConnection):
		return busy(err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrTxDone):
		return fault.New(fault.Unavailable, "timeout", "The database did not answer in time.").Because(err)
	case errors.As(err, &pg):
		return translateCode(pg.Code, err)
	case transient(err):
		return busy(err)
	}
	return err
}

func translateCode(code string, err error) error {
	switch {
	case code == "23505":
		return fault.New(fault.Conflict, "already_exists", "An object with this key exists already.").Because(err)
	case code == "23P01":
		return fault.New(fault.Conflict, "overlap_conflict", "It overlaps something that is there already.").Because(err)
	case code == "23503":
		return fault.New(fault.NotFound, "not_found", "It names an object that is not in this realm.").Because(err)
	case code == "23001":
		return fault.New(fault.Conflict, "immutable_resource", "This cannot be changed any more.").Because(err)
	case code == "23514", code == "23502", code == "22003":
		return fault.New(fault.Internal, "invariant_violated", "A rule of the books would be broken.").Because(err)
	case transient(err), code == "57014", code == "25006", code[:2] == "53": // a statement too slow, a standby, no room
		return busy(err)
	}
	return err
}

func busy(err error) error {
	return fault.New(fault.Unavailable, "unavailable", "The database is busy or not reachable; try again.").Because(err)
}
