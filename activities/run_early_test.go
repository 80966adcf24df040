package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/activities"
)

func TestARunWhoseInstantMovedAwayIsEarlyAndNotRefused(t *testing.T) {
	d := newDesk(t)
	d.begin()
	d.SetClock(end)
	d.turn()
	closed, err := run(d, d.do.CloseRun, activities.RunInput{Realm: d.Call.Realm, Account: d.Account.ID, Boundary: end})
	require.NoError(t, err)
	require.True(t, closed.Early)
	d.counts("1", "SELECT count(*) FROM invoices")
	require.Empty(t, d.Sound())
}
