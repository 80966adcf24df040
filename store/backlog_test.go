package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func TestTheBacklogIsWhatIsDueAndHowLongTheOldestHasBeen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	scene := harness.NewScene(t, harness.Setting{Now: now})
	of := func() map[models.Topic]store.Backlog {
		rows, err := scene.Store.FindBacklog(t.Context())
		require.NoError(t, err)
		out := map[models.Topic]store.Backlog{}
		for _, r := range rows {
			out[r.Topic] = r
		}
		return out
	}
	scene.Exec("DELETE FROM dispatch")
	require.Equal(t, map[models.Topic]store.Backlog{models.TopicOutbox: {Topic: models.TopicOutbox}, models.TopicRating: {Topic: models.TopicRating},
		models.TopicSettlement: {Topic: models.TopicSettlement}}, of())
	scene.Assign(now.Add(time.Hour))
	scene.Exec("UPDATE dispatch SET due_at = clock_timestamp() - interval '90 seconds' WHERE id = (SELECT id FROM dispatch ORDER BY id LIMIT 1)")
	got := of()[models.TopicOutbox]
	require.Equal(t, 2, got.Items)
	require.GreaterOrEqual(t, got.Age, 90*time.Second)
	require.Zero(t, of()[models.TopicSettlement].Items)
}
