package calendar

import (
	"sync"
	"time"

	"github.com/durabill/durabill/fault"
)

// maxIndex is more days than lie between the years 1 and 9999.
const maxIndex = 4_000_000

// zones keeps what LoadLocation read: it parses the zone's file on every call, and commits ask for it.
var zones sync.Map

// LoadZone finds an IANA zone by name. It refuses "" and "Local", which mean something else on every machine.
func LoadZone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, unknownZone()
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknownZone().Because(err)
	}
	zones.Store(name, zone)
	return zone, nil
}

func unknownZone() *fault.Fault {
	return fault.At("/zone", "zone_unknown", "The zone must be an IANA time zone name, such as Europe/Berlin.")
}

func (a Anchor) resolve() (*time.Location, error) {
	if err := a.Cadence.validate("/cadence"); err != nil {
		return nil, err
	}
	if a.At.IsZero() {
		return nil, fault.At("/at", "required", "The anchor must have an instant.")
	}
	return LoadZone(a.Zone)
}

// boundary is f(anchor, k). k = 0 is the anchor itself and not its wall-clock reading: an anchor in the second of two
// equal hours would otherwise begin its first period an hour before it began.
func (a Anchor) boundary(zone *time.Location, k int) (time.Time, error) {
	if k == 0 {
		return a.At.UTC(), nil
	}
	days, months, _ := a.Cadence.step()
	if k > maxIndex || k < -maxIndex || outside(wallOf(a.At, zone).year) {
		return time.Time{}, outOfRange()
	}
	w := wallOf(a.At, zone)
	if months != 0 {
		w = w.months(k * months)
	} else {
		w = w.days(k * days)
	}
	if outside(w.year) {
		return time.Time{}, outOfRange()
	}
	return w.instant(zone), nil
}

func outside(year int) bool { return year < 1 || year > 9999 }

func outOfRange() error {
	return fault.New(fault.Invalid, "boundary_out_of_range", "The boundary lies outside the years 1 to 9999.")
}
