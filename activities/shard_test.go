package activities_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/store"
)

type loop = func(context.Context, activities.ShardInput) (activities.ShardResult, error)

// look lets a loop have one look at each shard, and counts what it did.
func (d *desk) look(do loop) int {
	d.t.Helper()
	n := 0
	for shard := range store.Shards {
		out, err := run(d, do, activities.ShardInput{Shard: shard, For: 10 * time.Millisecond})
		require.NoError(d.t, err)
		n += out.Items
	}
	return n
}

func (d *desk) someUsage() {
	d.t.Helper()
	d.begin()
	at := start.AddDate(0, 0, 5)
	d.SetClock(at)
	for i := range 3 {
		d.use(fmt.Sprintf("u%d", i), "100000", at)
	}
}

func TestTheLoopsRateAndSettleWhatThereIs(t *testing.T) {
	d := newDesk(t)
	d.someUsage()
	require.Equal(t, 3, d.look(d.do.RateShard))
	require.Equal(t, 3, d.look(d.do.SettleShard))
	require.Equal(t, 0, d.look(d.do.RateShard)+d.look(d.do.SettleShard))
	d.counts("0", "SELECT count(*) FROM dispatch WHERE topic <> 'outbox'")
	d.counts("3", "SELECT count(*) FROM settlements")
	require.Empty(t, d.Sound())
}

func TestWorkThatCanNeverSucceedParksItsAccountAndIsSetAside(t *testing.T) {
	d := newDesk(t)
	d.someUsage()
	d.Exec("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$")
	d.Exec("CREATE TRIGGER refuse BEFORE INSERT ON ratings FOR EACH ROW EXECUTE FUNCTION refuse()")
	require.Equal(t, 0, d.look(d.do.RateShard))
	d.counts("parked rating: already_exists", "SELECT status || ' ' || parked_reason FROM billing_accounts")
	d.counts("3 true", "SELECT count(*) || ' ' || bool_and(due_at > clock_timestamp() + interval '1 minute') FROM dispatch WHERE topic = 'rating'")
	require.Empty(t, d.Sound())
}

func TestALoopEndsWhenItsWorkerStops(t *testing.T) {
	d := newDesk(t)
	began := time.Now()
	_, err := run(d, func(ctx context.Context, in activities.ShardInput) (activities.ShardResult, error) {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		return d.do.SettleShard(ctx, in)
	}, activities.ShardInput{For: time.Hour})
	require.Error(t, err)
	require.Less(t, time.Since(began), 10*time.Second)
}
