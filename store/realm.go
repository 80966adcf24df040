package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// lateWindowSec is how far back usage may lie by default: 34 days.
const lateWindowSec = 34 * 24 * 60 * 60

// NewRealm is what an operator says about a realm.
type NewRealm struct {
	Code, Name string
	Mode       models.Mode
	Website    string
	Brand      map[string]string
}

// CreateRealm opens a realm. It is the one decision made in a realm that does not exist yet; call.Realm is not used.
func (s *Store) CreateRealm(ctx context.Context, call Call, in NewRealm) (models.Realm, error) {
	call.Realm = models.NewID()
	if in.Brand == nil {
		in.Brand = map[string]string{}
	}
	return decide(ctx, s, call, func(t *tx) (models.Realm, error) {
		var f fields
		f.code("/code", in.Code)
		f.name("/name", in.Name)
		if in.Mode != models.Live && in.Mode != models.Test {
			f.at("/mode", "bad_format", "The mode must be one of: live, test.")
		}
		if err := f.fault(); err != nil {
			return models.Realm{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return models.Realm{}, err
		}
		row := models.Realm{ID: call.Realm, Code: in.Code, Name: in.Name, Mode: in.Mode, Website: in.Website, Brand: in.Brand,
			LateWindowSec: lateWindowSec, CatalogVersion: 1, Version: 1, Times: models.At(now)}
		return row, t.insert(&row, object{kind: "realm", prefix: keys.Realm, id: row.ID}, now)
	})
}

// FindRealm gives the realm of a code or an rlm_ id, for those who are not inside any realm yet.
func (s *Store) FindRealm(ctx context.Context, name string) (models.Realm, error) {
	id, err := keys.Decode(keys.Realm, name)
	if err != nil {
		id = uuid.Nil // a code then
	}
	var found struct{ ID uuid.UUID }
	err = s.asDispatcher(ctx, func(g *gorm.DB) error {
		// The dispatcher may read these two columns and no other.
		return g.Model(&models.Realm{}).Select("id").Where("code = ? OR id = ?", name, id).Take(&found).Error
	})
	if err != nil {
		return models.Realm{}, err
	}
	return s.GetRealm(ctx, Call{Realm: found.ID})
}

// GetRealm gives the call's own realm.
func (s *Store) GetRealm(ctx context.Context, call Call) (models.Realm, error) {
	return get[models.Realm](ctx, s, call, call.Realm)
}

// AuditFilter narrows the audit log.
type AuditFilter struct{ Actor, Action, ObjectType, ObjectID string }

// ListAudit gives a page of who changed what. An object that the log never heard of is not found.
func (s *Store) ListAudit(ctx context.Context, call Call, page Page, in AuditFilter) ([]models.AuditEntry, bool, error) {
	if err := mentioned[models.AuditEntry](ctx, s, call, "object_id", in.ObjectID); err != nil {
		return nil, false, err
	}
	return list[models.AuditEntry](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		for _, by := range []struct{ column, value string }{
			{"actor = ?", in.Actor}, {"action = ?", in.Action}, {"object_type = ?", in.ObjectType}, {"object_id = ?", in.ObjectID},
		} {
			if by.value != "" {
				q = q.Where(by.column, by.value)
			}
		}
		return q
	})
}
