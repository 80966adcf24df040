package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

func TestARunClosesOnlyWhenItsGraceIsOver(t *testing.T) {
	f := newFlow(t, "1")
	f.to(boundaries[0])
	f.run(boundaries[0])
	f.to(boundaries[1])
	_, err := f.st.FreezeRun(f.ctx, f.call, f.account.ID, boundaries[1])
	require.NoError(t, err)
	early, err := f.st.CloseRun(f.ctx, f.call, f.account.ID, boundaries[1])
	require.NoError(t, err)
	require.Equal(t, store.ClosedRun{Early: true}, early)
	period, _, err := f.st.ListPeriods(f.ctx, f.call, store.Page{Limit: 1, Ascending: true}, store.PeriodFilter{Account: &f.account.ID})
	require.NoError(t, err)
	require.Equal(t, models.PeriodGrace, period[0].Status, "its grace goes on")
	f.sound()
	f.to(instant("2026-02-28T00:00"))
	require.Equal(t, []string{"29"}, f.run(boundaries[1]))
}

func TestARunWhoseInstantComesBetweenItsFreezeAndItsCloseBillsNothingBeforeItHasFrozen(t *testing.T) {
	f := newFlow(t, "1")
	f.to(boundaries[0])
	f.run(boundaries[0])
	f.to(boundaries[1])
	_, err := f.st.FreezeRun(f.ctx, f.call, f.account.ID, boundaries[1])
	require.NoError(t, err)
	f.to(instant("2026-02-28T00:00"))
	out, err := f.st.CloseRun(f.ctx, f.call, f.account.ID, boundaries[1])
	require.NoError(t, err)
	require.Equal(t, store.ClosedRun{Pending: 1}, out)
	require.Equal(t, []string{"29"}, f.run(boundaries[1]))
	f.sound()
}
