package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/calendar"
)

func ExampleMonthOf() {
	month, _ := calendar.MonthOf("Europe/Berlin", time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC)) // April in Berlin already
	fmt.Println(month)
	// Output: [2026-03-31T22:00:00Z, 2026-04-30T22:00:00Z)
}

func TestMonthsContainTheirInstantsAndFollowEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kiritimati"}).Draw(t, "zone")
		at := time.Unix(rapid.Int64Range(946684800, 2524608000).Draw(t, "at"), 0).UTC()
		month, err := calendar.MonthOf(zone, at)
		require.NoError(t, err)
		require.True(t, month.Contains(at))
		next, err := calendar.MonthOf(zone, month.End)
		require.NoError(t, err)
		require.True(t, next.Start.Equal(month.End))
	})
	_, err := calendar.MonthOf("Nowhere/Land", time.Now())
	require.Error(t, err)
}
