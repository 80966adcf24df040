package chaos_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/chaos/storm"
)

// The random mode, as long as a test may take; `make chaos` goes on for ten minutes.
func TestAShortStormLeavesWhatWasAskedForAndNothingElse(t *testing.T) {
	t.Parallel()
	report, err := storm.Run(t.Context(), newGround(t), storm.Options{Seed: 7, Duration: time.Minute, Clients: 3, Calm: time.Minute, Say: t.Logf})
	require.NoError(t, err)
	t.Logf("\n%s", report)
	require.Empty(t, report.Violations)
	require.GreaterOrEqual(t, report.Total(), 10)
	require.NotEmpty(t, report.Points, "no process died at a crash point")
	require.NotZero(t, report.Answers["ambiguous"])
	require.NotZero(t, report.Answers["refused"])
}
