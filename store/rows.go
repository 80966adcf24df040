package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/fault"
)

// find reads one row of the realm by id; what is not there, or not ours, is not_found.
func find[T any](t *tx, id uuid.UUID) (T, error) {
	var row T
	err := t.Where("id = ?", id).Take(&row).Error
	return row, err
}

// lock reads one row and keeps it from changing until the transaction ends.
func lock[T any](t *tx, id uuid.UUID) (T, error) {
	var row T
	err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Take(&row).Error
	return row, err
}

// Get reads one row by id.
func get[T any](ctx context.Context, s *Store, call Call, id uuid.UUID) (T, error) {
	var row T
	err := s.read(ctx, call, func(t *tx) (err error) {
		row, err = find[T](t, id)
		return err
	})
	return row, err
}

// Page asks for up to Limit rows below (descending) or above (ascending) After; ids are time-ordered.
type Page struct {
	Limit     int
	After     *uuid.UUID
	Ascending bool
}

// list reads one page, one row longer than asked, so that the caller knows whether there is more.
func list[T any](ctx context.Context, s *Store, call Call, page Page, filter func(*gorm.DB) *gorm.DB) ([]T, bool, error) {
	if page.Limit <= 0 {
		return nil, false, fault.At("/limit", "out_of_range", "limit must be at least 1.")
	}
	var rows []T
	err := s.read(ctx, call, func(t *tx) error {
		rows = nil
		q := t.Limit(page.Limit + 1)
		order, beyond := "id DESC", "id < ?"
		if page.Ascending {
			order, beyond = "id ASC", "id > ?"
		}
		if page.After != nil {
			q = q.Where(beyond, *page.After)
		}
		if filter != nil {
			q = filter(q)
		}
		return q.Order(order).Find(&rows).Error
	})
	if err != nil {
		return nil, false, err
	}
	if len(rows) > page.Limit {
		return rows[:page.Limit], true, nil
	}
	return rows, false, nil
}

// insertOnce inserts the row unless its key is there already, and says whether it did.
func insertOnce(t *tx, row any) (bool, error) {
	res := t.Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	return res.RowsAffected == 1, res.Error
}
