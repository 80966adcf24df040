package store

import (
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// object names what a management write changed, as the wire names it.
type object struct {
	kind   string
	prefix string
	id     uuid.UUID
}

// audit writes the row that every management write leaves, in its transaction.
func (t *tx) audit(action string, on object, before, after any, now time.Time) error {
	return t.Create(&models.AuditEntry{
		Row:   models.Row{RealmID: t.call.Realm, ID: models.NewID()},
		Actor: t.call.Actor, Action: action, ObjectType: on.kind, ObjectID: keys.Encode(on.prefix, on.id),
		Before: before, After: after, RequestID: t.call.RequestID, Times: models.At(now),
	}).Error
}
