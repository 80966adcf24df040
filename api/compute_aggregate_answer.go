package api

import (
	"github.com/durabill/durabill/billing/metering"
)

type aggregated struct {
	AggregateMeasure
	Groups        []aggregateGroup        `json:"groups" doc:"In the order of their keys, the first key first; null comes before any text."`
	Windows       []aggregateWindow       `json:"windows" doc:"All of the period, those in which nothing happened too."`
	LineItems     []aggregateItem         `json:"line_items"`
	Late          *aggregateLate          `json:"late,omitempty"`
	Contributions []aggregateContribution `json:"contributions" doc:"What each event or key did to the result, where time weighs it."`
	Duplicates    []EventRef              `json:"duplicates" doc:"Came again with the same body."`
	Conflicts     []EventRef              `json:"conflicts" doc:"Came again with another body: the first stands, and a correction needs an id of its own."`
	Corrected     []EventRef              `json:"corrected" doc:"Voided, or amended by one that stands in their place."`
	Rejected      []rejectedEvent         `json:"rejected" doc:"Would have counted, and cannot."`
}

// AggregateMeasure is a result over some events and some interval.
type AggregateMeasure struct {
	Value    Quantity  `json:"value" doc:"As rounding says, else exact with up to 20 decimals."`
	Fraction string    `json:"fraction" example:"17/31" doc:"The exact result in lowest terms, before any rounding."`
	Billable Quantity  `json:"billable" doc:"value, or 0 where that is negative."`
	Events   int       `json:"events" doc:"How many were read for it, those carried over included."`
	CarryOut *Quantity `json:"carry_out,omitempty" doc:"carry_in of the next period; absent where it is not one number, or there is none yet."`
}

type aggregateGroup struct {
	Key []*string `json:"key"`
	AggregateMeasure
	Windows []aggregateWindow `json:"windows"`
}

type aggregateWindow struct {
	Start Instant `json:"start"`
	End   Instant `json:"end"`
	AggregateMeasure
}

type aggregateItem struct {
	ID    string  `json:"id"`
	Start Instant `json:"start" doc:"Of what lies in the period."`
	End   Instant `json:"end"`
	AggregateMeasure
}

type aggregateLate struct {
	Lines     []aggregateLateLine `json:"lines" doc:"The invoiced periods that change, each a line of its own."`
	Change    Quantity            `json:"change" doc:"Of all lines."`
	Unchanged bool                `json:"unchanged" doc:"No invoiced period changes."`
	Ignored   []lateEvent         `json:"ignored" doc:"Older than the look-back."`
}

type aggregateLateLine struct {
	Start    Instant          `json:"start"`
	End      Instant          `json:"end"`
	Invoiced AggregateMeasure `json:"invoiced" doc:"Of what was known when it was invoiced."`
	Now      AggregateMeasure `json:"now" doc:"Of all that is known. What the line costs is the difference of what the two cost."`
	Change   Quantity         `json:"change"`
}

// EventRef names an event.
type EventRef struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

type lateEvent struct {
	EventRef
	Time Instant `json:"time"`
}

type rejectedEvent struct {
	EventRef
	Reason string `json:"reason" enum:"value_missing,value_malformed,key_missing,correction_target_unknown,correction_cycle,filter_failed"`
}

type aggregateContribution struct {
	Source string   `json:"source,omitempty"`
	ID     string   `json:"id,omitempty" doc:"Of the event; absent where a key contributes."`
	Key    string   `json:"key,omitempty"`
	Days   int64    `json:"days,omitempty" doc:"On which the key was there."`
	Weight string   `json:"weight" example:"27/31"`
	Amount Quantity `json:"amount"`
}

func showAggregate(r metering.Result) aggregated {
	out := aggregated{AggregateMeasure: showMeasure(r.Measure), Windows: showWindows(r.Windows), Groups: make([]aggregateGroup, 0, len(r.Groups)),
		LineItems: make([]aggregateItem, 0, len(r.LineItems)), Contributions: make([]aggregateContribution, 0, len(r.Contributions)),
		Duplicates: showRefs(r.Duplicates), Conflicts: showRefs(r.Conflicts), Corrected: showRefs(r.Corrected),
		Rejected: make([]rejectedEvent, 0, len(r.Rejected))}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, aggregateGroup{Key: g.Key, AggregateMeasure: showMeasure(g.Measure), Windows: showWindows(g.Windows)})
	}
	for _, l := range r.LineItems {
		out.LineItems = append(out.LineItems, aggregateItem{ID: l.ID, Start: instant(l.Start), End: instant(l.End), AggregateMeasure: showMeasure(l.Measure)})
	}
	for _, c := range r.Contributions {
		shown := aggregateContribution{Key: c.Key, Days: c.Days, Weight: c.Weight.Fraction(), Amount: Quantity{c.Amount.Decimal()}}
		if c.Event != nil {
			shown.Source, shown.ID = c.Event.Source, c.Event.ID
		}
		out.Contributions = append(out.Contributions, shown)
	}
	for _, x := range r.Rejected {
		out.Rejected = append(out.Rejected, rejectedEvent{EventRef: showRef(x.Ref), Reason: string(x.Reason)})
	}
	if r.Late != nil {
		out.Late = showLate(*r.Late)
	}
	return out
}

func showMeasure(m metering.Measure) AggregateMeasure {
	out := AggregateMeasure{Value: Quantity{m.Value}, Fraction: m.Exact.Fraction(), Billable: Quantity{m.Billable}, Events: m.Events}
	if m.CarryOut != nil {
		out.CarryOut = &Quantity{m.CarryOut.Decimal()}
	}
	return out
}

func showWindows(windows []metering.WindowMeasure) []aggregateWindow {
	out := make([]aggregateWindow, 0, len(windows))
	for _, w := range windows {
		out = append(out, aggregateWindow{Start: instant(w.Start), End: instant(w.End), AggregateMeasure: showMeasure(w.Measure)})
	}
	return out
}

func showLate(l metering.Late) *aggregateLate {
	out := &aggregateLate{Change: Quantity{l.Change.Decimal()}, Unchanged: l.Unchanged, Lines: make([]aggregateLateLine, 0, len(l.Lines)),
		Ignored: make([]lateEvent, 0, len(l.Ignored))}
	for _, line := range l.Lines {
		out.Lines = append(out.Lines, aggregateLateLine{Start: instant(line.Start), End: instant(line.End), Invoiced: showMeasure(line.Invoiced),
			Now: showMeasure(line.Measure), Change: Quantity{line.Change.Decimal()}})
	}
	for _, e := range l.Ignored {
		out.Ignored = append(out.Ignored, lateEvent{EventRef: showRef(e.Ref), Time: instant(e.Time)})
	}
	return out
}

func showRef(r metering.Ref) EventRef { return EventRef{Source: r.Source, ID: r.ID} }

func showRefs(refs []metering.Ref) []EventRef {
	out := make([]EventRef, 0, len(refs))
	for _, r := range refs {
		out = append(out, showRef(r))
	}
	return out
}
