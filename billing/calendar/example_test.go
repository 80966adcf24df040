package calendar_test

import (
	"fmt"
	"time"

	"github.com/durabill/durabill/billing/calendar"
)

func ExampleAnchor_Boundary() {
	a := calendar.Anchor{
		At:      time.Date(2026, 1, 30, 23, 0, 0, 0, time.UTC), // 31 January, midnight in Berlin
		Zone:    "Europe/Berlin",
		Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1},
	}
	for k := range 4 {
		at, _ := a.Boundary(k)
		fmt.Println(at.Format(time.RFC3339))
	}
	// Output:
	// 2026-01-30T23:00:00Z
	// 2026-02-27T23:00:00Z
	// 2026-03-30T22:00:00Z
	// 2026-04-29T22:00:00Z
}

func ExampleAnchor_Index() {
	a := calendar.Anchor{At: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), Zone: "UTC",
		Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}}
	k, _ := a.Index(time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC))
	p, _ := a.Period(k)
	fmt.Println(k, p)
	// Output: 1 [2026-02-28T00:00:00Z, 2026-03-31T00:00:00Z)
}
