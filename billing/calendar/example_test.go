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

func ExampleRule_Schedule() {
	r := calendar.Rule{Zone: "UTC", Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}, BillingDay: 31}
	s, _ := r.Schedule(time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC))
	for n := range 3 {
		p, _ := s.Period(n)
		fmt.Println(p)
	}
	full, _ := s.Full(0)
	fmt.Println("the first is a part of", full)
	// Output:
	// [2026-01-10T00:00:00Z, 2026-01-31T00:00:00Z)
	// [2026-01-31T00:00:00Z, 2026-02-28T00:00:00Z)
	// [2026-02-28T00:00:00Z, 2026-03-31T00:00:00Z)
	// the first is a part of [2025-12-31T00:00:00Z, 2026-01-31T00:00:00Z)
}
