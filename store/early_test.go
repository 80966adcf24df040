package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
)

func TestARunClosesOnlyWhenItsGraceIsOver(t *testing.T) {
	f := newFlow(t, "1")
	f.to(boundaries[0])
	f.run(boundaries[0])
	f.to(boundaries[1])
	_, err := f.st.CloseRun(f.ctx, f.call, f.account.ID, boundaries[1])
	require.True(t, fault.Is(err, "state_conflict"), "%v", err)
	f.sound()
	f.to(instant("2026-02-28T00:00"))
	require.Equal(t, []string{"29"}, f.run(boundaries[1]))
}
