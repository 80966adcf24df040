package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/store"
)

func TestAnAccountThatCannotEvenBeParkedStopsNoLoop(t *testing.T) {
	d := newDesk(t)
	d.someUsage()
	d.Exec("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$")
	d.Exec("CREATE TRIGGER refuse BEFORE INSERT ON ratings FOR EACH ROW EXECUTE FUNCTION refuse()")
	d.Exec("CREATE TRIGGER refuse BEFORE UPDATE ON billing_accounts FOR EACH ROW WHEN (NEW.status = 'parked') EXECUTE FUNCTION refuse()")
	require.Equal(t, 0, d.look(d.do.RateShard))
	d.counts("3 true", "SELECT count(*) || ' ' || bool_and(due_at > clock_timestamp() + interval '1 minute') FROM dispatch WHERE topic = 'rating'")
}

func TestALoopIsTriedAgainWhateverFails(t *testing.T) {
	d := newDesk(t)
	d.someUsage()
	d.Exec("UPDATE usage_events SET status = 'accepted'")
	d.Exec("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$")
	d.Exec("CREATE TRIGGER refuse BEFORE INSERT ON ratings FOR EACH ROW EXECUTE FUNCTION refuse()")
	d.Exec("CREATE TRIGGER refuse BEFORE UPDATE ON dispatch FOR EACH ROW EXECUTE FUNCTION refuse()")
	for shard := range store.Shards {
		_, err := run(d, d.do.RateShard, activities.ShardInput{Shard: shard, For: 10 * time.Millisecond})
		var refused *temporal.ApplicationError
		require.False(t, errors.As(err, &refused) && refused.NonRetryable(), "%v", err)
	}
}

func TestABrokenAssertionIsNotTriedForEver(t *testing.T) {
	d := newDesk(t)
	in := d.begin()
	d.Exec("ALTER TABLE invoices DISABLE TRIGGER USER")
	d.Exec("UPDATE invoices SET total = total + 5") // its lines no longer add up to it
	_, err := run(d, d.do.FinalizeInvoice, in)
	var refused *temporal.ApplicationError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "posting_unbalanced", refused.Type())
	require.True(t, refused.NonRetryable(), "the workflow parks the account")
	d.Exec("UPDATE invoices SET total = total - 5")
	d.Exec("ALTER TABLE ledger_entries ADD CHECK (amount < 1)")
	_, err = run(d, d.do.FinalizeInvoice, in)
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "invariant_violated", refused.Type())
	require.True(t, refused.NonRetryable())
}
