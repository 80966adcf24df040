package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
)

func TestAnUnknownErrorIsInternalAndItsTextStaysInTheCause(t *testing.T) {
	t.Parallel()
	f := fault.Of(errors.New("pq: secret"))
	require.Equal(t, fault.Internal, f.Kind)
	require.NotContains(t, f.Detail, "secret")
	require.ErrorContains(t, f, "secret")
}

func TestAFaultIsFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Conflict, "state_conflict", "plan %s is active", "p")
	err := fmt.Errorf("publish: %w", f.Because(errors.New("cause")))
	require.True(t, fault.Is(err, "state_conflict"))
	require.Equal(t, fault.Conflict, fault.Of(err).Kind)
	require.Equal(t, "plan p is active", fault.Of(err).Detail)
	require.False(t, fault.Is(nil, "state_conflict"))
	require.Nil(t, fault.Of(nil))
}
