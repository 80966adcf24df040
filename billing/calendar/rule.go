package calendar

import (
	"strings"
	"time"

	"github.com/durabill/durabill/fault"
)

// Mode says where an agreement's grid of boundaries comes from.
type Mode string

// The modes there are.
const (
	Anniversary Mode = "anniversary" // from the anchor, which is the start if none is given
	Anchored    Mode = "anchor"      // from a given anchor, day of the month or weekday: a stub, then the grid
	Aligned     Mode = "calendar"    // from midnight on a Monday or on the first of a month, quarter, half year or year
)

// Rule says on which grid an agreement is billed. At most one of Anchor, BillingDay and Weekday is set.
type Rule struct {
	Mode       Mode // Anniversary if "", or Anchored if there is a day
	Zone       string
	Cadence    Cadence
	Anchor     Moment
	BillingDay int    // day of the month, 1 to 31, clamped to the end of a shorter one; 0 for none
	Weekday    string // monday to sunday; "" for none
}

func (r Rule) mode() Mode {
	switch {
	case r.Mode != "":
		return r.Mode
	case r.BillingDay != 0 || r.Weekday != "":
		return Anchored
	}
	return Anniversary
}

// Validate names every field that is wrong. Pointers are relative to the rule, whose names on the wire are interval,
// timezone, mode, anchor, billing_day and weekday.
func (r Rule) Validate() error {
	wrong := &fault.Fault{}
	collect(wrong, r.Cadence.validate("/interval"))
	if _, err := LoadZone(r.Zone); err != nil {
		collect(wrong, zoneAt("/timezone"))
	}
	mode, days, months := r.mode(), 0, 0
	if mode != Anniversary && mode != Anchored && mode != Aligned {
		collect(wrong, fault.At("/mode", "mode_unknown", "The mode must be one of: anniversary, anchor, calendar."))
	}
	days, months, _ = r.Cadence.step()
	set := 0
	for _, given := range []bool{!r.Anchor.IsZero(), r.BillingDay != 0, r.Weekday != ""} {
		if given {
			set++
		}
	}
	if mode == Anchored && set != 1 {
		collect(wrong, fault.At("/anchor", "exactly_one", "Exactly one of anchor, billing_day and weekday is needed in the mode anchor."))
	}
	if r.BillingDay != 0 {
		collect(wrong, r.dayFault("/billing_day", mode, months == 0, r.BillingDay < 1 || r.BillingDay > 31, "from 1 to 31, with months or years"))
	}
	if r.Weekday != "" {
		_, known := weekdays[r.Weekday]
		weeks := r.Cadence.Unit == Week && days > 0
		collect(wrong, r.dayFault("/weekday", mode, !weeks, !known, "from monday to sunday, with weeks"))
	}
	if len(wrong.Fields) == 0 {
		return nil
	}
	return wrong
}

func (r Rule) dayFault(pointer string, mode Mode, cadence, value bool, form string) error {
	switch {
	case mode != Anchored:
		return fault.At(pointer, "field_not_allowed", "Only the mode anchor has a day of its own.")
	case cadence:
		return fault.At(pointer, "field_not_allowed", "It must be "+form+".")
	case value:
		return fault.At(pointer, "out_of_range", "It must be "+form+".")
	}
	return nil
}

// collect adds the fields of a fault to another. It is how all wrong fields are told at once.
func collect(to *fault.Fault, err error) {
	if err == nil {
		return
	}
	f := fault.Of(err)
	to.Kind, to.Code, to.Detail = f.Kind, f.Code, f.Detail
	to.Fields = append(to.Fields, f.Fields...)
}

func zoneAt(pointer string) *fault.Fault {
	return fault.At(pointer, "zone_unknown", "The zone must be an IANA time zone name, such as Europe/Berlin.")
}

var weekdays = func() map[string]time.Weekday {
	all := map[string]time.Weekday{}
	for d := time.Sunday; d <= time.Saturday; d++ {
		all[strings.ToLower(d.String())] = d
	}
	return all
}()

// grid gives the grid of a valid rule for an agreement that starts at start.
func (r Rule) grid(start time.Time) grid {
	zone, _ := LoadZone(r.Zone) // a valid rule has a zone
	days, months, _ := r.Cadence.step()
	g := grid{zone: zone, days: days, months: months}
	from := start
	if !r.Anchor.IsZero() {
		from = r.Anchor.In(zone)
	}
	g.origin = wallOf(from, zone)
	switch {
	case r.mode() == Aligned:
		g.origin = aligned(g.origin, r.Cadence.Unit)
	case r.BillingDay != 0:
		g.origin.day = r.BillingDay
	case r.Weekday != "":
		g.origin = g.origin.days((int(weekdays[r.Weekday]) - int(g.origin.weekday()) + 7) % 7)
	default:
		g.given = from.UTC()
	}
	return g
}

// aligned is the first beginning of a unit at or after w: a start on it opens a full period, and any other a stub up to it,
// from which several units are counted.
func aligned(w wall, unit Unit) wall {
	floor, _ := w.floor(unit)
	if floor == w {
		return w
	}
	days, months, _ := Cadence{Unit: unit, Count: 1}.step()
	return floor.days(days).months(months)
}
