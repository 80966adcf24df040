package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// Draft is everything an invoice is computed from, in one currency. Amounts are exact and in major units; what is said of
// tax holds for amounts without it, unless the line's rates are inclusive.
type Draft struct {
	Currency    money.Asset
	Items       []Item
	Taxes       []Tax // of every line that does not say its own
	TaxRounding TaxRounding
	Discounts   []Discount // in the order in which they apply
	Maximum     *Maximum
	Minimum     *Minimum

	CarriedIn     decimal.Decimal   // what invoices too small to be collected still owe
	CreditNotes   []decimal.Decimal // what earlier credit notes have left, in the order in which they apply
	EarlierTotals []decimal.Decimal // invoices that the account credit pays before this one
	AccountCredit decimal.Decimal

	Paid    decimal.Decimal
	PaidOf  *decimal.Decimal // the total that Paid was paid of, where the lines here are only some of the invoice's; nil: this total
	Issue   []NoteRequest
	Refunds []RefundRequest

	Allocation *Allocation
}

// Allocation shares any amount out by weights, apart from the invoice.
type Allocation struct {
	Total   decimal.Decimal
	Weights []decimal.Decimal
}

// Item is what one line charges: Amount, or Quantity × UnitAmount.
type Item struct {
	ID              string // how discounts, minimum and credit notes name the line; its place in the list, from 0, if empty
	Description     string
	Amount          *decimal.Decimal
	Quantity        *decimal.Decimal
	UnitAmount      *decimal.Decimal
	NotDiscountable bool
	Category        string // of tax: lines of two categories are never taxed as one sum
	Taxes           *[]Tax // nil: the invoice's; empty: none
}

// exact is what the item comes to before rounding.
func (i Item) exact() decimal.Decimal {
	if i.Amount != nil {
		return *i.Amount
	}
	return i.Quantity.Mul(*i.UnitAmount)
}

// Kinds of a computed line.
const (
	LineItem    = "item"
	LineTrueUp  = "true_up" // up to the minimum
	LineOverage = "overage" // what usage above a commitment costs more
)

// BillLine is one computed line: Gross = Net + Tax, and Net = Amount − Discount less the tax that Amount includes.
type BillLine struct {
	ID            string
	Kind          string
	Description   string
	Exact         decimal.Decimal
	Amount        decimal.Decimal // Exact, rounded once
	Discount      decimal.Decimal
	Net           decimal.Decimal
	Taxes         []TaxShare
	Tax           decimal.Decimal
	Gross         decimal.Decimal
	CreditApplied decimal.Decimal // its share of the credit notes applied

	category     string
	discountable bool
}

// left is what discounts have left of the line.
func (l *BillLine) left() decimal.Decimal { return l.Amount.Sub(l.Discount) }

// Bill is a computed invoice. Subtotal = Σ Amount, Net + Tax = Sum = Σ Gross, Total = Sum or zero if that is negative,
// and then ToAccountCredit is what it lacks. Rounding is Σ (Amount − Exact).
type Bill struct {
	Currency        money.Asset
	Lines           []BillLine
	Discounts       []Discounted
	Maximum         *Capped
	Minimum         *Committed
	Taxes           []TaxTotal
	Subtotal        decimal.Decimal
	Discount        decimal.Decimal
	Net             decimal.Decimal
	Tax             decimal.Decimal
	Sum             decimal.Decimal
	Total           decimal.Decimal
	ToAccountCredit decimal.Decimal
	Rounding        decimal.Decimal
	Collection      Collection
	Paid            decimal.Decimal
	Notes           []Note
	Refunds         []Refund
	Settled         Settlement
	Allocated       []decimal.Decimal

	index map[string]int  // places of the lines by id
	room  decimal.Decimal // what discounts have left of all lines
}

// Compute makes the invoice: lines, each rounded once; discounts; maximum and minimum; taxes; totals; credit; and then what
// credit notes and refunds make of it. It refuses a draft with wrong fields, all of them at once; a credit note or refund
// that asks for more than there is is not an error but a rejected one, with a code.
func Compute(d Draft) (Bill, error) {
	if err := d.validate(); err != nil {
		return Bill{}, err
	}
	b := Bill{Currency: d.Currency, Paid: d.Paid, index: map[string]int{}}
	for i, item := range d.Items {
		exact := item.exact()
		b.Lines = append(b.Lines, b.line(item.id(i), LineItem, exact, item.Taxes, d))
		line := &b.Lines[i]
		b.index[line.ID], b.room = i, b.room.Add(line.Amount)
		line.Description, line.category, line.discountable = item.Description, item.Category, !item.NotDiscountable
	}
	for _, discount := range d.Discounts {
		b.Discounts = append(b.Discounts, b.discount(discount))
	}
	b.maximum(d.Maximum)
	b.minimum(d)
	b.addTaxes(d.TaxRounding)
	b.total()
	if err := b.collect(d); err != nil {
		return Bill{}, err
	}
	if d.PaidOf == nil && d.Paid.GreaterThan(b.Collection.AmountDue) {
		return Bill{}, fault.At("/paid", "out_of_range", "No more can be paid than the %s that are due.", b.Collection.AmountDue)
	}
	b.settle(d)
	if d.Allocation != nil {
		b.Allocated = money.Allocate(d.Allocation.Total, d.Allocation.Weights, money.Scale(b.Currency))
	}
	return b, nil
}

// line rounds an exact amount to a line.
func (b *Bill) line(id, kind string, exact decimal.Decimal, taxes *[]Tax, d Draft) BillLine {
	if taxes == nil {
		taxes = &d.Taxes
	}
	l := BillLine{ID: id, Kind: kind, Exact: exact, Amount: money.Round(exact, b.Currency)}
	for _, t := range *taxes {
		l.Taxes = append(l.Taxes, TaxShare{Tax: t})
	}
	return l
}

// total adds the lines up.
func (b *Bill) total() {
	for i := range b.Lines {
		l := &b.Lines[i]
		b.Subtotal = b.Subtotal.Add(l.Amount)
		b.Discount = b.Discount.Add(l.Discount)
		b.Net = b.Net.Add(l.Net)
		b.Tax = b.Tax.Add(l.Tax)
		b.Rounding = b.Rounding.Add(l.Amount.Sub(l.Exact))
	}
	b.Sum = b.Net.Add(b.Tax)
	b.Total = decimal.Max(b.Sum, decimal.Zero)
	b.ToAccountCredit = b.Total.Sub(b.Sum)
}
