package calendar

import (
	"strconv"

	"github.com/durabill/durabill/fault"
)

func (d *describer) beginning(out *Description) (err error) {
	out.Trial = d.trial()
	if out.FirstDate, err = d.schedule.First(); err != nil {
		return err
	}
	out.First, err = d.span(0)
	return err
}

// boundaries lists as many as were asked for; without a count all in [From, To], and without a To one.
func (d *describer) boundaries(out *Description) error {
	n, limit := 0, d.Count
	if limit == 0 {
		limit = 1
		if !d.To.IsZero() {
			limit = MaxBoundaries
		}
	}
	if !d.From.IsZero() {
		from := d.From.In(d.zone)
		at, err := d.schedule.Index(from)
		if err != nil {
			return err
		}
		n = max(at, 0)
		if b, err := d.schedule.Boundary(n); err != nil {
			return err
		} else if b.Before(from) {
			n++
		}
	}
	for ; len(out.Boundaries) < limit; n++ {
		b, err := d.schedule.Boundary(n)
		if err != nil {
			return err
		}
		if !d.To.IsZero() && b.After(d.To.In(d.zone)) {
			return nil
		}
		out.Boundaries = append(out.Boundaries, Mark{At: b, Zone: d.schedule.phaseOf(n).grid.zone})
	}
	return nil
}

func (d *describer) around(out *Description) (err error) {
	out.At = d.start
	if !d.At.IsZero() {
		out.At = d.At.In(d.zone)
	}
	if out.Period, err = d.containing(out.At); err != nil {
		return err
	}
	n, err := d.schedule.Index(out.At)
	if err != nil {
		return err
	}
	out.Completed = max(n, 0)
	g := d.schedule.phaseOf(max(n, 0)).grid
	if g.months > 0 {
		out.BillingDay = g.origin.day
	}
	return d.whole(out)
}

// whole counts the completed periods that are not stubs: only the first of a phase can be one.
func (d *describer) whole(out *Description) error {
	out.Whole = out.Completed
	for _, p := range d.schedule.phases {
		if p.first >= out.Completed {
			continue
		}
		first, err := d.span(p.first)
		if err != nil {
			return err
		}
		if first.Kind == Short {
			out.Whole--
		}
	}
	return nil
}

func (d *describer) billed(out *Description) error {
	if d.RunAt.IsZero() {
		return nil
	}
	n, ok, err := d.schedule.Billed(d.RunAt.In(d.zone), d.Advance)
	if err != nil || !ok {
		return err
	}
	out.Billed, err = d.span(n)
	return err
}

func (d *describer) events(out *Description) error {
	for _, at := range d.Events {
		period, err := d.containing(at)
		if err != nil {
			return err
		}
		e := Located{At: at.UTC(), Period: period, Counted: out.Period != nil && out.Period.Contains(at)}
		if e.Counted {
			out.Counted++
		}
		out.Events = append(out.Events, e)
	}
	return nil
}

// moved floors At and adds to it.
func (d *describer) moved(out *Description) (err error) {
	if d.Floor != "" {
		if out.Floored, err = Floor(d.zone, out.At, d.Floor); err != nil {
			return fault.At("/floor", "unit_unknown", "%s", fault.Of(err).Fields[0].Detail)
		}
	}
	if d.Add != (Cadence{}) {
		out.Added, err = Add(d.zone, out.At, d.Add.Unit, d.Add.Count)
	}
	return Under("/add", err)
}

// ChangeAt is the pointer of a change.
func ChangeAt(i int) string { return "/changes/" + strconv.Itoa(i) }

// Under puts the pointers of a fault below another.
func Under(root string, err error) error {
	if err == nil {
		return nil
	}
	f := *fault.Of(err)
	f.Fields = append([]fault.Field(nil), f.Fields...)
	for i := range f.Fields {
		f.Fields[i].Pointer = root + f.Fields[i].Pointer
	}
	return &f
}
