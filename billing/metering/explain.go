package metering

// Contribution is what one event or one key did to a result that time weighs.
type Contribution struct {
	Event  *Event // nil where a key contributes
	Key    string
	Days   int64  // on which the key was there
	Weight Number // of the event's number, or of the key
	Amount Number
}

// weighing is a state whose samples have a weight each.
type weighing interface{ weight(Sample) Number }

// explain lists contributions in the order of time, or of the keys. With what was carried in they add up to the result.
func (p *plan) explain(counted []Sample) []Contribution {
	switch state := p.begin(p.Period).(type) {
	case weighing:
		out := make([]Contribution, 0, len(counted))
		for _, s := range counted {
			w := state.weight(s)
			out = append(out, Contribution{Event: s.Event, Weight: w, Amount: w.Mul(NumberOf(s.Number))})
		}
		return out
	case *presence:
		for _, s := range counted {
			state.Add(s)
		}
		var out []Contribution
		for _, key := range state.keys() {
			n := state.daysOf(key)
			out = append(out, Contribution{Key: key, Days: n, Weight: ratio(n, state.days.full), Amount: ratio(n, state.days.full)})
		}
		return out
	}
	return nil
}
