package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/durabill/durabill/models"
)

// Backlog is work of one topic that is due and not done, over all realms.
type Backlog struct {
	Topic models.Topic
	Items int
	Age   time.Duration // of what has been due longest
}

// FindBacklog counts what the pollers have to do, up to a bound: beyond it the exact number tells nothing more.
func (s *Store) FindBacklog(ctx context.Context) ([]Backlog, error) {
	var rows []struct {
		Topic        models.Topic
		Items        int
		Microseconds int64
	}
	err := s.asDispatcher(ctx, func(g *gorm.DB) error {
		rows = nil
		return g.Raw(`
			SELECT topic, count(due.due_at) AS items, (coalesce(extract(epoch FROM clock_timestamp() - min(due.due_at)), 0) * 1000000)::bigint AS microseconds
			  FROM unnest(ARRAY['outbox', 'rating', 'settlement']) topic
			  LEFT JOIN LATERAL (SELECT due_at FROM dispatch d WHERE d.topic = topic.topic AND due_at <= clock_timestamp()
			                      ORDER BY due_at LIMIT 10000) due ON true
			 GROUP BY topic`).Scan(&rows).Error
	})
	out := make([]Backlog, len(rows))
	for i, r := range rows {
		out[i] = Backlog{Topic: r.Topic, Items: r.Items, Age: time.Duration(r.Microseconds) * time.Microsecond}
	}
	return out, err
}
