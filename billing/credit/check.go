package credit

import (
	"slices"

	"github.com/durabill/durabill/fault"
)

// check finds all that is wrong with what a replay is given, before anything is played.
func check(grants []Grant, steps []Step, o Options) error {
	wrong := nested("/order", o.Order.Validate())
	wrong = append(wrong, o.wrong()...)
	lots := map[string]bool{}
	for i, g := range grants {
		wrong = append(wrong, g.wrong(index("/grants", i))...)
		wrong = append(wrong, once(lots, g.Name, index("/grants", i)+"/name")...)
	}
	names, repeats := map[string]bool{}, map[string]bool{}
	for i, s := range steps {
		at := index("/steps", i)
		wrong = append(wrong, s.wrong(at)...)
		if o.Start != nil && s.At.Before(*o.Start) {
			wrong = append(wrong, fault.At(at+"/at", CodeOutOfRange, "A step cannot lie before the start.").Fields...)
		}
		if s.Key != "" && repeats[s.Key] {
			continue // a repeat brings the same names
		}
		repeats[s.Key] = true
		wrong = append(wrong, once(names, s.Name, at+"/name")...)
		if s.Op == OpGrant && s.Grant != nil {
			wrong = append(wrong, once(lots, s.Grant.Name, at+"/grant/name")...)
		}
	}
	return invalid(wrong)
}

func once(seen map[string]bool, id, at string) []fault.Field {
	if id == "" {
		return nil
	}
	if seen[id] {
		return fault.At(at, "duplicate", "A name is used once.").Fields
	}
	seen[id] = true
	return nil
}

func (o Options) wrong() []fault.Field {
	var wrong []fault.Field
	if !slices.Contains([]Overage{"", Keep, Carry, Refuse}, o.Overage) {
		wrong = append(wrong, fault.At("/overage_mode", "mode_unknown", "Overage is kept, carried or refused.").Fields...)
	}
	if o.OpeningOverage.IsNegative() {
		wrong = append(wrong, fault.At("/opening_overage", CodeOutOfRange, "Overage cannot be negative.").Fields...)
	}
	if o.Precision != nil && (*o.Precision < 0 || *o.Precision > 20) {
		wrong = append(wrong, fault.At("/precision", CodeOutOfRange, "Credits have 0 to 20 decimals.").Fields...)
	}
	if o.Start != nil && o.Until != nil && o.Until.Before(*o.Start) {
		wrong = append(wrong, fault.At("/evaluate_at", CodeOutOfRange, "A replay cannot end before it starts.").Fields...)
	}
	for i, at := range o.AsOf {
		if o.Until != nil && at.After(*o.Until) || o.Start != nil && at.Before(*o.Start) {
			wrong = append(wrong, fault.At(index("/as_of", i), CodeOutOfRange, "An instant to look at lies between start and evaluation.").Fields...)
		}
	}
	return wrong
}
