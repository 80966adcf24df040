package relay_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

func TestWhatIsCommittedIsSentAtOnceByTheProcessThatDecidedItAndBelongsToNoRelayMeanwhile(t *testing.T) {
	p := newPost(t)
	p.relay(1, p.empty)
	direct := p.cfg.Direct()
	defer direct.Close()
	var heard [][]models.Outbox
	p.Store.OnOutbox(func(messages []models.Outbox) {
		require.Equal(t, "0", p.Text("SELECT count(*) FROM dispatch WHERE topic = 'outbox' AND due_at <= clock_timestamp()"),
			"no relay takes what is about to be sent")
		heard = append(heard, messages)
		direct.Take(messages)
	})
	_, err := p.Store.CancelAssignment(t.Context(), p.Call, p.assigned.ID, models.CancelNow)
	require.NoError(t, err)
	require.NotEmpty(t, heard)
	require.Eventually(t, p.empty, soon, pause, "without a relay")
	require.Equal(t, 2, p.pokes(p.plan))

	undone := p.Call
	undone.Once = &store.Once{Scope: "test", Key: "key", Render: func(any) (store.Answer, uuid.UUID, error) {
		return store.Answer{}, uuid.Nil, errors.New("cannot be rendered")
	}}
	_, err = p.Store.CancelAssignment(t.Context(), undone, p.assigned.ID, models.CancelNow)
	require.Error(t, err)
	require.Len(t, heard, 1, "what is rolled back is not sent")
}

func TestWhatIsNotSentDirectlyIsSentByARelay(t *testing.T) {
	p := newPost(t)
	p.relay(1, p.empty)
	p.Store.OnOutbox(func([]models.Outbox) {}) // as a process that ends right after its commit
	_, err := p.Store.CancelAssignment(t.Context(), p.Call, p.assigned.ID, models.CancelNow)
	require.NoError(t, err)
	require.False(t, p.empty())
	p.relay(1, p.empty)
	require.Equal(t, 2, p.pokes(p.plan))
}
