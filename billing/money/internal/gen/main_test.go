package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCheckedInTableIsWhatItsSourcesSay(t *testing.T) {
	t.Parallel()
	want, err := table("../../iso4217.csv", "../../stripe.csv", "../../stripe_minimum.csv")
	require.NoError(t, err)
	got, err := os.ReadFile("../../currencies_gen.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate ./billing/money")
}

func TestAnExceptionForAnUnknownCurrencyIsRefused(t *testing.T) {
	t.Parallel()
	odd := filepath.Join(t.TempDir(), "stripe.csv")
	require.NoError(t, os.WriteFile(odd, []byte("code,exponent,step\nDEM,2,1\n"), 0o600))
	_, err := table("../../iso4217.csv", odd, "../../stripe_minimum.csv")
	require.ErrorContains(t, err, "DEM")
	_, err = table("../../iso4217.csv", "../../stripe.csv", odd)
	require.ErrorContains(t, err, "DEM")
	_, err = table("../../missing.csv", odd, odd)
	require.Error(t, err)
}
