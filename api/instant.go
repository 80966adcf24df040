package api

import (
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	instantForm = "2006-01-02T15:04:05.999999Z"
	// time.Parse forgives commas and single digits. Years outside these are typing mistakes or attacks, and computing a period
	// from one leads outside of what calendars and columns hold.
	instantPattern = `^(19|2\d)\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`
)

var (
	anyInstant = regexp.MustCompile(instantPattern)
	errInstant = errors.New("not an instant of RFC 3339 in the years 1900 to 2999")
)

// Instant is a time on the wire: RFC 3339 in UTC with at most microseconds, which is what the database keeps.
type Instant struct{ time.Time }

// instant puts a time on the wire.
func instant(t time.Time) Instant { return Instant{Time: t} }

// maybe puts an optional time on the wire; null stands for "not yet" or "never".
func maybe(t *time.Time) *Instant {
	if t == nil {
		return nil
	}
	return &Instant{Time: *t}
}

// Schema is huma's way to ask how the type looks in JSON.
func (Instant) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Format: "date-time", Pattern: instantPattern,
		PatternDescription: "an instant of RFC 3339 in the years 1900 to 2999", Examples: []any{"2026-01-30T23:00:00Z"}}
	s.PrecomputeMessages()
	return s
}

// MarshalJSON writes UTC.
func (i Instant) MarshalJSON() ([]byte, error) {
	return json.Marshal(i.UTC().Truncate(time.Microsecond).Format(instantForm))
}

// UnmarshalJSON reads any zone and keeps microseconds.
func (i *Instant) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	return i.UnmarshalText([]byte(s))
}

// UnmarshalText reads a query parameter.
func (i *Instant) UnmarshalText(text []byte) error {
	if !anyInstant.Match(text) {
		return errInstant
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return err
	}
	i.Time = t.UTC().Truncate(time.Microsecond)
	return nil
}
