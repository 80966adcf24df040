package badinput

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryOperationHasAFixtureThatSucceeds(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, o := range s.doc.operations {
		require.Contains(t, s.fixtures, o.ID, "an operation needs a valid request in fixtures_test.go")
		s.answered(o.ID)
	}
	require.Len(t, s.fixtures, len(s.doc.operations), "a fixture of an operation that is gone")
	require.Empty(t, s.Sound())
}
