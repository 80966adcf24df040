package calendar

import "github.com/durabill/durabill/fault"

// Unit is what a cadence counts.
type Unit string

// The units there are. A week is seven days, a quarter three months and a half year six, on the wall clock.
const (
	Day      Unit = "day"
	Week     Unit = "week"
	Month    Unit = "month"
	Quarter  Unit = "quarter"
	HalfYear Unit = "half_year"
	Year     Unit = "year"
)

// MaxCount bounds Count, so that no period is longer than a few decades and no arithmetic overflows.
const MaxCount = 1000

// Cadence is how long a period is: Count units on the wall clock.
type Cadence struct {
	Unit  Unit `json:"unit"`
	Count int  `json:"count"`
}

// Validate refuses a cadence that has no length. Pointers are relative to the cadence object.
func (c Cadence) Validate() error { return c.validate("") }

func (c Cadence) validate(at string) error {
	if _, _, ok := c.step(); !ok {
		return fault.At(at+"/unit", "unit_unknown", "The unit must be one of: day, week, month, quarter, half_year, year.")
	}
	if c.Count < 1 || c.Count > MaxCount {
		return fault.At(at+"/count", "out_of_range", "The count must be between 1 and 1000.")
	}
	return nil
}

// step gives the cadence in days or in months; one of the two is zero.
func (c Cadence) step() (days, months int, ok bool) {
	switch c.Unit {
	case Day:
		return c.Count, 0, true
	case Week:
		return 7 * c.Count, 0, true
	case Month:
		return 0, c.Count, true
	case Quarter:
		return 0, 3 * c.Count, true
	case HalfYear:
		return 0, 6 * c.Count, true
	case Year:
		return 0, 12 * c.Count, true
	default:
		return 0, 0, false
	}
}
