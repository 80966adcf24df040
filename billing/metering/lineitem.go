package metering

import (
	"strconv"

	"github.com/durabill/durabill/billing/calendar"
)

// validateItems gives the line items clipped to the period.
func (s Spec) validateItems(f *faults) []LineItem {
	items, seen := make([]LineItem, 0, len(s.LineItems)), make(map[string]bool, len(s.LineItems))
	for i, item := range s.LineItems {
		at := "/line_items/" + strconv.Itoa(i)
		if seen[item.ID] {
			f.at(at+"/id", "duplicate", "Two line items have this id.")
		}
		seen[item.ID] = true
		if !item.Within.Start.Before(item.Within.End) || item.Within.Duration() > maxPeriod {
			f.at(at+"/end", "out_of_range", "A line item must end after it starts, and within a hundred years.")
			continue
		}
		within := overlap(item.Within, s.Period)
		if !within.Start.Before(within.End) {
			f.at(at, "out_of_range", "The line item lies outside of the period.")
			continue
		}
		items = append(items, LineItem{ID: item.ID, Within: within})
	}
	return items
}

// overlap is what lies in both. The first has two bounds, the second may be open.
func overlap(a, b calendar.Interval) calendar.Interval {
	if a.Start.Before(b.Start) {
		a.Start = b.Start
	}
	if !b.End.IsZero() && a.End.After(b.End) {
		a.End = b.End
	}
	return a
}
