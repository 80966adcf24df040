package store

import "context"

// Tidy deletes up to limit rows of each kind that has served: messages published long ago, and answers that are not repeated
// any more. It gives the larger of the two counts, so that less than limit means that nothing is left. A published message is
// kept longer than the longest month: it says which month's run has been sent for.
func (s *Store) Tidy(ctx context.Context, call Call, limit int) (int, error) {
	var most int
	err := s.within(ctx, call, func(t *tx) error {
		most = 0
		for _, q := range []string{
			`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE published_at < clock_timestamp() - interval '45 days' ORDER BY published_at LIMIT ?)`,
			`DELETE FROM idempotency_keys WHERE (scope, key) IN (SELECT scope, key FROM idempotency_keys
				WHERE expires_at < clock_timestamp() ORDER BY expires_at LIMIT ?)`,
		} {
			res := t.Exec(q, limit)
			if res.Error != nil {
				return res.Error
			}
			most = max(most, int(res.RowsAffected))
		}
		return nil
	})
	return most, err
}
