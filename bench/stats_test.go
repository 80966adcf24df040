package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheMedianOfRoundsIsTheirMiddle(t *testing.T) {
	t.Parallel()
	rate := func(m measurement) float64 { return m.rate }
	require.InDelta(t, 2, median([]measurement{{rate: 9}, {rate: 1}, {rate: 2}}, rate), 0)
	require.InDelta(t, 1.5, median([]measurement{{rate: 2}, {rate: 1}}, rate), 0)
}

func TestAQuantileIsOneOfTheSamples(t *testing.T) {
	t.Parallel()
	samples := make([]time.Duration, 100)
	for i := range samples {
		samples[i] = time.Duration(i + 1)
	}
	require.Equal(t, time.Duration(51), quantile(samples, 0.5))
	require.Equal(t, time.Duration(100), quantile(samples, 0.99))
	require.Equal(t, time.Duration(1), quantile(samples[:1], 0.99))
	require.Zero(t, quantile(nil, 0.5))
}

func TestSharesAddUpAndComeLargestFirst(t *testing.T) {
	t.Parallel()
	require.Equal(t, []Share{{"b", 0.75}, {"a", 0.125}, {"c", 0.125}}, shares(map[string]int{"a": 1, "b": 6, "c": 1}))
}
