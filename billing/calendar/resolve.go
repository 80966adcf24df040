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

func (a Anchor) grid() (grid, error) {
	if err := a.Cadence.validate("/cadence"); err != nil {
		return grid{}, err
	}
	if a.At.IsZero() {
		return grid{}, fault.At("/at", "required", "The anchor must have an instant.")
	}
	zone, err := LoadZone(a.Zone)
	if err != nil {
		return grid{}, err
	}
	days, months, _ := a.Cadence.step()
	return grid{zone: zone, origin: wallOf(a.At, zone), days: days, months: months, given: a.At.UTC()}, nil
}

func outside(year int) bool { return year < 1 || year > 9999 }

func outOfRange() error {
	return fault.New(fault.Invalid, "boundary_out_of_range", "The boundary lies outside the years 1 to 9999.")
}
