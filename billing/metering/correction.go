package metering

import (
	"cmp"
	"slices"
	"time"
)

type fate uint8

const (
	fateStands    fate = iota
	fateCorrected      // a correction that stands names it, or one of the same event that was recorded later
	fateOut            // rejected or ignored
)

const noTarget = -1

// tree is who corrects whom. A correction names one event, so the events are the nodes of a forest: what settles a node is
// the corrections below it, and those are settled by the ones below them.
type tree struct {
	events      []*Event
	corrections []int // places of corrections that have a target
	target      []int // by place; noTarget for an event that corrects nothing
	fate        []fate
}

func newTree(events []*Event, corrections []int, v *verdicts) *tree {
	t := &tree{events: events, target: make([]int, len(events)), fate: make([]fate, len(events))}
	for i := range t.target {
		t.target[i] = noTarget
	}
	if len(corrections) == 0 {
		return t
	}
	at := make(map[Ref]int, len(events))
	for i, e := range events {
		at[e.ref()] = i
	}
	for _, i := range corrections {
		ref, _ := events[i].corrects()
		if place, there := at[ref]; there {
			t.target[i] = place
			t.corrections = append(t.corrections, i)
		} else {
			t.out(i, ReasonTargetUnknown, v)
		}
	}
	t.cut(v)
	return t
}

func (t *tree) out(i int, why Reason, v *verdicts) {
	t.fate[i] = fateOut
	v.rejected = append(v.rejected, Rejection{Ref: t.events[i].ref(), Reason: why})
}

// cut takes out the corrections that come back to themselves. What corrects one of those is left with a target that is out.
func (t *tree) cut(v *verdicts) {
	walk := make([]int, len(t.events)) // the walk that came by, counted from 1
	for n, from := range t.corrections {
		i := from
		for i != noTarget && walk[i] == 0 {
			walk[i] = n + 1
			i = t.target[i]
		}
		if i == noTarget || walk[i] != n+1 || t.fate[i] == fateOut {
			continue
		}
		for t.fate[i] != fateOut {
			t.out(i, ReasonCorrectionCycle, v)
			i = t.target[i]
		}
	}
	for _, i := range t.corrections {
		if t.fate[i] == fateOut {
			t.target[i] = noTarget
		}
	}
}

// depths gives how many targets there are above each correction.
func (t *tree) depths() []int {
	depth := make([]int, len(t.events))
	var path []int
	for _, i := range t.corrections {
		path = path[:0]
		for ; t.target[i] != noTarget && depth[i] == 0; i = t.target[i] {
			path = append(path, i)
		}
		for _, j := range slices.Backward(path) {
			depth[j] = depth[t.target[j]] + 1
		}
	}
	return depth
}

// settle decides from the leaves up. Of several corrections of one event that would stand, the last recorded does.
func (t *tree) settle() {
	depth := t.depths()
	slices.SortFunc(t.corrections, func(a, b int) int {
		return cmp.Or(cmp.Compare(depth[b], depth[a]), t.later(b, a))
	})
	for _, i := range t.corrections { // the deepest first and, of those of one event, the last recorded
		target := t.target[i]
		if t.fate[i] != fateStands || target == noTarget {
			continue
		}
		switch t.fate[target] {
		case fateStands:
			t.fate[target] = fateCorrected
		case fateCorrected:
			t.fate[i] = fateCorrected
		case fateOut:
		}
	}
}

// later compares by the time of recording; two of one time by their names, so that the list's order decides nothing.
func (t *tree) later(a, b int) int {
	x, y := t.events[a], t.events[b]
	return cmp.Or(x.recorded().Compare(y.recorded()), cmp.Compare(x.Source, y.Source), cmp.Compare(x.ID, y.ID))
}

// ignore takes out what was recorded after its period was invoiced and changes something before the look-back: events of
// then, and corrections of them.
func (t *tree) ignore(late *lateness, v *verdicts) {
	oldest := t.oldest()
	for i, e := range t.events {
		if t.fate[i] != fateOut && late.concerns(e, oldest[i]) && oldest[i].Before(late.from) {
			t.fate[i] = fateOut
			v.ignored = append(v.ignored, e)
		}
	}
}

// oldest gives the first instant whose usage each event changes: its own, or that of what it corrects. A void has no usage
// of its own.
func (t *tree) oldest() []time.Time {
	depth := t.depths()
	slices.SortFunc(t.corrections, func(a, b int) int { return cmp.Compare(depth[a], depth[b]) })
	first := make([]time.Time, len(t.events))
	for i, e := range t.events {
		first[i] = e.Time
	}
	for _, i := range t.corrections { // targets come before what corrects them
		if target := t.target[i]; target != noTarget && (t.events[i].Voids != "" || first[target].Before(first[i])) {
			first[i] = first[target]
		}
	}
	return first
}
