package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/proration"
)

// computeProration answers questions about parts of periods. It reads and writes nothing of the realm.
type computeProration struct{}

type prorationPeriod struct {
	Start     Moment       `json:"start"`
	End       *Moment      `json:"end,omitempty" doc:"It does not belong to the period, unless end_inclusive says so."`
	Interval  *periodUnits `json:"interval,omitempty" doc:"Instead of an end."`
	Inclusive string       `json:"end_inclusive,omitempty" enum:"day,second" doc:"The end is the last day, or the last second, of the period."`
}

type prorationBegin struct {
	Start       Moment       `json:"start"`
	Mode        string       `json:"mode,omitempty" enum:"anniversary,anchor,calendar"`
	Interval    *periodUnits `json:"interval,omitempty" doc:"One month if absent."`
	Anchor      *Moment      `json:"anchor,omitempty"`
	BillingDay  int          `json:"billing_day,omitempty" minimum:"1" maximum:"31"`
	Weekday     string       `json:"weekday,omitempty" enum:"monday,tuesday,wednesday,thursday,friday,saturday,sunday"`
	TrialDays   int          `json:"trial_days,omitempty" minimum:"0" maximum:"36500"`
	Denominator string       `json:"denominator,omitempty" enum:"ending,starting" doc:"A stub is a part of the full period that ends with it; starting: of the one that would begin with it."`
}

type prorationCounts struct {
	Part    *int64 `json:"part,omitempty" minimum:"0" maximum:"10000000000"`
	Elapsed *int64 `json:"elapsed,omitempty" minimum:"0" maximum:"10000000000" doc:"The rest of part."`
	Of      *int64 `json:"of,omitempty" minimum:"1" maximum:"10000000000"`
}

type prorationChange struct {
	At          *Moment      `json:"at,omitempty" doc:"Required unless parts are counted."`
	Amount      Quantity     `json:"amount" doc:"Of a full period from then on; 0 for a pause or an item that goes."`
	Quantity    *Decimal     `json:"quantity,omitempty" doc:"How many amounts; 1 if absent."`
	Interval    *periodUnits `json:"interval,omitempty" doc:"Of the new price, if it is another. The new period stays on the grid of the old one's start."`
	ResetAnchor bool         `json:"reset_anchor,omitempty" doc:"The new period begins at the change."`
}

type prorationShare struct {
	Part int64 `json:"part" minimum:"0" maximum:"10000000000"`
	Of   int64 `json:"of" minimum:"1" maximum:"10000000000"`
}

type computeProrationIn struct {
	Body struct {
		Kind           string            `json:"kind,omitempty" enum:"part,change,cancel,cycles" default:"part" doc:"part: of a price. change: of plan, quantity, items or interval, and pauses. cancel: what of a fee is given back, and how. cycles: how many periods from the start to to."`
		Currency       string            `json:"currency" minLength:"3" maxLength:"31" example:"EUR" doc:"Or the code of a credit type, which has 9 decimals."`
		Timezone       string            `json:"timezone,omitempty" minLength:"1" maxLength:"64" doc:"UTC if absent."`
		Unit           string            `json:"unit,omitempty" enum:"second,day,none" default:"second" doc:"day: local days, where the day of a change belongs to the new terms and that of a cancellation is used. none: everything in full."`
		Convention     string            `json:"convention,omitempty" enum:"actual_days,fixed_30_days" default:"actual_days"`
		Period         *prorationPeriod  `json:"period,omitempty" doc:"The full period, which a price is for."`
		Begin          *prorationBegin   `json:"begin,omitempty" doc:"An agreement whose first period is meant: the part is that period, and the full period is the one that ends with it."`
		From           *Moment           `json:"from,omitempty" doc:"Where the part begins, if not where its period does."`
		To             *Moment           `json:"to,omitempty" doc:"Where the part ends, if not where its period does."`
		LastDayUsed    bool              `json:"last_day_used,omitempty" doc:"The day of to belongs to the part."`
		Counts         *prorationCounts  `json:"counts,omitempty" doc:"What was counted already, in days or any other unit, instead of what would be measured."`
		Amount         Quantity          `json:"amount,omitempty" doc:"The price of a full period."`
		Quantity       *Decimal          `json:"quantity,omitempty" doc:"How many amounts; 1 if absent."`
		Changes        []prorationChange `json:"changes,omitempty" maxItems:"100" doc:"Of a change, in order of time. To the same price is no change."`
		Billing        string            `json:"billing,omitempty" enum:"in_advance,in_arrears" default:"in_advance" doc:"in_arrears also while no invoice was issued: lines are shortened and nothing is credited."`
		Credits        string            `json:"credits,omitempty" enum:"lines,none,netted" default:"lines" doc:"none: no credit lines. netted: one charge of the period's value less what was paid, 0 at least."`
		Paid           *Decimal          `json:"paid,omitempty" doc:"For the period or, with an invoice_total, for the invoice; all if absent. Credits are capped by it."`
		EarlierCredits *Decimal          `json:"earlier_credits,omitempty" doc:"They lower what may be credited."`
		TaxPercent     *Decimal          `json:"tax_percent,omitempty"`
		Precision      *int32            `json:"precision,omitempty" minimum:"0" maximum:"20" doc:"Decimals of factor, precise and number_of_cycles; 9 if absent."`
		Deductions     []Decimal         `json:"deductions,omitempty" maxItems:"100" doc:"What a prorated commitment is reduced by; true_up is what it lacks."`
		At             *Moment           `json:"at,omitempty" doc:"Of a cancellation."`
		OnTermination  string            `json:"on_termination,omitempty" enum:"credit,refund,offset" default:"credit"`
		Coupon         *Decimal          `json:"coupon,omitempty" doc:"What a coupon took off a cancelled fee."`
		InvoiceTotal   *Decimal          `json:"invoice_total,omitempty" doc:"Of the invoice with a cancelled fee, with tax; the fee with tax if absent."`
		Shares         []prorationShare  `json:"shares,omitempty" maxItems:"1000" doc:"Of cycles: parts that were counted, instead of begin and to."`
	}
}

func (r computeProration) register(a huma.API) {
	post(a, op{ID: "computeProration", Path: "/mgt/v1/compute/proration", Summary: "Compute parts of a period",
		Description: "First periods and stubs, changes of plan, quantity and interval, pauses, cancellations with their refund, and numbers of cycles. " +
			"A share is exact, and each line is rounded once.",
		Tag: "Compute", Scope: "catalog:read", Pure: true, Status: http.StatusOK, Example: map[string]any{"kind": "change", "currency": "USD",
			"amount": "10", "period": map[string]any{"start": "2026-06-01", "end": "2026-07-01"}, "changes": []any{map[string]any{"at": "2026-06-16", "amount": "20"}}}}, r.compute)
}

func (computeProration) compute(_ context.Context, in *computeProrationIn) (*One[computedProration], error) {
	b := in.Body
	q := invoicing.Proration{Kind: invoicing.ProrationKind(b.Kind), Currency: money.Asset(b.Currency), Mode: invoicing.CreditMode(b.Credits), Paid: amountOf(b.Paid),
		Earlier: amountOr0(b.EarlierCredits), TaxPercent: amountOr0(b.TaxPercent), Precision: money.LedgerScale,
		Cancel: invoicing.Cancellation{At: momentOf(b.At), On: invoicing.OnCancel(b.OnTermination), Coupon: amountOr0(b.Coupon), InvoiceTotal: amountOf(b.InvoiceTotal)}}
	if b.Precision != nil {
		q.Precision = *b.Precision
	}
	q.Deductions = amountsOf(b.Deductions)
	for _, s := range b.Shares {
		q.Shares = append(q.Shares, proration.Share{Part: s.Part, Whole: s.Of})
	}
	q.Terms = proration.Terms{Price: b.Amount.Decimal, Quantity: amountOf(b.Quantity), Arrears: b.Billing == "in_arrears",
		Frame: proration.Frame{Zone: zoneOr(b.Timezone), Unit: proration.Unit(b.Unit), Convention: proration.Convention(b.Convention),
			From: momentOf(b.From), To: momentOf(b.To), LastDay: b.LastDayUsed}}
	if b.Period != nil {
		q.Period = b.Period.bounds()
	}
	if b.Begin != nil {
		q.Begin = b.Begin.begin(q.Zone)
		q.Rule = q.Begin.Rule
	}
	if b.Counts != nil {
		q.Counts = proration.Counts(*b.Counts)
	}
	for _, c := range b.Changes {
		q.Changes = append(q.Changes, c.change())
	}
	out, err := invoicing.Prorate(q)
	if err != nil {
		return nil, err
	}
	return &One[computedProration]{Body: showProration(out)}, nil
}

func (p prorationPeriod) bounds() *proration.Bounds {
	out := &proration.Bounds{Start: p.Start.Moment, End: momentOf(p.End), Inclusive: proration.Unit(p.Inclusive)}
	if p.Interval != nil {
		out.Interval = p.Interval.cadence()
	}
	return out
}

func (p prorationBegin) begin(zone string) *proration.Begin {
	rule := PeriodRule{Timezone: zone, Interval: p.Interval, Anchor: p.Anchor, BillingDay: p.BillingDay, Weekday: p.Weekday}.rule()
	rule.Mode = calendar.Mode(p.Mode)
	return &proration.Begin{Rule: rule, Start: p.Start.Moment, TrialDays: p.TrialDays, FromStart: p.Denominator == "starting"}
}

func (c prorationChange) change() proration.Change {
	out := proration.Change{At: momentOf(c.At), Price: c.Amount.Decimal, Quantity: amountOf(c.Quantity), Reset: c.ResetAnchor}
	if c.Interval != nil {
		out.Interval = c.Interval.cadence()
	}
	return out
}

func zoneOr(name string) string {
	if name == "" {
		return "UTC"
	}
	return name
}
