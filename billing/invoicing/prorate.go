package invoicing

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/proration"
	"github.com/durabill/durabill/fault"
)

// ProrationKind is what is asked of a period.
type ProrationKind string

// The kinds there are.
const (
	ProratePart   ProrationKind = "part"   // a part of a price
	ProrateChange ProrationKind = "change" // of plan, quantity, items, interval; a pause
	ProrateCancel ProrationKind = "cancel" // the unused part of a fee, and what becomes of it
	ProrateCycles ProrationKind = "cycles" // how many periods a time spans
)

// CreditMode says what becomes of what a change credits.
type CreditMode string

// The modes there are.
const (
	CreditLines  CreditMode = "lines"  // a line of its own; the default
	CreditNone   CreditMode = "none"   // nothing is credited
	CreditNetted CreditMode = "netted" // one amount: the period's value less what was paid, and no less than nothing
)

// Proration is a question about a part of a period. Amounts of lines are rounded once, each.
type Proration struct {
	Kind     ProrationKind
	Currency money.Asset // a currency, or a credit type, which has 9 decimals
	proration.Terms
	Mode       CreditMode
	Paid       *decimal.Decimal // for the period; the price if nil
	Earlier    decimal.Decimal  // credited before
	TaxPercent decimal.Decimal
	Precision  int32             // decimals of Part.Precise and of a number of cycles
	Deductions []decimal.Decimal // what a commitment is reduced by
	Rule       calendar.Rule     // of cycles
	Shares     []proration.Share // cycles that were counted
	Cancel     Cancellation
}

// Prorated answers a Proration. What is not of its kind is nil.
type Prorated struct {
	Part   *ProratedPart
	Change *ProratedChange
	Cancel *Cancelled
	Cycles *Cycles
}

// ProratedPart is a part of a price. Rest is what remains of the rounded price: the two are the whole.
type ProratedPart struct {
	proration.Part
	Factor  decimal.Decimal // of the share, with the asked precision
	Amount  decimal.Decimal
	Rest    decimal.Decimal
	Precise decimal.Decimal // Exact with the asked precision
	Tax     decimal.Decimal
	Total   decimal.Decimal
	TrueUp  decimal.Decimal // what a commitment lacks after its deductions
}

// ProratedLine is a line of a change.
type ProratedLine struct {
	proration.Line
	Amount decimal.Decimal
}

// ProratedChange is what a change comes to. Lines of nothing are left out.
type ProratedChange struct {
	proration.Changed
	Rows     []ProratedLine
	Credit   decimal.Decimal // 0 or below
	Charge   decimal.Decimal
	Sum      decimal.Decimal // of the two
	Once     decimal.Decimal // the exact sum, rounded once: for comparison with systems that do
	Fair     decimal.Decimal // the period's value
	Next     decimal.Decimal // of the next full period
	Credited int             // how many lines are credits
}

// Cycles is how many periods a time spans.
type Cycles struct {
	Parts  []proration.Part
	Shares []proration.Share
	Number decimal.Decimal
}

// Prorate answers a question. It is where exact parts become rounded lines.
func Prorate(q Proration) (Prorated, error) {
	q = q.multiplied()
	if err := q.validate(); err != nil {
		return Prorated{}, err
	}
	var out Prorated
	var err error
	switch q.Kind {
	case ProrateChange:
		out.Change, err = q.change()
	case ProrateCancel:
		out.Cancel, err = q.cancel()
	case ProrateCycles:
		out.Cycles, err = q.cycles()
	default:
		out.Part, err = q.part()
	}
	return out, err
}

const maxPrecision = 20

// maxPrice keeps every sum of lines within the digits that an answer may have.
var maxPrice = decimal.New(1, 15)

// multiplied has prices of all units together, and none of one.
func (q Proration) multiplied() Proration {
	q.Changes = slices.Clone(q.Changes)
	times := func(price *decimal.Decimal, n *decimal.Decimal) {
		if n != nil {
			*price = price.Mul(*n)
		}
	}
	times(&q.Price, q.Quantity)
	for i := range q.Changes {
		times(&q.Changes[i].Price, q.Changes[i].Quantity)
	}
	return q
}

func priced(pointer string, price decimal.Decimal) error {
	if price.IsNegative() || price.GreaterThan(maxPrice) {
		return fault.At(pointer, "out_of_range", "A price that is prorated is between 0 and 10 to the 15th.")
	}
	return nil
}

func (q Proration) validate() error {
	hundred := decimal.NewFromInt(100)
	switch {
	case q.Precision < 0 || q.Precision > maxPrecision:
		return fault.At("/precision", "out_of_range", "It must be between 0 and 20.")
	case q.TaxPercent.IsNegative() || q.TaxPercent.GreaterThan(hundred):
		return fault.At("/tax_percent", "out_of_range", "It must be between 0 and 100.")
	case q.Earlier.IsNegative():
		return fault.At("/earlier_credits", "out_of_range", "It must be 0 or more.")
	case q.Paid != nil && q.Paid.IsNegative():
		return fault.At("/paid", "out_of_range", "It must be 0 or more.")
	}
	if err := q.foreign(); err != nil {
		return err
	}
	if err := priced("/amount", q.Price); err != nil {
		return err
	}
	for i, c := range q.Changes {
		if err := priced(calendar.ChangeAt(i)+"/amount", c.Price); err != nil {
			return err
		}
	}
	return nil
}

// foreign refuses what only another kind of question has: ignored, it would answer something else than was asked.
func (q Proration) foreign() error {
	kinds := func(k ...ProrationKind) []ProrationKind { return k }
	for _, f := range []struct {
		there   bool
		pointer string
		of      []ProrationKind
	}{
		{len(q.Changes) > 0, "/changes", kinds(ProrateChange)},
		{q.Paid != nil, "/paid", kinds(ProrateChange, ProrateCancel)},
		{!q.Earlier.IsZero(), "/earlier_credits", kinds(ProrateChange, ProrateCancel)},
		{len(q.Deductions) > 0, "/deductions", kinds(ProratePart)},
		{len(q.Shares) > 0, "/shares", kinds(ProrateCycles)},
		{!q.Cancel.At.IsZero(), "/at", kinds(ProrateCancel)},
		{!q.Cancel.Coupon.IsZero(), "/coupon", kinds(ProrateCancel)},
		{q.Cancel.InvoiceTotal != nil, "/invoice_total", kinds(ProrateCancel)},
	} {
		if f.there && !slices.Contains(f.of, cmp.Or(q.Kind, ProratePart)) {
			return fault.At(f.pointer, "field_not_allowed", "Another kind of question has this field.")
		}
	}
	return nil
}

func (q Proration) round(v decimal.Decimal) decimal.Decimal { return money.Round(v, q.Currency) }

func (q Proration) tax(net decimal.Decimal) decimal.Decimal {
	return q.round(net.Mul(q.TaxPercent).Shift(-2))
}

func (q Proration) part() (*ProratedPart, error) {
	p, err := q.Prorate(q.Price)
	if err != nil {
		return nil, err
	}
	out := &ProratedPart{Part: p, Factor: p.Share.Decimal().Round(q.Precision), Amount: q.round(p.Exact), Precise: p.Exact.Round(q.Precision)}
	out.Rest = q.round(q.Price).Sub(out.Amount)
	out.Tax = q.tax(out.Amount)
	out.Total = out.Amount.Add(out.Tax)
	out.TrueUp = decimal.Max(decimal.Zero, out.Amount.Sub(decimal.Sum(decimal.Zero, q.Deductions...)))
	return out, nil
}

func (q Proration) change() (*ProratedChange, error) {
	c, err := q.Apply()
	if err != nil {
		return nil, err
	}
	out := &ProratedChange{Changed: c, Once: q.round(c.Net), Fair: q.round(c.Value), Next: q.round(q.Changes[len(q.Changes)-1].Price)}
	q.rows(out)
	out.Sum = out.Credit.Add(out.Charge)
	if q.Mode == CreditNetted {
		out.Rows, out.Credit, out.Credited = nil, decimal.Zero, 0
		out.Sum = decimal.Max(decimal.Zero, q.round(c.Value).Sub(q.paid()))
		out.Charge = out.Sum
	}
	return out, nil
}

// rows rounds the lines. A credit is capped after it was rounded, by what was paid and not yet credited at that moment: what a
// change charged may be credited by the next.
func (q Proration) rows(out *ProratedChange) {
	open := decimal.Max(decimal.Zero, q.paid().Sub(q.Earlier))
	for _, l := range out.Lines {
		row := ProratedLine{Line: l, Amount: q.round(l.Exact)}
		if l.Kind == proration.Credit {
			row.Amount = proration.Cap(row.Amount.Neg(), open, decimal.Zero).Neg()
			if q.Mode == CreditNone {
				continue
			}
		}
		if row.Amount.IsZero() {
			continue
		}
		open = open.Add(row.Amount)
		out.Rows = append(out.Rows, row)
		if l.Kind == proration.Credit {
			out.Credit, out.Credited = out.Credit.Add(row.Amount), out.Credited+1
		} else {
			out.Charge = out.Charge.Add(row.Amount)
		}
	}
}

func (q Proration) paid() decimal.Decimal {
	if q.Paid == nil {
		return q.round(q.Price)
	}
	return *q.Paid
}

func (q Proration) cycles() (*Cycles, error) {
	out := &Cycles{Shares: q.Shares}
	if len(q.Shares) == 0 {
		if q.Begin == nil || q.To.IsZero() {
			return nil, fault.At("/begin", "required", "Cycles need the start of an agreement and to, or counted shares.")
		}
		parts, err := q.Cycles(q.Rule, q.To)
		if err != nil {
			return nil, err
		}
		out.Parts = parts
		for _, p := range parts {
			out.Shares = append(out.Shares, p.Share)
		}
	}
	out.Number = proration.Sum(out.Shares).Round(q.Precision)
	return out, nil
}

// until is the end of what a cancellation used: by the day, its own day counts as used.
func (q Proration) until(at time.Time, zone *time.Location) time.Time {
	if q.Unit != proration.Day {
		return at
	}
	day, err := calendar.Floor(zone, at, calendar.Day)
	if err != nil {
		return at
	}
	next, err := calendar.Add(zone, day, calendar.Day, 1)
	if err != nil {
		return at
	}
	return next
}
