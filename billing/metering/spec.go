package metering

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// Spec says what is to be aggregated, and how. Only Aggregation is always required.
type Spec struct {
	Aggregation Aggregation
	Property    string // the property that holds the number; the event's Value if empty
	UniqueKey   string // the property whose values are counted
	// Period is where the result is of. A zero Start or End leaves it open on that side, where nothing is weighed by time.
	Period    calendar.Interval
	Zone      string // of days and windows; UTC if empty
	Filter    Filter
	GroupBy   []string // properties; an event that lacks one is in the group that has none there
	Window    Window
	LineItems []LineItem
	// Recurring goes on from the events before the period; nil for what the aggregation does by itself.
	Recurring *bool
	// CarryIn stands for everything before the period: the total, the level, the highest, the latest.
	CarryIn *decimal.Decimal
	// FullPeriodDays is what prorated days are a fraction of; the days of the period if 0. A period that was cut short
	// is given with the days it would have had.
	FullPeriodDays int
	Rounding       *Rounding
	Late           *LateRule
	Explain        bool // list what each event contributed, where time weighs it
}

// LineItem is a part of the period that is measured as if it were one, such as the days of one price in it.
type LineItem struct {
	ID     string
	Within calendar.Interval
}

// plan is a Spec that means something, with everything in it looked up.
type plan struct {
	Spec
	zone      *time.Location
	recurring bool
	filter    *compiled
	late      *lateness
	items     []LineItem // clipped to the period
}

// maxPeriod keeps nanoseconds within an int64, with room.
const maxPeriod = 100 * 366 * 24 * time.Hour

// maxFullDays is the days of maxPeriod.
const maxFullDays = 100 * 366

func (s Spec) plan() (*plan, error) {
	var f faults
	p := &plan{Spec: s, recurring: s.Aggregation == AggregationActiveCount || s.Aggregation == AggregationProratedCount}
	if s.Recurring != nil {
		p.recurring = *s.Recurring
	}
	if p.Zone == "" {
		p.Zone = "UTC"
	}
	var err error
	if p.zone, err = calendar.LoadZone(p.Zone); err != nil {
		f.at("/timezone", "zone_unknown", "The zone must be an IANA time zone name, such as Europe/Berlin.")
	}
	if !s.Aggregation.known() {
		f.at("/aggregation", "aggregation_unknown", "There is no such aggregation.")
		return nil, f.err() // what else is allowed depends on it
	}
	s.validateFields(&f)
	s.validatePeriod(&f)
	p.items = s.validateItems(&f)
	if s.Rounding != nil {
		s.Rounding.validate(&f)
	}
	p.filter, err = s.Filter.compile()
	f.add("/filter", err)
	if s.Late != nil && p.zone != nil {
		p.late, err = s.Late.resolve(p.Zone)
		f.add("/late", err)
	}
	return p, f.err()
}

// validateFields refuses what the aggregation would not read: a caller who sends it expects something of it.
func (s Spec) validateFields(f *faults) {
	a := s.Aggregation
	switch {
	case a.keyed() && s.UniqueKey == "":
		f.at("/unique_key", "required", "This aggregation needs the property whose values it counts.")
	case !a.keyed() && s.UniqueKey != "":
		f.at("/unique_key", "field_not_allowed", "This aggregation counts no values of a property.")
	}
	if s.Property != "" && !a.numeric() {
		f.at("/property", "field_not_allowed", "This aggregation reads no number.")
	}
	s.validateCarry(f)
	if s.FullPeriodDays != 0 && !a.prorated() {
		f.at("/full_period_days", "field_not_allowed", "This aggregation does not weigh days.")
	} else if s.FullPeriodDays < 0 || s.FullPeriodDays > maxFullDays {
		f.at("/full_period_days", "out_of_range", "A full period has between 1 and 36600 days.")
	}
	if s.Window != "" && a.prorated() {
		f.at("/window", "field_not_allowed", "A prorated aggregation is of a whole period: use line_items.")
	} else if s.Window != "" && !s.Window.known() {
		f.at("/window", "window_unknown", "The window must be one of: minute, hour, day, week, month, quarter, year.")
	}
}

func (s Spec) validateCarry(f *faults) {
	switch {
	case s.CarryIn == nil:
	case !s.Aggregation.carries():
		f.at("/carry_in", "field_not_allowed", "What this aggregation carries is not one number: send the events from before, and recurring.")
	case len(s.GroupBy) > 0 || len(s.LineItems) > 0 || s.Late != nil:
		f.at("/carry_in", "field_not_allowed", "A number carried in belongs to no one group, line item or earlier period: send the events from before, and recurring.")
	}
}

func (s Spec) validatePeriod(f *faults) {
	start, end := s.Period.Start, s.Period.End
	if s.Aggregation == AggregationWeightedSum || s.Aggregation.prorated() {
		if start.IsZero() {
			f.at("/period/start", "required", "What is weighed by time needs a period.")
		}
		if end.IsZero() {
			f.at("/period/end", "required", "What is weighed by time needs a period.")
		}
	}
	if start.IsZero() || end.IsZero() {
		return
	}
	if !start.Before(end) {
		f.at("/period/end", "out_of_range", "The period must end after it starts.")
	} else if end.Sub(start) > maxPeriod {
		f.at("/period/end", "out_of_range", "The period must not be longer than a hundred years.")
	}
}
