package store

import (
	"bytes"
	"errors"
	"hash/fnv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
)

const codeInProgress = "idempotency_in_progress"

// keepAnswers is how long a repeated key gets the stored answer; money effects are guarded for ever by keys of their own.
const keepAnswers = 30 * 24 * time.Hour

// Answer is what a caller was told: HTTP status, headers worth repeating, body.
type Answer struct {
	Status  int
	Headers map[string]string
	Body    []byte
}

// Once makes a decision happen once per (realm, Scope, Key). Hash tells a repeat from another request under the same key;
// Render turns the decision's result into the answer that is stored with it. After the call, Answer holds what to send.
type Once struct {
	Scope, Key string
	Hash       []byte
	Render     func(result any) (Answer, uuid.UUID, error)

	Answer   Answer
	Replayed bool
}

// ErrReplayed says that the decision had been made before; Once.Answer holds its answer.
var ErrReplayed = errors.New("store: replayed")

func (t *tx) claim() error {
	once := t.call.Once
	if once == nil {
		return nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.call.Realm.String() + "\x00" + once.Scope + "\x00" + once.Key))
	var got bool
	// A plain insert would wait for the other transaction; the caller is better served by an answer now.
	if err := t.Raw("SELECT pg_try_advisory_xact_lock(?)", int64(h.Sum64())).Scan(&got).Error; err != nil {
		return err
	}
	if !got {
		return fault.New(fault.Conflict, codeInProgress, "A request with this Idempotency-Key is still running.")
	}
	var row models.IdempotencyKey
	err := t.Where("scope = ? AND key = ? AND expires_at > clock_timestamp()", once.Scope, once.Key).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		fault.Point(fault.PointClaimed)
		return nil
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(row.RequestHash, once.Hash) {
		return fault.New(fault.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
	}
	once.Answer, once.Replayed = Answer{Status: row.Status, Headers: row.Headers, Body: row.Body}, true
	return ErrReplayed
}

func (t *tx) answer(result any) error {
	once := t.call.Once
	if once == nil {
		return nil
	}
	answer, resource, err := once.Render(result)
	if err != nil {
		return err
	}
	once.Answer = answer
	now, err := t.databaseNow()
	if err != nil {
		return err
	}
	row := models.IdempotencyKey{RealmID: t.call.Realm, Scope: once.Scope, Key: once.Key, RequestHash: once.Hash, Status: answer.Status,
		Headers: answer.Headers, Body: answer.Body, CreatedAt: now, ExpiresAt: now.Add(keepAnswers)}
	if resource != uuid.Nil {
		row.ResourceID = &resource
	}
	// An expired row of the same key gives way.
	if err := t.Exec("DELETE FROM idempotency_keys WHERE scope = ? AND key = ?", once.Scope, once.Key).Error; err != nil {
		return err
	}
	return t.Create(&row).Error
}

func (t *tx) databaseNow() (time.Time, error) {
	var now time.Time
	err := t.Raw("SELECT clock_timestamp()").Scan(&now).Error
	return now.UTC(), err
}
