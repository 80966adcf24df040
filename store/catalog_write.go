package store

import (
	"bytes"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
)

func (t *tx) row(id uuid.UUID) models.Row { return models.Row{RealmID: t.call.Realm, ID: id} }

// insert writes a new object and its audit row.
func (t *tx) insert(row any, on object, now time.Time) error {
	if err := t.Create(row).Error; err != nil {
		return err
	}
	return t.created(row, on, now)
}

// created audits a new object, with what was made of its parts.
func (t *tx) created(row any, on object, now time.Time) error {
	after, err := t.columns(row)
	if err != nil {
		return err
	}
	return t.auditWhole(on.kind+".created", on, nil, after, now)
}

// update runs change on a locked row, saves it, and audits what it was before and after.
func (t *tx) update(action string, on object, row any, change func() error) error {
	before, after, err := t.change(row, change)
	if err != nil {
		return err
	}
	now, err := t.databaseNow()
	if err != nil {
		return err
	}
	return t.auditWhole(action, on, before, after, now)
}

// updatePart is update for a part of the object that is being changed.
func (t *tx) updatePart(action string, on object, row any, change func() error) error {
	before, after, err := t.change(row, change)
	if err != nil {
		return err
	}
	t.auditPart(action, on, before, after)
	return nil
}

func (t *tx) change(row any, change func() error) (before, after map[string]any, err error) {
	if before, err = t.columns(row); err != nil {
		return nil, nil, err
	}
	if err := change(); err != nil {
		return nil, nil, err
	}
	if err := t.Select("*").Updates(row).Error; err != nil {
		return nil, nil, err
	}
	after, err = t.columns(row)
	return before, after, err
}

// columns gives a row by the names of its columns, as the audit log keeps it: without the realm, which the log has, and
// without what must not be read there.
func (t *tx) columns(row any) (map[string]any, error) {
	stmt := &gorm.Statement{DB: t.DB}
	if err := stmt.Parse(row); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(stmt.Schema.Fields))
	for _, f := range stmt.Schema.Fields {
		switch f.DBName {
		case "", "realm_id", "secret_hash", "retiring_hash":
		default:
			out[f.DBName] = f.ReflectValueOf(t.Statement.Context, reflect.ValueOf(row).Elem()).Interface()
		}
	}
	return out, nil
}

// catalogChanged marks that effective terms may differ from now on; caches compare the realm's catalog_version.
func (t *tx) catalogChanged() error {
	return t.Exec("UPDATE realms SET catalog_version = catalog_version + 1 WHERE id = ?", t.call.Realm).Error
}

// Versions are those of an object that a caller has read and may change; nil is no condition.
type Versions []int64

// AnyVersion is met by every version of an object that exists.
const AnyVersion = 0

// matches compares what the caller has read, if it minds, with what is there.
func matches(want Versions, have int64) error {
	if want != nil && !slices.Contains(want, have) && !slices.Contains(want, AnyVersion) {
		return fault.New(fault.Precondition, "version_conflict", "It has changed since you read it; it is at version %d.", have)
	}
	return nil
}

// byCode narrows a list to a code, if one is asked for.
func byCode(code string) func(*gorm.DB) *gorm.DB {
	return func(q *gorm.DB) *gorm.DB {
		if code == "" {
			return q
		}
		return q.Where("code = ?", code)
	}
}

// knownIDs says which of the ids are rows of the realm.
func knownIDs[T any](t *tx, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	known := make(map[uuid.UUID]bool, len(ids))
	if len(ids) == 0 {
		return known, nil
	}
	var found []uuid.UUID
	if err := t.Model(new(T)).Where("id IN ?", ids).Pluck("id", &found).Error; err != nil {
		return nil, err
	}
	for _, id := range found {
		known[id] = true
	}
	return known, nil
}

// sortedIDs gives each id once, in the order in which rows are locked.
func sortedIDs(ids []uuid.UUID) []uuid.UUID {
	out := slices.SortedFunc(slices.Values(ids), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(out)
}
