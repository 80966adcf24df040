package metering

// Conflict is an event that came again with another body: it does not count.
type Conflict = Ref

// Rejection is an event that would have counted, and why it does not.
type Rejection struct {
	Ref
	Reason Reason
}

// verdicts is what became of events before any number was read.
type verdicts struct {
	standing   []*Event
	duplicates []Ref
	conflicts  []Conflict
	corrected  []Ref // replaced or voided by a correction that stands
	ignored    []*Event
	rejected   []Rejection
}

// judge finds the events that stand. Unknown events (known is nil if all are known) are as if never sent; late ones are
// ignored where the rule says so.
func judge(events []Event, known func(*Event) bool, late *lateness) verdicts {
	var v verdicts
	first, corrections := firsts(events, known, &v)
	if len(corrections) == 0 && late == nil {
		v.standing = first
		return v
	}
	tree := newTree(first, corrections, &v)
	if late != nil {
		tree.ignore(late, &v)
	}
	tree.settle()
	for i, e := range first {
		switch tree.fate[i] {
		case fateStands:
			if e.Voids == "" {
				v.standing = append(v.standing, e)
			}
		case fateCorrected:
			v.corrected = append(v.corrected, e.ref())
		case fateOut: // reported where it was found
		}
	}
	return v
}

// firsts gives, of the events that share a name, the one that was recorded first: the first of the list among those
// recorded at one time. It also gives the places of corrections.
func firsts(events []Event, known func(*Event) bool, v *verdicts) (first []*Event, corrections []int) {
	at := make(map[Ref]int, len(events))
	first = make([]*Event, 0, len(events))
	var repeats []*Event
	for i := range events {
		e := &events[i]
		if known != nil && !known(e) {
			continue
		}
		place, seen := at[e.ref()]
		switch {
		case !seen:
			at[e.ref()] = len(first)
			first = append(first, e)
		case e.recorded().Before(first[place].recorded()):
			repeats = append(repeats, first[place])
			first[place] = e
		default:
			repeats = append(repeats, e)
		}
	}
	for _, e := range repeats {
		if e.same(first[at[e.ref()]]) {
			v.duplicates = append(v.duplicates, e.ref())
		} else {
			v.conflicts = append(v.conflicts, e.ref())
		}
	}
	for i, e := range first {
		if _, is := e.corrects(); is {
			corrections = append(corrections, i)
		}
	}
	return first, corrections
}
