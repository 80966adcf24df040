package proration

import (
	"math/big"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/fault"
)

// MaxChanges bounds the changes of one period in one question.
const MaxChanges = 100

// Change is new terms from an instant on: of a plan, a quantity, an item that comes (from 0) or goes (to 0), a pause.
type Change struct {
	At       calendar.Moment
	Price    decimal.Decimal  // of a full period
	Quantity *decimal.Decimal // of Price; one if nil
	Interval calendar.Cadence // of the new price, if it is another: the new period stays on the old one's grid
	Reset    bool             // the new period begins at the change
}

// Terms is a period under a price and how it changes.
type Terms struct {
	Frame
	Price    decimal.Decimal
	Quantity *decimal.Decimal // of Price; one if nil
	Changes  []Change         // in order of time
	// Arrears has each price charged for its own part of the period, at the end of it. An invoice that nobody has seen is the
	// same: its line is shortened and not credited. Else the price was charged for the whole period at its start.
	Arrears bool
}

// LineKind says what a line of a change is.
type LineKind string

// The kinds there are.
const (
	Credit LineKind = "credit" // below zero: the unused part of what was charged in advance
	Charge LineKind = "charge"
)

// Line is one step of a change.
type Line struct {
	Part
	Kind   LineKind
	Change int // which change made it; −1 for the old price in arrears
	Price  decimal.Decimal
}

// Changed is what changes of a period come to, exactly.
type Changed struct {
	Lines []Line
	Net   decimal.Decimal // of the lines
	Value decimal.Decimal // of the whole period under the prices that were in force
	First Part            // what the first change leaves of the period
}

// changing walks the changes of a period.
type changing struct {
	framed
	terms      Terms
	out        Changed
	net, value *big.Rat
	price      decimal.Decimal
	full       calendar.Interval // of the price in force
	since      calendar.Interval // what the price in force was charged for, or is in force for until the next change
	change     int
}

// Apply gives the lines of the changes. A change to the same price gives none, so a change that is repeated gives nothing more;
// neither does one at the period's end, where the new price begins with the next period. Source: policies.md, "plan change now".
func (t Terms) Apply() (Changed, error) {
	f, err := t.read()
	if err != nil {
		return Changed{}, err
	}
	counted := t.Counts.Part != nil || t.Counts.Elapsed != nil
	if len(t.Changes) == 0 || len(t.Changes) > MaxChanges || counted && len(t.Changes) > 1 {
		return Changed{}, fault.At("/changes", "out_of_range", "There must be 1 to %d changes, and one where parts are counted.", MaxChanges)
	}
	c := &changing{framed: f, terms: t, net: new(big.Rat), value: new(big.Rat), price: t.Price, full: f.full, since: f.full, change: -1}
	for i, change := range t.Changes {
		if err := c.apply(i, change, counted); err != nil {
			return Changed{}, err
		}
	}
	c.leave(c.since, -1)
	c.out.Net, c.out.Value = cut(c.net), cut(c.value)
	return c.out, nil
}

func (c *changing) apply(i int, to Change, counted bool) error {
	at := to.At.In(c.Zone)
	switch {
	case counted:
		at = c.full.Start
	case to.At.IsZero():
		return fault.At(calendar.ChangeAt(i)+"/at", "required", "A change must say when.")
	case i == 0 && at.Before(c.full.Start):
		at = c.full.Start
	case at.Before(c.since.Start):
		return fault.At(calendar.ChangeAt(i)+"/at", "out_of_order", "The changes must come in order, within the period.")
	}
	if i == 0 {
		c.out.First = c.part(c.full, calendar.Interval{Start: at, End: c.full.End}, c.price)
	}
	if at.After(c.since.End) {
		at = c.since.End
	}
	if !counted && !at.Before(c.since.End) || to.Price.Equal(c.price) && to.Interval == (calendar.Cadence{}) {
		return nil
	}
	rest := calendar.Interval{Start: at, End: c.since.End}
	c.leave(calendar.Interval{Start: c.since.Start, End: at}, i)
	if !c.terms.Arrears {
		c.line(Credit, i, c.part(c.full, rest, c.price.Neg()), c.price)
	}
	full, err := c.next(to, at, i)
	if err != nil {
		return err
	}
	rest.End = full.End
	c.price, c.full, c.since, c.change = to.Price, full, rest, i
	if !c.terms.Arrears {
		c.line(Charge, i, c.part(full, rest, to.Price), to.Price)
	}
	return nil
}

// next gives the full period of the new price.
func (c *changing) next(to Change, at time.Time, i int) (calendar.Interval, error) {
	cadence := to.Interval
	switch {
	case cadence == (calendar.Cadence{}) && to.Reset:
		return calendar.Interval{}, fault.At(calendar.ChangeAt(i)+"/reset_anchor", "field_not_allowed", "Only a new interval has an anchor to set anew.")
	case cadence == (calendar.Cadence{}):
		return c.full, nil
	case to.Reset:
		end, err := calendar.Add(c.Zone, at, cadence.Unit, cadence.Count)
		return calendar.Interval{Start: at, End: end}, err
	}
	grid := calendar.Anchor{At: c.full.Start, Zone: c.Zone.String(), Cadence: cadence}
	k, err := grid.Index(at)
	if err != nil {
		return calendar.Interval{}, calendar.Under(calendar.ChangeAt(i), err)
	}
	return grid.Period(k)
}

// leave accounts for the price that was in force until a change, or until the period's end.
func (c *changing) leave(used calendar.Interval, by int) {
	p := c.part(c.full, used, c.price)
	if n := c.terms.Counts; by == 0 && (n.Part != nil || n.Elapsed != nil) {
		p.Share.Part = p.Share.Whole - p.Share.Part // what was counted is the rest
		p.Days.Part = p.Days.Whole - p.Days.Part
		p.Exact = p.Share.Of(c.price)
	}
	c.value.Add(c.value, p.Share.times(c.price))
	if c.terms.Arrears {
		c.line(Charge, c.change, p, c.price)
	}
}

func (c *changing) part(full, part calendar.Interval, price decimal.Decimal) Part {
	f := c.framed
	f.full, f.part = full, part
	return f.prorate(price)
}

func (c *changing) line(kind LineKind, change int, p Part, price decimal.Decimal) {
	signed := price
	if kind == Credit {
		signed = price.Neg()
	}
	c.net.Add(c.net, p.Share.times(signed))
	c.out.Lines = append(c.out.Lines, Line{Part: p, Kind: kind, Change: change, Price: price})
}
