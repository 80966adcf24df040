package bench_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/bench"
)

func TestARunMeasuresEveryKindOfWorkAndSaysWhereTheTimeGoes(t *testing.T) {
	report, err := bench.Run(t.Context(), bench.Config{Dir: t.TempDir(), Clients: []int{2}, Accounts: 3, Rounds: 1, Each: time.Second})
	require.NoError(t, err)
	require.Len(t, report.Cells, 3)
	for i, work := range []string{bench.Pairs, bench.Simple, bench.Insert} {
		c := report.Cells[i]
		require.Equal(t, work, c.Work)
		require.Positive(t, c.Rate)
		require.Positive(t, c.P50)
		require.GreaterOrEqual(t, c.P99, c.P50)
		require.Zero(t, c.Failed)
	}
	require.Greater(t, report.Profile.StatementsPerPair, 4.0, "two transactions")
	require.Greater(t, report.Profile.RowsPerPair, 4.0)
	require.NotEmpty(t, report.Profile.CPU)
	require.NotEmpty(t, report.Profile.Database)
	require.Contains(t, report.Markdown(), "| 2 | pgbench simple-update (-N) |")
}
