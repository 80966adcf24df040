package api

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/billing/calendar"
)

// Moment is a time on the wire that may be local: an instant of RFC 3339, or a date or date and time without an offset, which the
// body's time zone makes an instant.
type Moment struct{ calendar.Moment }

// Schema is huma's way to ask how the type looks in JSON.
func (Moment) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Pattern: calendar.MomentPattern,
		PatternDescription: "an instant of RFC 3339, or a local date or date and time, in the years 1900 to 2999",
		Description: "An instant of RFC 3339, or a date (2026-01-31) or date and time (2026-01-31T09:00:00) on the clock of the body's time zone. " +
			"A date is its midnight; a local time that the zone skips is the next valid instant, and of two equal ones it is the first.",
		Examples: []any{"2026-01-31"}}
	s.PrecomputeMessages()
	return s
}

// UnmarshalJSON takes a string of one of the forms and nothing else.
func (m *Moment) UnmarshalJSON(data []byte) (err error) {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return errInstant
	}
	if m.Moment, err = calendar.ParseMoment(s); err != nil {
		return errInstant // which is no fault, so that the answer says where it stands
	}
	return nil
}
