package store

import (
	"context"
	"slices"
	"time"

	"github.com/durabill/durabill/models"
)

// ListStripeEndpoints gives the realm's endpoints, the oldest first.
func (s *Store) ListStripeEndpoints(ctx context.Context, call Call) ([]models.StripeEndpoint, error) {
	var rows []models.StripeEndpoint
	err := s.read(ctx, call, func(t *tx) error {
		rows = nil
		return t.Order("recorded_at, id").Find(&rows).Error
	})
	return rows, err
}

// UnknownEvents gives those of the provider's events that the realm's inbox has not got, in their order.
func (s *Store) UnknownEvents(ctx context.Context, call Call, ids []string) ([]string, error) {
	var known []string
	err := s.read(ctx, call, func(t *tx) error {
		known = nil
		return t.Model(&models.InboxEvent{}).Where("id IN ?", ids).Pluck("id", &known).Error
	})
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(known, id) })
	return unknown, err
}

// EventsSwept notes that the inbox has every event that the provider made for the realm up to an instant; it never goes back.
func (s *Store) EventsSwept(ctx context.Context, call Call, to time.Time) error {
	return s.within(ctx, call, func(t *tx) error {
		return t.Exec("UPDATE stripe_endpoints SET swept_to = greatest(swept_to, ?)", to).Error
	})
}
