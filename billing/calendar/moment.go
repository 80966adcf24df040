package calendar

import (
	"regexp"
	"time"

	"github.com/durabill/durabill/fault"
)

// Moment is a point in time as people write it: an instant with its offset, or what a clock on the wall showed, which a zone
// makes an instant.
type Moment struct {
	at    time.Time
	read  wall
	local bool
}

// MomentPattern is every form that ParseMoment reads. Years outside these are typing mistakes or attacks, and computing a
// period from one leads outside of what calendars and columns hold.
const MomentPattern = `^(19|2\d)\d{2}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?$`

var moments = regexp.MustCompile(MomentPattern)

const maxMomentLen = 40

// ParseMoment reads an RFC 3339 instant, or a local date or date and time, which is the same without an offset. A date is its
// midnight.
func ParseMoment(s string) (Moment, error) {
	if len(s) > maxMomentLen || !moments.MatchString(s) {
		return Moment{}, notAMoment()
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return At(at), nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", time.DateOnly} {
		if read, err := time.Parse(layout, s); err == nil {
			return Moment{read: wallOf(read, time.UTC), local: true}, nil
		}
	}
	return Moment{}, notAMoment()
}

func notAMoment() error {
	return fault.New(fault.Invalid, "moment_malformed",
		"Neither an instant of RFC 3339 nor a local date (2026-01-31) or date and time (2026-01-31T09:00:00) in the years 1900 to 2999.")
}

// At is the moment of an instant.
func At(t time.Time) Moment { return Moment{at: t.UTC().Truncate(time.Microsecond)} }

// IsZero reports whether it was never set.
func (m Moment) IsZero() bool { return !m.local && m.at.IsZero() }

// In gives the instant. A local time that the zone skips is the next valid instant; of two equal ones it is the first.
func (m Moment) In(zone *time.Location) time.Time {
	if m.local {
		return m.read.instant(zone).UTC().Truncate(time.Microsecond)
	}
	return m.at
}
