package api

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/billing/calendar"
)

// computePeriods answers questions about billing periods. It reads and writes nothing of the realm.
type computePeriods struct{}

type periodUnits struct {
	Unit  string `json:"unit" enum:"day,week,month,quarter,half_year,year" example:"month"`
	Count int    `json:"count,omitempty" minimum:"1" maximum:"1000" default:"1"`
}

type periodShift struct {
	Unit  string `json:"unit" enum:"hour,day,week,month,quarter,half_year,year"`
	Count int    `json:"count" minimum:"-1000" maximum:"1000"`
}

// PeriodRule is what a schedule follows and what a change of it may change.
type PeriodRule struct {
	Timezone   string       `json:"timezone,omitempty" minLength:"1" maxLength:"64" example:"Europe/Berlin" doc:"An IANA name; UTC if absent."`
	Interval   *periodUnits `json:"interval,omitempty" doc:"How long a period is; one month if absent."`
	Anchor     *Moment      `json:"anchor,omitempty" doc:"Boundaries are the anchor plus whole intervals on the wall clock, clamped to the end of a shorter month."`
	BillingDay int          `json:"billing_day,omitempty" minimum:"1" maximum:"31" doc:"With months or years: the day on which periods begin, from the start's month on; clamped to the end of a shorter month."`
	Weekday    string       `json:"weekday,omitempty" enum:"monday,tuesday,wednesday,thursday,friday,saturday,sunday" doc:"With weeks: the day on which periods begin."`
}

type periodsChange struct {
	At Moment `json:"at" doc:"It takes effect at the first boundary at or after this."`
	PeriodRule
}

type computePeriodsIn struct {
	Body struct {
		PeriodRule
		Mode         string          `json:"mode,omitempty" enum:"anniversary,anchor,calendar" doc:"anniversary: from the anchor, or else the start. anchor: a given anchor, billing_day or weekday beside the start. calendar: from midnight on a Monday or the first of a month, quarter, half year or year. If absent: anchor with a billing_day or weekday, and else anniversary."`
		Start        *Moment         `json:"start,omitempty" doc:"When the agreement starts; the anchor if absent, or else at."`
		TrialDays    int             `json:"trial_days,omitempty" minimum:"0" maximum:"36500" doc:"Local days that come before the first period."`
		Changes      []periodsChange `json:"changes,omitempty" maxItems:"20" doc:"In order of time. Only a new timezone keeps every boundary's date and time of day."`
		Count        int             `json:"count,omitempty" minimum:"1" maximum:"1000" doc:"How many boundaries to list; without it all until to (1000 at most), or one."`
		From         *Moment         `json:"from,omitempty" doc:"Lists only boundaries from this on."`
		To           *Moment         `json:"to,omitempty" doc:"Lists only boundaries until this, itself included."`
		At           *Moment         `json:"at,omitempty" doc:"What period and completed_periods are asked for; the start if absent."`
		RunAt        *Moment         `json:"run_at,omitempty" doc:"When a billing run takes place: billed_period is what it bills."`
		PayInAdvance bool            `json:"pay_in_advance,omitempty" doc:"The run bills the period that it lies in, and not the last one that is over."`
		Events       []Instant       `json:"events,omitempty" maxItems:"1000" doc:"Instants to find the periods of."`
		Floor        string          `json:"floor,omitempty" enum:"hour,day,week,month,quarter,half_year,year" doc:"The local unit whose beginning before at is wanted."`
		Add          *periodShift    `json:"add,omitempty" doc:"To at: hours elapse, everything else moves on the wall clock."`
	}
}

type computedMoment struct {
	At      Instant `json:"at"`
	Local   string  `json:"local" example:"2026-01-31T00:00:00+01:00" doc:"In the time zone, with its offset."`
	Date    string  `json:"date" format:"date" example:"2026-01-31" doc:"The local date."`
	Weekday string  `json:"weekday" example:"saturday"`
}

type computedPeriod struct {
	Index          int            `json:"index" doc:"0 for the first period, -1 for the trial."`
	Kind           string         `json:"kind" enum:"trial,full,short,long" doc:"long: some hours more, after a change of time zone."`
	Start          computedMoment `json:"start"`
	End            computedMoment `json:"end" doc:"It belongs to the next period."`
	EndInclusive   computedMoment `json:"end_inclusive" doc:"The last second, as other systems show it."`
	FullStart      Instant        `json:"full_start" doc:"Where the whole period begins that ends with this one: the denominator of a stub."`
	FullEnd        Instant        `json:"full_end"`
	FullDays       int            `json:"full_days"`
	Days           int            `json:"days" doc:"Local midnights in it."`
	DurationHours  Quantity       `json:"duration_hours" doc:"Elapsed: a day may have 23 or 25. Cut after 20 decimals."`
	DurationSecond int64          `json:"duration_seconds"`
}

type computedEvent struct {
	At      Instant               `json:"at"`
	Period  Maybe[computedPeriod] `json:"period" doc:"Null before the start."`
	Counted bool                  `json:"counted" doc:"It lies in the period that contains at."`
}

type computedPeriods struct {
	Timezone         string                `json:"timezone"`
	Start            computedMoment        `json:"start"`
	BillingDay       *int                  `json:"billing_day" nullable:"true" doc:"The day of the month that boundaries have; 31 though a month is shorter. Null for days and weeks."`
	FirstBillingDate computedMoment        `json:"first_billing_date" doc:"The first boundary of the grid at or after the first period's start."`
	Trial            Maybe[computedPeriod] `json:"trial"`
	FirstPeriod      computedPeriod        `json:"first_period" doc:"The first that is paid."`
	Boundaries       []computedMoment      `json:"boundaries" doc:"The first is where the first period starts, unless from says otherwise."`
	At               computedMoment        `json:"at"`
	Period           Maybe[computedPeriod] `json:"period" doc:"Which contains at; null before the start."`
	NextBoundary     Maybe[computedMoment] `json:"next_boundary" doc:"Where that period ends."`
	CompletedPeriods int                   `json:"completed_periods" doc:"Periods whose end has come at at, a short first one among them."`
	WholePeriods     int                   `json:"whole_periods" doc:"Of them, those that are not short."`
	BilledPeriod     Maybe[computedPeriod] `json:"billed_period" doc:"By the run; null where there is none yet."`
	Events           []computedEvent       `json:"events"`
	CountedEvents    int                   `json:"counted_events"`
	Floored          Maybe[computedMoment] `json:"floored"`
	Added            Maybe[computedMoment] `json:"added"`
}

func (r computePeriods) register(a huma.API) {
	post(a, op{ID: "computePeriods", Path: "/mgt/v1/compute/periods", Summary: "Compute billing periods",
		Description: "Boundaries, the period that contains an instant, what a billing run bills, trials, changes, and dates in a time zone. " +
			"Period k begins at the anchor plus k intervals on the wall clock, and never at the end of the one before plus one.",
		Tag: "Compute", Scope: "catalog:read", Pure: true, Example: map[string]any{
			"timezone": "Europe/Berlin", "interval": map[string]any{"unit": "month", "count": 1}, "start": "2026-01-31", "count": 4, "at": "2026-03-01"}}, r.compute)
}

func (computePeriods) compute(_ context.Context, in *computePeriodsIn) (*One[computedPeriods], error) {
	b := in.Body
	q := calendar.Question{Rule: b.rule(), Start: momentOf(b.Start), TrialDays: b.TrialDays, Count: b.Count, From: momentOf(b.From), To: momentOf(b.To),
		At: momentOf(b.At), RunAt: momentOf(b.RunAt), Advance: b.PayInAdvance, Floor: calendar.Unit(b.Floor)}
	q.Rule.Mode = calendar.Mode(b.Mode)
	for _, c := range b.Changes {
		q.Changes = append(q.Changes, c.change())
	}
	for _, e := range b.Events {
		q.Events = append(q.Events, e.Time)
	}
	if b.Add != nil {
		q.Add = calendar.Cadence{Unit: calendar.Unit(b.Add.Unit), Count: b.Add.Count}
	}
	d, err := calendar.Describe(q)
	if err != nil {
		return nil, err
	}
	return &One[computedPeriods]{Body: showPeriods(d)}, nil
}

func (r PeriodRule) rule() calendar.Rule {
	out := calendar.Rule{Zone: "UTC", Cadence: calendar.Cadence{Unit: calendar.Month, Count: 1}, Anchor: momentOf(r.Anchor),
		BillingDay: r.BillingDay, Weekday: r.Weekday}
	if r.Timezone != "" {
		out.Zone = r.Timezone
	}
	if r.Interval != nil {
		out.Cadence = r.Interval.cadence()
	}
	return out
}

func (u periodUnits) cadence() calendar.Cadence {
	return calendar.Cadence{Unit: calendar.Unit(u.Unit), Count: max(u.Count, 1)}
}

func (c periodsChange) change() calendar.RuleChange {
	out := calendar.RuleChange{At: c.At.Moment, Change: calendar.Change{Zone: c.Timezone, Anchor: momentOf(c.Anchor), BillingDay: c.BillingDay, Weekday: c.Weekday}}
	if c.Interval != nil {
		out.Cadence = c.Interval.cadence()
	}
	return out
}

func momentOf(m *Moment) calendar.Moment {
	if m == nil {
		return calendar.Moment{}
	}
	return m.Moment
}

func showPeriods(d calendar.Description) computedPeriods {
	out := computedPeriods{Timezone: d.Zone.String(), Start: localMoment(d.Start, d.Zone), FirstBillingDate: localMoment(d.FirstDate, d.Zone),
		Trial: maybeSpan(d.Trial), FirstPeriod: showSpan(*d.First), Boundaries: make([]computedMoment, 0, len(d.Boundaries)),
		At: localMoment(d.At, d.Zone), Period: maybeSpan(d.Period), CompletedPeriods: d.Completed, WholePeriods: d.Whole,
		BilledPeriod: maybeSpan(d.Billed), Events: make([]computedEvent, 0, len(d.Events)), CountedEvents: d.Counted,
		Floored: maybeLocal(d.Floored, d.Zone), Added: maybeLocal(d.Added, d.Zone)}
	if d.BillingDay != 0 {
		out.BillingDay = &d.BillingDay
	}
	for _, b := range d.Boundaries {
		out.Boundaries = append(out.Boundaries, localMoment(b.At, b.Zone))
	}
	for _, e := range d.Events {
		out.Events = append(out.Events, computedEvent{At: instant(e.At), Period: maybeSpan(e.Period), Counted: e.Counted})
	}
	if d.Period != nil {
		out.NextBoundary = just(localMoment(d.Period.End, d.Period.Zone))
	}
	return out
}

func maybeSpan(s *calendar.Span) Maybe[computedPeriod] {
	if s == nil {
		return Maybe[computedPeriod]{}
	}
	return just(showSpan(*s))
}

func showSpan(s calendar.Span) computedPeriod {
	return computedPeriod{Index: s.Index, Kind: string(s.Kind), Start: localMoment(s.Start, s.Zone), End: localMoment(s.End, s.Zone),
		EndInclusive: localMoment(s.Inclusive(), s.Zone), FullStart: instant(s.Full.Start), FullEnd: instant(s.Full.End), FullDays: s.FullDays,
		Days: s.Days, DurationHours: quantity(s.Hours()), DurationSecond: s.Seconds()}
}

func maybeLocal(t time.Time, zone *time.Location) Maybe[computedMoment] {
	if t.IsZero() {
		return Maybe[computedMoment]{}
	}
	return just(localMoment(t, zone))
}

func localMoment(t time.Time, zone *time.Location) computedMoment {
	local := t.In(zone)
	return computedMoment{At: instant(t), Local: local.Format("2006-01-02T15:04:05.999999-07:00"), Date: local.Format(time.DateOnly),
		Weekday: strings.ToLower(local.Weekday().String())}
}
