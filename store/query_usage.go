package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/models"
)

// RatingFilter narrows a list of ratings; empty fields do not.
type RatingFilter struct {
	Account    *uuid.UUID
	Assignment *uuid.UUID
	Meter      *uuid.UUID
	Source     *uuid.UUID // the commit or usage event they were made from
	Kind       models.RatingKind
}

// ListRatings reads a page of ratings, each with what it was made from and what became of it.
func (s *Store) ListRatings(ctx context.Context, call Call, page Page, f RatingFilter) ([]RatingChain, bool, error) {
	rows, more, err := list[models.Rating](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = ofAccount(q, f.Account)
		for _, by := range []struct {
			column string
			id     *uuid.UUID
		}{{"assignment_id = ?", f.Assignment}, {"meter_id = ?", f.Meter}, {"source_id = ?", f.Source}} {
			if by.id != nil {
				q = q.Where(by.column, *by.id)
			}
		}
		if f.Kind != "" {
			q = q.Where("kind = ?", f.Kind)
		}
		return q
	})
	if err != nil {
		return nil, false, err
	}
	var out []RatingChain
	err = s.read(ctx, call, func(t *tx) error {
		out, err = t.chains(rows)
		return err
	})
	return out, more, err
}

// QuarantineFilter narrows a list of quarantined usage; empty fields do not.
type QuarantineFilter struct {
	Account *uuid.UUID
	Status  string
	Reason  string
}

// ListQuarantine reads a page of usage that waits for a price or a person.
func (s *Store) ListQuarantine(ctx context.Context, call Call, page Page, f QuarantineFilter) ([]models.QuarantineItem, bool, error) {
	return list[models.QuarantineItem](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = ofAccount(q, f.Account)
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		if f.Reason != "" {
			q = q.Where("reason = ?", f.Reason)
		}
		return q
	})
}

// PeriodFilter narrows a list of billing periods; empty fields do not.
type PeriodFilter struct {
	Account    *uuid.UUID
	Assignment *uuid.UUID
	Status     models.PeriodStatus
}

// ListPeriods reads a page of billing periods.
func (s *Store) ListPeriods(ctx context.Context, call Call, page Page, f PeriodFilter) ([]models.BillingPeriod, bool, error) {
	return list[models.BillingPeriod](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		q = ofAccount(q, f.Account)
		if f.Assignment != nil {
			q = q.Where("assignment_id = ?", *f.Assignment)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		return q
	})
}
