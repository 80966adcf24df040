package workflows_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return instant
}

func wire(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func trimmed(s string) string { return decimal.RequireFromString(s).String() }
