package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
)

// computeInvoice answers what an invoice comes to. Nothing is read and nothing is written.
type computeInvoice struct{}

type computeInvoiceIn struct {
	Body struct {
		Currency    string            `json:"currency" minLength:"3" maxLength:"3" example:"EUR"`
		Lines       []invoiceItem     `json:"lines,omitempty" maxItems:"1000"`
		Taxes       []InvoiceTax      `json:"taxes,omitempty" maxItems:"5" doc:"Of every line that does not say its own."`
		TaxRounding string            `json:"tax_rounding,omitempty" enum:"per_rate,per_line" default:"per_rate" doc:"Each (category, rate) is rounded once over all lines, or once for each line."`
		Discounts   []invoiceDiscount `json:"discounts,omitempty" maxItems:"20" doc:"Discounts and coupons in the order in which they apply; a percentage is of what the earlier ones left."`
		Maximum     *invoiceMaximum   `json:"maximum,omitempty"`
		Minimum     *invoiceMinimum   `json:"minimum,omitempty"`

		CarriedIn       *Decimal  `json:"carried_in,omitempty" doc:"What invoices too small to be collected still owe."`
		CreditNotes     []Decimal `json:"credit_notes,omitempty" maxItems:"100" doc:"What earlier credit notes have left, in the order in which they apply."`
		EarlierInvoices []Decimal `json:"earlier_invoices,omitempty" maxItems:"100" doc:"Totals of invoices that the account credit pays before this one."`
		AccountCredit   *Decimal  `json:"account_credit,omitempty" doc:"Account credit that is there; pays after credit notes, tax included, in whole minor units."`

		Paid    *Decimal           `json:"paid,omitempty" doc:"What the customer has paid."`
		PaidOf  *Decimal           `json:"paid_of,omitempty" doc:"The total that paid was paid of, where the lines here are only some of the invoice's."`
		Issue   []invoiceNote      `json:"issue,omitempty" maxItems:"20" doc:"Credit notes to issue on this invoice, one after the other."`
		Refunds []invoiceRefundAsk `json:"refunds,omitempty" maxItems:"100" doc:"Refunds to make, after the credit notes."`

		Allocation *invoiceAllocation `json:"allocation,omitempty"`
	}
}

type invoiceItem struct {
	ID           string       `json:"id,omitempty" format:"name" maxLength:"64" doc:"How discounts, maximum, minimum and credit notes name the line; its place in the list, from 0, if absent."`
	Description  string       `json:"description,omitempty" maxLength:"500"`
	Amount       *Quantity    `json:"amount,omitempty" doc:"Exact; or quantity and unit_amount. Negative for proration credits and corrections."`
	Quantity     *Quantity    `json:"quantity,omitempty"`
	UnitAmount   *Quantity    `json:"unit_amount,omitempty"`
	Discountable *bool        `json:"discountable,omitempty" doc:"true if absent."`
	Category     string       `json:"category,omitempty" maxLength:"64" doc:"Of tax: lines of two categories are never taxed as one sum."`
	Taxes        []InvoiceTax `json:"taxes,omitempty" maxItems:"5" doc:"The line's own rates; an empty list for none. They stack: each is of the net."`
}

// InvoiceTax is a rate on a line. It is embedded in answers, which is why huma has to see it.
type InvoiceTax struct {
	Code      string   `json:"code,omitempty" maxLength:"64" example:"DE-VAT"`
	Percent   Quantity `json:"percent" example:"19"`
	Inclusive bool     `json:"inclusive,omitempty" doc:"The line's amount contains it."`
	Compound  bool     `json:"compound,omitempty" doc:"It is of the net and the taxes listed before it."`
	Reason    string   `json:"reason,omitempty" maxLength:"200" doc:"Why a rate is zero: exempt, reverse_charge." example:"reverse_charge"`
}

type invoiceDiscount struct {
	Code    string    `json:"code,omitempty" maxLength:"64"`
	Percent *Quantity `json:"percent,omitempty"`
	Amount  *Decimal  `json:"amount,omitempty"`
	PerLine bool      `json:"per_line,omitempty" doc:"Of each line, instead of their sum."`
	Lines   []string  `json:"lines,omitempty" maxItems:"1000" doc:"Ids; every discountable line if absent."`
}

type invoiceMaximum struct {
	Amount        Quantity  `json:"amount" doc:"The most that the lines come to after discounts; what is above is taken off them."`
	AlreadyBilled *Quantity `json:"already_billed,omitempty" doc:"By earlier invoices of the same period."`
	Lines         []string  `json:"lines,omitempty" maxItems:"1000"`
}

type invoiceMinimum struct {
	Amount        Quantity     `json:"amount" doc:"The least that the lines come to: an invoice minimum or a commitment. Rounded first; the true-up is a line of its own."`
	AlreadyBilled *Quantity    `json:"already_billed,omitempty" doc:"Counts towards it: earlier invoices of the period, a fee paid in advance."`
	Counts        string       `json:"counts,omitempty" enum:"discounted,listed" default:"discounted" doc:"Amounts after discounts, or before."`
	OverageFactor *Quantity    `json:"overage_factor,omitempty" doc:"What is above the commitment costs so many times as much."`
	Lines         []string     `json:"lines,omitempty" maxItems:"1000"`
	Category      string       `json:"category,omitempty" maxLength:"64"`
	Taxes         []InvoiceTax `json:"taxes,omitempty" maxItems:"5" doc:"Of the line it makes; the invoice's if absent."`
}

type invoiceNote struct {
	Amount         *Decimal          `json:"amount,omitempty" doc:"Without tax; taken from the lines in their order until it is reached. Or items."`
	Items          []invoiceNoteItem `json:"items,omitempty" maxItems:"1000"`
	BeforeDiscount bool              `json:"before_discount,omitempty" doc:"Amounts are those before the line's discount, whose share is taken off."`
	Settle         string            `json:"settle,omitempty" enum:"offset,account_credit,refund,refund_offset" default:"offset" doc:"offset lowers what is still to be paid; refund gives back what was paid for the lines beyond what they still charge. What is left becomes account credit."`
}

type invoiceNoteItem struct {
	Line        string    `json:"line" maxLength:"64"`
	Amount      *Decimal  `json:"amount,omitempty" doc:"Without tax. Or used_units and unused_units."`
	UsedUnits   *Quantity `json:"used_units,omitempty" doc:"Of days or seconds that the line charges for."`
	UnusedUnits *Quantity `json:"unused_units,omitempty" doc:"Their part of the line is credited, less what earlier notes credited."`
}

type invoiceRefundAsk struct {
	Amount     Decimal  `json:"amount"`
	Adjustment *Decimal `json:"adjustment,omitempty" doc:"How much less the invoice charges from then on; without it the refund re-opens the balance."`
}

type invoiceAllocation struct {
	Total   Decimal    `json:"total"`
	Weights []Quantity `json:"weights" minItems:"1" maxItems:"1000"`
}

func (r computeInvoice) register(a huma.API) {
	post(a, op{ID: "computeInvoice", Path: "/mgt/v1/compute/invoice", Summary: "What an invoice comes to", Tag: "Compute",
		Description: "Lines are rounded once, half away from zero to the currency's minor unit; discounts come before tax; tax is rounded once for each " +
			"(category, rate) and spread over the lines by largest remainder; every total is a sum of rounded lines. Nothing is read or written.",
		Scope: "catalog:read", Pure: true, Example: computeInvoiceExample}, r.compute)
}

var computeInvoiceExample = map[string]any{
	"currency": "EUR",
	"lines": []any{
		map[string]any{"id": "fee", "description": "Starter", "amount": "29.00"},
		map[string]any{"id": "usage", "description": "API requests", "quantity": "1234567", "unit_amount": "0.00001"},
	},
	"taxes":          []any{map[string]any{"code": "DE-VAT", "percent": "19"}},
	"discounts":      []any{map[string]any{"code": "WELCOME", "percent": "10"}},
	"account_credit": "5.00",
}

func (computeInvoice) compute(_ context.Context, in *computeInvoiceIn) (*One[billedInvoice], error) {
	bill, err := invoicing.Compute(in.draft())
	if err != nil {
		return nil, err
	}
	return &One[billedInvoice]{Body: showBill(bill)}, nil
}

func (in *computeInvoiceIn) draft() invoicing.Draft {
	b := in.Body
	d := invoicing.Draft{Currency: money.Asset(b.Currency), Taxes: taxesOf(b.Taxes), TaxRounding: invoicing.TaxRounding(b.TaxRounding),
		CarriedIn: amountOr0(b.CarriedIn), CreditNotes: amountsOf(b.CreditNotes), EarlierTotals: amountsOf(b.EarlierInvoices),
		AccountCredit: amountOr0(b.AccountCredit), Paid: amountOr0(b.Paid), PaidOf: amountOf(b.PaidOf)}
	for _, l := range b.Lines {
		d.Items = append(d.Items, invoicing.Item{ID: l.ID, Description: l.Description, Amount: decimalOf(l.Amount), Quantity: decimalOf(l.Quantity),
			UnitAmount: decimalOf(l.UnitAmount), NotDiscountable: l.Discountable != nil && !*l.Discountable, Category: l.Category, Taxes: ownTaxes(l.Taxes)})
	}
	for _, x := range b.Discounts {
		d.Discounts = append(d.Discounts, invoicing.Discount{Code: x.Code, Percent: decimalOf(x.Percent), Amount: amountOf(x.Amount),
			PerLine: x.PerLine, Lines: x.Lines})
	}
	if m := b.Maximum; m != nil {
		d.Maximum = &invoicing.Maximum{Amount: m.Amount.Decimal, AlreadyBilled: zeroOr(m.AlreadyBilled), Lines: m.Lines}
	}
	if m := b.Minimum; m != nil {
		d.Minimum = &invoicing.Minimum{Amount: m.Amount.Decimal, AlreadyBilled: zeroOr(m.AlreadyBilled), Listed: m.Counts == "listed",
			OverageFactor: decimalOf(m.OverageFactor), Lines: m.Lines, Category: m.Category, Taxes: ownTaxes(m.Taxes)}
	}
	for _, n := range b.Issue {
		d.Issue = append(d.Issue, n.request())
	}
	for _, r := range b.Refunds {
		d.Refunds = append(d.Refunds, invoicing.RefundRequest{Amount: r.Amount.Decimal, Adjustment: amountOr0(r.Adjustment)})
	}
	if a := b.Allocation; a != nil {
		d.Allocation = &invoicing.Allocation{Total: a.Total.Decimal}
		for _, w := range a.Weights {
			d.Allocation.Weights = append(d.Allocation.Weights, w.Decimal)
		}
	}
	return d
}

func (n invoiceNote) request() invoicing.NoteRequest {
	out := invoicing.NoteRequest{Amount: amountOf(n.Amount), BeforeDiscount: n.BeforeDiscount, Settle: invoicing.Settle(n.Settle)}
	for _, i := range n.Items {
		out.Items = append(out.Items, invoicing.NoteItem{Line: i.Line, Amount: amountOf(i.Amount), UsedUnits: decimalOf(i.UsedUnits),
			UnusedUnits: decimalOf(i.UnusedUnits)})
	}
	return out
}

// ownTaxes keeps an empty list apart from none.
func ownTaxes(in []InvoiceTax) *[]invoicing.Tax {
	if in == nil {
		return nil
	}
	out := taxesOf(in)
	return &out
}

func taxesOf(in []InvoiceTax) []invoicing.Tax {
	out := make([]invoicing.Tax, 0, len(in))
	for _, t := range in {
		out = append(out, invoicing.Tax{Code: t.Code, Percent: t.Percent.Decimal, Inclusive: t.Inclusive, Compound: t.Compound, Reason: t.Reason})
	}
	return out
}
