package chaos_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/chaos/stage"
)

// Unless two runs that nobody disturbs come to the same text, comparing with a disturbed one proves nothing.
func TestAnUndisturbedStoryComesToTheSameBooksEachTime(t *testing.T) {
	t.Parallel()
	first := undisturbed(t)
	for _, said := range []string{"INV-000003", "provider's charges", `"kind": "usage_settled"`, "lot {", "payment {", "allocation {"} {
		require.Contains(t, first, said)
	}
	s := newStage(t, ground, stage.Setup{})
	require.Equal(t, first, requireBooks(t, s, tell(t.Context(), s, nil)))
}
