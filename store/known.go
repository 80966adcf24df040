package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// kinds finds, by the prefix of its wire id, whether an object is in the realm.
var kinds = map[string]func(*tx, []uuid.UUID) (map[uuid.UUID]bool, error){
	keys.BillingAccount:    knownIDs[models.BillingAccount],
	keys.PlanAssignment:    knownIDs[models.PlanAssignment],
	keys.PricingModel:      knownIDs[models.PricingModel],
	keys.Meter:             knownIDs[models.Meter],
	keys.Invoice:           knownIDs[models.Invoice],
	keys.LedgerTransaction: knownIDs[models.LedgerTransaction],
}

var errUnknownObject = fault.New(fault.NotFound, "not_found", "There is no such object in this realm.")

// Know refuses an id that names nothing in the realm. A list that is narrowed by an id asks it first: an empty page would
// say that the object is there and has nothing.
func (s *Store) Know(ctx context.Context, call Call, prefix string, id uuid.UUID) error {
	look, ok := kinds[prefix]
	if !ok {
		return fmt.Errorf("store: no list is narrowed by ids that begin with %s_", prefix)
	}
	return s.read(ctx, call, func(t *tx) error {
		known, err := look(t, []uuid.UUID{id})
		if err == nil && !known[id] {
			err = errUnknownObject
		}
		return err
	})
}

// mentioned refuses a text id of whatever kind that no row of T has in its column. It is asked where the id's kind is open.
func mentioned[T any](ctx context.Context, s *Store, call Call, column, id string) error {
	if id == "" {
		return nil
	}
	return s.read(ctx, call, func(t *tx) error {
		_, found, err := first[T](t.Select("id").Where(column+" = ?", id).Limit(1))
		if err == nil && !found {
			err = errUnknownObject
		}
		return err
	})
}
