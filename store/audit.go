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
	name   string // instead of prefix and id, for an object that somebody else named
}

func (o object) wire() string {
	if o.name != "" {
		return o.name
	}
	return keys.Encode(o.prefix, o.id)
}

// part is a change of something that belongs to the object that a write is about.
type part struct {
	action, id    string
	before, after map[string]any
}

// auditPart keeps a change of a part for the row of the object that it belongs to: a write leaves one row.
func (t *tx) auditPart(action string, on object, before, after map[string]any) {
	t.parts = append(t.parts, part{action: action, id: on.wire(), before: before, after: after})
}

// auditWhole writes the row of an object and of its parts that changed with it. A change of a part is the change of the whole.
func (t *tx) auditWhole(action string, on object, before, after map[string]any, now time.Time) error {
	for _, p := range t.parts {
		if before != nil {
			action = p.action
		}
		before, after = withPart(before, p.id, p.before), withPart(after, p.id, p.after)
	}
	t.parts = nil
	if before == nil {
		return t.audit(action, on, nil, after, now) // a nil map in an any is not nil
	}
	return t.audit(action, on, before, after, now)
}

func withPart(whole map[string]any, id string, columns map[string]any) map[string]any {
	if whole == nil || columns == nil {
		return whole
	}
	parts, ok := whole["parts"].(map[string]any)
	if !ok {
		parts = map[string]any{}
		whole["parts"] = parts
	}
	parts[id] = columns
	return whole
}

// audit writes the row that every management write leaves, in its transaction. The database chains it to the row before.
func (t *tx) audit(action string, on object, before, after any, now time.Time) error {
	return t.Create(&models.AuditEntry{
		Row:   models.Row{RealmID: t.call.Realm, ID: models.NewID()},
		Actor: t.call.Actor, Action: action, ObjectType: on.kind, ObjectID: on.wire(),
		Before: before, After: after, RequestID: t.call.RequestID, Times: models.At(now),
	}).Error
}
