package invoicing

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// What a draft may hold. The bounds of amounts keep every total within the 20 digits of an amount.
var (
	maxAmount  = decimal.New(1, 15)
	maxPercent = decimal.NewFromInt(100)
	maxFactor  = decimal.NewFromInt(100)
)

// id is how an item is named.
func (i Item) id(place int) string {
	if i.ID == "" {
		return strconv.Itoa(place)
	}
	return i.ID
}

// wrong gathers the wrong fields of a draft.
type wrong struct {
	fields []fault.Field
	ids    map[string]bool
}

func (f *wrong) at(pointer, code, detail string) {
	f.fields = append(f.fields, fault.Field{Pointer: pointer, Code: code, Detail: detail})
}

func (d Draft) validate() error {
	f := &wrong{ids: map[string]bool{}}
	if !d.Currency.IsCurrency() {
		f.at("/currency", "unknown_asset", "An invoice is made in an ISO 4217 currency.")
	}
	for i, item := range d.Items {
		f.item(fmt.Sprint("/lines/", i), item, i)
	}
	f.taxes("/taxes", d.Taxes)
	for i, x := range d.Discounts {
		f.discount(fmt.Sprint("/discounts/", i), x)
	}
	if m := d.Maximum; m != nil {
		f.amount("/maximum/amount", m.Amount)
		f.amount("/maximum/already_billed", m.AlreadyBilled)
		f.lines("/maximum/lines", m.Lines)
	}
	f.minimum(d.Minimum)
	f.collection(d)
	for i, r := range d.Issue {
		f.note(fmt.Sprint("/issue/", i), r)
	}
	for i, r := range d.Refunds {
		at := fmt.Sprint("/refunds/", i)
		f.amount(at+"/amount", r.Amount)
		f.amount(at+"/adjustment", r.Adjustment)
	}
	if len(f.fields) == 0 {
		return nil
	}
	all := fault.At(f.fields[0].Pointer, f.fields[0].Code, f.fields[0].Detail)
	all.Fields = f.fields
	return all
}

func (f *wrong) item(at string, item Item, place int) {
	if id := item.id(place); f.ids[id] {
		f.at(at+"/id", "duplicate_key", "Another line has this id.")
	} else {
		f.ids[id] = true
	}
	if item.Taxes != nil {
		f.taxes(at+"/taxes", *item.Taxes)
	}
	priced := item.Quantity != nil || item.UnitAmount != nil
	switch {
	case item.Amount != nil && priced:
		f.at(at+"/amount", "field_not_allowed", "A line has an amount, or a quantity and a unit amount.")
	case item.Amount == nil && !priced:
		f.at(at+"/amount", "required", "A line has an amount, or a quantity and a unit amount.")
	case item.Amount == nil && item.Quantity == nil:
		f.at(at+"/quantity", "required", "A unit amount needs a quantity.")
	case item.Amount == nil && item.UnitAmount == nil:
		f.at(at+"/unit_amount", "required", "A quantity needs a unit amount.")
	case item.exact().Abs().GreaterThan(maxAmount):
		f.at(at, "out_of_range", "A line comes to at most 1,000,000,000,000,000.")
	}
}

func (f *wrong) taxes(at string, taxes []Tax) {
	seen := map[string]bool{}
	for i, t := range taxes {
		here := fmt.Sprint(at, "/", i)
		switch {
		case t.Percent.IsNegative() || t.Percent.GreaterThan(maxPercent):
			f.at(here+"/percent", "out_of_range", "A rate lies between 0 and 100 per cent.")
		case t.Reason != "" && !t.Percent.IsZero():
			f.at(here+"/reason", "field_not_allowed", "Only a rate of zero has a reason.")
		case seen[t.key("")]:
			f.at(here, "duplicate_key", "The line has this rate already.")
		}
		seen[t.key("")] = true
	}
}

func (f *wrong) discount(at string, d Discount) {
	switch {
	case d.Percent != nil && d.Amount != nil:
		f.at(at+"/amount", "field_not_allowed", "A discount is a percentage or an amount.")
	case d.Percent == nil && d.Amount == nil:
		f.at(at+"/percent", "required", "A discount is a percentage or an amount.")
	case d.Percent != nil && (d.Percent.IsNegative() || d.Percent.GreaterThan(maxPercent)):
		f.at(at+"/percent", "out_of_range", "A discount lies between 0 and 100 per cent.")
	case d.Amount != nil:
		f.amount(at+"/amount", *d.Amount)
	}
	f.lines(at+"/lines", d.Lines)
}

func (f *wrong) minimum(m *Minimum) {
	if m == nil {
		return
	}
	f.amount("/minimum/amount", m.Amount)
	f.amount("/minimum/already_billed", m.AlreadyBilled)
	f.lines("/minimum/lines", m.Lines)
	if x := m.OverageFactor; x != nil && (x.IsNegative() || x.GreaterThan(maxFactor)) {
		f.at("/minimum/overage_factor", "out_of_range", "The factor lies between 0 and 100.")
	}
	if m.Taxes != nil {
		f.taxes("/minimum/taxes", *m.Taxes)
	}
	for _, id := range []string{LineTrueUp, LineOverage} {
		if f.ids[id] {
			f.at("/lines", "duplicate_key", "With a minimum, true_up and overage name the lines it makes.")
		}
	}
}

func (f *wrong) collection(d Draft) {
	f.amount("/carried_in", d.CarriedIn)
	f.amount("/account_credit", d.AccountCredit)
	for i, v := range d.CreditNotes {
		f.amount(fmt.Sprint("/credit_notes/", i), v)
	}
	for i, v := range d.EarlierTotals {
		f.amount(fmt.Sprint("/earlier_invoices/", i), v)
	}
	f.amount("/paid", d.Paid)
	if d.PaidOf != nil {
		f.amount("/paid_of", *d.PaidOf)
		if d.Paid.GreaterThan(*d.PaidOf) {
			f.at("/paid", "out_of_range", "No more can be paid than the invoice's total.")
		}
	}
	f.whole("/paid", d.Paid, d.Currency)
	f.whole("/carried_in", d.CarriedIn, d.Currency)
	f.allocation(d)
}

func (f *wrong) allocation(d Draft) {
	if d.Allocation == nil {
		return
	}
	f.amount("/allocation/total", d.Allocation.Total.Abs())
	f.whole("/allocation/total", d.Allocation.Total, d.Currency)
	for i, v := range d.Allocation.Weights {
		f.amount(fmt.Sprint("/allocation/weights/", i), v)
	}
	if len(d.Allocation.Weights) == 0 {
		f.at("/allocation/weights", "required", "An amount is shared by at least one weight.")
	}
}

// whole sees that a value is whole minor units.
func (f *wrong) whole(at string, v decimal.Decimal, currency money.Asset) {
	if !v.Equal(v.Truncate(money.Scale(currency))) {
		f.at(at, "too_many_decimals", "What moves has no more decimals than the currency.")
	}
}

func (f *wrong) note(at string, r NoteRequest) {
	switch {
	case r.Amount != nil && len(r.Items) > 0:
		f.at(at+"/amount", "field_not_allowed", "A credit note has an amount or items.")
	case r.Amount == nil && len(r.Items) == 0:
		f.at(at+"/amount", "required", "A credit note has an amount or items.")
	case r.Amount != nil:
		f.amount(at+"/amount", *r.Amount)
	}
	seen := map[string]bool{}
	for i, item := range r.Items {
		here := fmt.Sprint(at, "/items/", i)
		if seen[item.Line] {
			f.at(here+"/line", "duplicate_key", "A credit note names a line once.")
		}
		seen[item.Line] = true
		f.lines(here+"/line", []string{item.Line})
		f.noteItem(here, item)
	}
}

func (f *wrong) noteItem(at string, item NoteItem) {
	parts := item.UsedUnits != nil || item.UnusedUnits != nil
	switch {
	case item.Amount != nil && parts:
		f.at(at+"/amount", "field_not_allowed", "An item has an amount, or used and unused units.")
	case item.Amount == nil && (item.UsedUnits == nil || item.UnusedUnits == nil):
		f.at(at+"/amount", "required", "An item has an amount, or used and unused units.")
	case item.Amount != nil:
		f.amount(at+"/amount", *item.Amount)
	default:
		f.amount(at+"/used_units", *item.UsedUnits)
		f.amount(at+"/unused_units", *item.UnusedUnits)
		if item.UsedUnits.Add(*item.UnusedUnits).IsZero() {
			f.at(at+"/used_units", "out_of_range", "Used and unused units are not both zero.")
		}
	}
}

// lines sees that ids name lines.
func (f *wrong) lines(at string, ids []string) {
	for _, id := range ids {
		if !f.ids[id] {
			f.at(at, "not_found", fmt.Sprintf("No line has the id %q.", id))
		}
	}
}

// amount sees that a value is not negative and not too large.
func (f *wrong) amount(at string, v decimal.Decimal) {
	if v.IsNegative() || v.GreaterThan(maxAmount) {
		f.at(at, "out_of_range", "The value lies between 0 and 1,000,000,000,000,000.")
	}
}
