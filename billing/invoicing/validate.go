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

func (w *wrong) at(pointer, code, detail string) {
	w.fields = append(w.fields, fault.Field{Pointer: pointer, Code: code, Detail: detail})
}

func (d Draft) validate() error {
	w := &wrong{ids: map[string]bool{}}
	if !d.Currency.IsCurrency() {
		w.at("/currency", "unknown_asset", "An invoice is made in an ISO 4217 currency.")
	}
	for i, item := range d.Items {
		w.item(fmt.Sprint("/lines/", i), item, i)
	}
	w.taxes("/taxes", d.Taxes)
	for i, x := range d.Discounts {
		w.discount(fmt.Sprint("/discounts/", i), x)
	}
	if m := d.Maximum; m != nil {
		w.amount("/maximum/amount", m.Amount)
		w.amount("/maximum/already_billed", m.AlreadyBilled)
		w.lines("/maximum/lines", m.Lines)
	}
	w.minimum(d.Minimum)
	w.collection(d)
	for i, r := range d.Issue {
		w.note(fmt.Sprint("/issue/", i), r)
	}
	for i, r := range d.Refunds {
		at := fmt.Sprint("/refunds/", i)
		w.amount(at+"/amount", r.Amount)
		w.amount(at+"/adjustment", r.Adjustment)
	}
	if len(w.fields) == 0 {
		return nil
	}
	f := fault.At(w.fields[0].Pointer, w.fields[0].Code, w.fields[0].Detail)
	f.Fields = w.fields
	return f
}

func (w *wrong) item(at string, item Item, place int) {
	if id := item.id(place); w.ids[id] {
		w.at(at+"/id", "duplicate_key", "Another line has this id.")
	} else {
		w.ids[id] = true
	}
	if item.Taxes != nil {
		w.taxes(at+"/taxes", *item.Taxes)
	}
	priced := item.Quantity != nil || item.UnitAmount != nil
	switch {
	case item.Amount != nil && priced:
		w.at(at+"/amount", "field_not_allowed", "A line has an amount, or a quantity and a unit amount.")
	case item.Amount == nil && !priced:
		w.at(at+"/amount", "required", "A line has an amount, or a quantity and a unit amount.")
	case item.Amount == nil && item.Quantity == nil:
		w.at(at+"/quantity", "required", "A unit amount needs a quantity.")
	case item.Amount == nil && item.UnitAmount == nil:
		w.at(at+"/unit_amount", "required", "A quantity needs a unit amount.")
	case item.exact().Abs().GreaterThan(maxAmount):
		w.at(at, "out_of_range", "A line comes to at most 1,000,000,000,000,000.")
	}
}

func (w *wrong) taxes(at string, taxes []Tax) {
	seen := map[string]bool{}
	for i, t := range taxes {
		here := fmt.Sprint(at, "/", i)
		switch {
		case t.Percent.IsNegative() || t.Percent.GreaterThan(maxPercent):
			w.at(here+"/percent", "out_of_range", "A rate lies between 0 and 100 per cent.")
		case t.Reason != "" && !t.Percent.IsZero():
			w.at(here+"/reason", "field_not_allowed", "Only a rate of zero has a reason.")
		case seen[t.key("")]:
			w.at(here, "duplicate_key", "The line has this rate already.")
		}
		seen[t.key("")] = true
	}
}

func (w *wrong) discount(at string, d Discount) {
	switch {
	case d.Percent != nil && d.Amount != nil:
		w.at(at+"/amount", "field_not_allowed", "A discount is a percentage or an amount.")
	case d.Percent == nil && d.Amount == nil:
		w.at(at+"/percent", "required", "A discount is a percentage or an amount.")
	case d.Percent != nil && (d.Percent.IsNegative() || d.Percent.GreaterThan(maxPercent)):
		w.at(at+"/percent", "out_of_range", "A discount lies between 0 and 100 per cent.")
	case d.Amount != nil:
		w.amount(at+"/amount", *d.Amount)
	}
	w.lines(at+"/lines", d.Lines)
}

func (w *wrong) minimum(m *Minimum) {
	if m == nil {
		return
	}
	w.amount("/minimum/amount", m.Amount)
	w.amount("/minimum/already_billed", m.AlreadyBilled)
	w.lines("/minimum/lines", m.Lines)
	if f := m.OverageFactor; f != nil && (f.IsNegative() || f.GreaterThan(maxFactor)) {
		w.at("/minimum/overage_factor", "out_of_range", "The factor lies between 0 and 100.")
	}
	if m.Taxes != nil {
		w.taxes("/minimum/taxes", *m.Taxes)
	}
	for _, id := range []string{LineTrueUp, LineOverage} {
		if w.ids[id] {
			w.at("/lines", "duplicate_key", "With a minimum, true_up and overage name the lines it makes.")
		}
	}
}

func (w *wrong) collection(d Draft) {
	w.amount("/carried_in", d.CarriedIn)
	w.amount("/account_credit", d.AccountCredit)
	for i, v := range d.CreditNotes {
		w.amount(fmt.Sprint("/credit_notes/", i), v)
	}
	for i, v := range d.EarlierTotals {
		w.amount(fmt.Sprint("/earlier_invoices/", i), v)
	}
	w.amount("/paid", d.Paid)
	if d.PaidOf != nil {
		w.amount("/paid_of", *d.PaidOf)
		if d.Paid.GreaterThan(*d.PaidOf) {
			w.at("/paid", "out_of_range", "No more can be paid than the invoice's total.")
		}
	}
	w.whole("/paid", d.Paid, d.Currency)
	w.whole("/carried_in", d.CarriedIn, d.Currency)
	w.allocation(d)
}

func (w *wrong) allocation(d Draft) {
	if d.Allocation == nil {
		return
	}
	w.amount("/allocation/total", d.Allocation.Total.Abs())
	w.whole("/allocation/total", d.Allocation.Total, d.Currency)
	for i, v := range d.Allocation.Weights {
		w.amount(fmt.Sprint("/allocation/weights/", i), v)
	}
	if len(d.Allocation.Weights) == 0 {
		w.at("/allocation/weights", "required", "An amount is shared by at least one weight.")
	}
}

// whole sees that a value is whole minor units.
func (w *wrong) whole(at string, v decimal.Decimal, currency money.Asset) {
	if !v.Equal(v.Truncate(money.Scale(currency))) {
		w.at(at, "too_many_decimals", "What moves has no more decimals than the currency.")
	}
}

func (w *wrong) note(at string, r NoteRequest) {
	switch {
	case r.Amount != nil && len(r.Items) > 0:
		w.at(at+"/amount", "field_not_allowed", "A credit note has an amount or items.")
	case r.Amount == nil && len(r.Items) == 0:
		w.at(at+"/amount", "required", "A credit note has an amount or items.")
	case r.Amount != nil:
		w.amount(at+"/amount", *r.Amount)
	}
	seen := map[string]bool{}
	for i, item := range r.Items {
		here := fmt.Sprint(at, "/items/", i)
		if seen[item.Line] {
			w.at(here+"/line", "duplicate_key", "A credit note names a line once.")
		}
		seen[item.Line] = true
		w.lines(here+"/line", []string{item.Line})
		w.noteItem(here, item)
	}
}

func (w *wrong) noteItem(at string, item NoteItem) {
	parts := item.UsedUnits != nil || item.UnusedUnits != nil
	switch {
	case item.Amount != nil && parts:
		w.at(at+"/amount", "field_not_allowed", "An item has an amount, or used and unused units.")
	case item.Amount == nil && (item.UsedUnits == nil || item.UnusedUnits == nil):
		w.at(at+"/amount", "required", "An item has an amount, or used and unused units.")
	case item.Amount != nil:
		w.amount(at+"/amount", *item.Amount)
	default:
		w.amount(at+"/used_units", *item.UsedUnits)
		w.amount(at+"/unused_units", *item.UnusedUnits)
		if item.UsedUnits.Add(*item.UnusedUnits).IsZero() {
			w.at(at+"/used_units", "out_of_range", "Used and unused units are not both zero.")
		}
	}
}

// lines sees that ids name lines.
func (w *wrong) lines(at string, ids []string) {
	for _, id := range ids {
		if !w.ids[id] {
			w.at(at, "not_found", fmt.Sprintf("No line has the id %q.", id))
		}
	}
}

// amount sees that a value is not negative and not too large.
func (w *wrong) amount(at string, v decimal.Decimal) {
	if v.IsNegative() || v.GreaterThan(maxAmount) {
		w.at(at, "out_of_range", "The value lies between 0 and 1,000,000,000,000,000.")
	}
}
