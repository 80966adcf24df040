package credit

import (
	"slices"
	"time"
)

// Scope limits a lot to usage of some features and some meters. An empty list limits nothing. It says what a lot may pay for and
// never when: a limited lot has no rank of its own, unless the order asks for it (ByRestrictedFirst).
type Scope struct {
	Features []string `json:"features,omitempty"`
	Meters   []string `json:"meters,omitempty"`
}

// Usage is what a lot is asked to pay for: when it happened, and of which feature and meter. A usage that names no feature is not
// paid by a lot that is limited to features.
type Usage struct {
	At      time.Time `json:"at"`
	Feature string    `json:"feature,omitempty"`
	Meter   string    `json:"meter,omitempty"`
}

// Allows says whether the scope lets a lot pay for the usage.
func (s Scope) Allows(u Usage) bool {
	return (len(s.Features) == 0 || slices.Contains(s.Features, u.Feature)) &&
		(len(s.Meters) == 0 || slices.Contains(s.Meters, u.Meter))
}

func (s Scope) limits() bool { return len(s.Features)+len(s.Meters) > 0 }
