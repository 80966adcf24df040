package api

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
)

type billedInvoice struct {
	Currency   string          `json:"currency"`
	Lines      []billedLine    `json:"lines" doc:"As sent, then what the minimum adds."`
	Discounts  []billedShares  `json:"discounts" doc:"One for each discount."`
	Maximum    *billedShares   `json:"maximum,omitempty" doc:"What was above the cap."`
	Minimum    *billedMinimum  `json:"minimum,omitempty"`
	Taxes      []billedTax     `json:"taxes" doc:"By category and rate."`
	Totals     billedTotals    `json:"totals"`
	Collection billedCollected `json:"collection"`
	Issued     []billedNote    `json:"issued" doc:"One for each credit note asked for."`
	Refunds    []billedRefund  `json:"refunds" doc:"One for each refund asked for."`
	Settled    billedSettled   `json:"settled"`
	Allocation []Decimal       `json:"allocation,omitempty" doc:"One share for each weight: largest remainder, the earlier first among equals."`
}

type billedLine struct {
	ID          string       `json:"id"`
	Kind        string       `json:"kind" enum:"item,true_up,overage"`
	Description string       `json:"description"`
	Exact       string       `json:"exact" doc:"Before rounding; a decimal with as many digits as it has."`
	Amount      Decimal      `json:"amount" doc:"exact, rounded once."`
	Discount    Decimal      `json:"discount"`
	Net         Decimal      `json:"net" doc:"amount - discount, less the tax that amount includes."`
	Taxes       []billedLevy `json:"taxes"`
	Tax         Decimal      `json:"tax"`
	Gross       Decimal      `json:"gross" doc:"net + tax."`
	CreditNotes Decimal      `json:"credit_notes" doc:"Its share of the credit notes applied."`
}

type billedLevy struct {
	InvoiceTax
	Base   Decimal `json:"base" doc:"What the tax is of."`
	Amount Decimal `json:"amount"`
}

type billedTax struct {
	Category string `json:"category"`
	InvoiceTax
	Taxable Decimal `json:"taxable"`
	Amount  Decimal `json:"amount"`
}

type billedShares struct {
	Code   string        `json:"code,omitempty"`
	Amount Decimal       `json:"amount"`
	Lines  []billedShare `json:"lines"`
}

type billedShare struct {
	Line   string  `json:"line"`
	Amount Decimal `json:"amount"`
}

type billedMinimum struct {
	Amount  Decimal `json:"amount" doc:"Rounded."`
	Counted Decimal `json:"counted" doc:"What the lines and already_billed come to."`
	TrueUp  Decimal `json:"true_up"`
	Within  Decimal `json:"within" doc:"Of what was counted, the part up to the minimum."`
	Overage Decimal `json:"overage" doc:"What the part above it costs, with the factor."`
}

type billedTotals struct {
	Subtotal        Decimal `json:"subtotal" doc:"Sum of the lines' amounts."`
	Discount        Decimal `json:"discount"`
	Net             Decimal `json:"net"`
	Tax             Decimal `json:"tax"`
	Sum             Decimal `json:"sum" doc:"net + tax."`
	Total           Decimal `json:"total" doc:"sum, or 0 if that is negative."`
	ToAccountCredit Decimal `json:"to_account_credit" doc:"What a negative sum gives."`
	Rounding        string  `json:"rounding" doc:"Sum of the rounded lines less the sum of the exact ones."`
}

type billedCollected struct {
	CreditNotes       []billedApplied `json:"credit_notes"`
	CreditNotesTotal  Decimal         `json:"credit_notes_total"`
	AccountCreditUsed Decimal         `json:"account_credit_used"`
	AccountCreditLeft Decimal         `json:"account_credit_left" doc:"With what a negative sum gave."`
	AmountDue         Decimal         `json:"amount_due" doc:"total - credit notes - account credit + carried_in."`
	BalanceAfter      Decimal         `json:"balance_after" doc:"Of the account once the amount due is paid: 0, or minus the account credit left."`
	Carried           bool            `json:"carried" doc:"Below the provider's minimum: not pushed, but collected with the next invoice."`
	Provider          billedProvider  `json:"provider"`
}

type billedApplied struct {
	Applied Decimal `json:"applied"`
	Left    Decimal `json:"left"`
}

type billedProvider struct {
	MinorUnits int64   `json:"minor_units" doc:"The amount due as the provider's integer."`
	Unpayable  Decimal `json:"unpayable" doc:"What of it the provider has no unit for: the last digit of a dinar."`
	Minimum    Decimal `json:"minimum" doc:"The provider's smallest charge; 0 where none is documented."`
}

type billedNote struct {
	Result        string           `json:"result" enum:"issued,rejected"`
	Code          string           `json:"code,omitempty" doc:"Why it was rejected: credit_note_exceeds_line, credit_note_exceeds_invoice."`
	Items         []billedNoteItem `json:"items"`
	Net           Decimal          `json:"net"`
	Taxes         []billedTax      `json:"taxes"`
	Tax           Decimal          `json:"tax"`
	Total         Decimal          `json:"total" doc:"net + tax = refund + offset + account_credit."`
	Refund        Decimal          `json:"refund"`
	Offset        Decimal          `json:"offset" doc:"Of what was still to be paid."`
	AccountCredit Decimal          `json:"account_credit"`
}

type billedNoteItem struct {
	Line     string  `json:"line"`
	Amount   Decimal `json:"amount"`
	Discount Decimal `json:"discount" doc:"The share of the line's discount, if the amount was before it."`
	Net      Decimal `json:"net"`
	Tax      Decimal `json:"tax"`
}

type billedRefund struct {
	Result     string  `json:"result" enum:"made,rejected"`
	Code       string  `json:"code,omitempty" doc:"Why it was rejected: refund_exceeds_payment, adjustment_exceeds_balance."`
	Amount     Decimal `json:"amount"`
	Adjustment Decimal `json:"adjustment"`
	Balance    Decimal `json:"balance" doc:"Of the invoice, after it."`
}

type billedSettled struct {
	Charged       Decimal `json:"charged" doc:"The total, less what credit notes refunded or offset and what refunds adjusted."`
	Refunded      Decimal `json:"refunded"`
	Balance       Decimal `json:"balance" doc:"Of the invoice: still to be paid."`
	AccountCredit Decimal `json:"account_credit" doc:"Given by credit notes and by a negative sum."`
}

// inCurrency puts the amounts of one currency on the wire.
type inCurrency money.Asset

func (c inCurrency) text(v decimal.Decimal) Decimal {
	return Decimal{shown(money.Amount{Value: v, Asset: money.Asset(c)})}
}

func showBill(b invoicing.Bill) billedInvoice {
	c := inCurrency(b.Currency)
	out := billedInvoice{Currency: string(b.Currency), Lines: []billedLine{}, Discounts: []billedShares{}, Taxes: c.taxes(b.Taxes),
		Totals: billedTotals{Subtotal: c.text(b.Subtotal), Discount: c.text(b.Discount), Net: c.text(b.Net), Tax: c.text(b.Tax),
			Sum: c.text(b.Sum), Total: c.text(b.Total), ToAccountCredit: c.text(b.ToAccountCredit), Rounding: written(b.Rounding)},
		Collection: c.collection(b.Collection), Issued: []billedNote{}, Refunds: []billedRefund{},
		Settled: billedSettled{Charged: c.text(b.Settled.Charged), Refunded: c.text(b.Settled.Refunded), Balance: c.text(b.Settled.Balance),
			AccountCredit: c.text(b.Settled.AccountCredit)}}
	for _, l := range b.Lines {
		out.Lines = append(out.Lines, c.line(l))
	}
	for _, d := range b.Discounts {
		out.Discounts = append(out.Discounts, c.shares(d.Code, d.Amount, d.Shares))
	}
	if m := b.Maximum; m != nil {
		shares := c.shares("", m.Discount, m.Shares)
		out.Maximum = &shares
	}
	if m := b.Minimum; m != nil {
		out.Minimum = &billedMinimum{Amount: c.text(m.Amount), Counted: c.text(m.Counted), TrueUp: c.text(m.TrueUp), Within: c.text(m.Within),
			Overage: c.text(m.Overage)}
	}
	for _, n := range b.Notes {
		out.Issued = append(out.Issued, c.note(n))
	}
	for _, r := range b.Refunds {
		out.Refunds = append(out.Refunds, billedRefund{Result: resultOf(r.Rejected, "made"), Code: r.Rejected, Amount: c.text(r.Amount),
			Adjustment: c.text(r.Adjustment), Balance: c.text(r.Balance)})
	}
	for _, share := range b.Allocated {
		out.Allocation = append(out.Allocation, c.text(share))
	}
	return out
}

func (c inCurrency) line(l invoicing.BillLine) billedLine {
	out := billedLine{ID: l.ID, Kind: l.Kind, Description: l.Description, Exact: written(l.Exact), Amount: c.text(l.Amount),
		Discount: c.text(l.Discount), Net: c.text(l.Net), Taxes: []billedLevy{}, Tax: c.text(l.Tax), Gross: c.text(l.Gross),
		CreditNotes: c.text(l.CreditApplied)}
	for _, t := range l.Taxes {
		out.Taxes = append(out.Taxes, billedLevy{InvoiceTax: showTax(t.Tax), Base: c.text(t.Base), Amount: c.text(t.Amount)})
	}
	return out
}

func showTax(t invoicing.Tax) InvoiceTax {
	return InvoiceTax{Code: t.Code, Percent: quantity(t.Percent), Inclusive: t.Inclusive, Compound: t.Compound, Reason: t.Reason}
}

func (c inCurrency) taxes(all []invoicing.TaxTotal) []billedTax {
	out := make([]billedTax, 0, len(all))
	for _, t := range all {
		out = append(out, billedTax{Category: t.Category, InvoiceTax: showTax(t.Tax), Taxable: c.text(t.Taxable), Amount: c.text(t.Amount)})
	}
	return out
}

func (c inCurrency) shares(code string, amount decimal.Decimal, shares []invoicing.Share) billedShares {
	out := billedShares{Code: code, Amount: c.text(amount), Lines: make([]billedShare, 0, len(shares))}
	for _, s := range shares {
		out.Lines = append(out.Lines, billedShare{Line: s.Line, Amount: c.text(s.Amount)})
	}
	return out
}

func (c inCurrency) collection(in invoicing.Collection) billedCollected {
	out := billedCollected{CreditNotes: make([]billedApplied, 0, len(in.Notes)), CreditNotesTotal: c.text(in.NotesTotal),
		AccountCreditUsed: c.text(in.Credit), AccountCreditLeft: c.text(in.CreditLeft), AmountDue: c.text(in.AmountDue),
		BalanceAfter: c.text(in.Balance), Carried: in.Carried,
		Provider: billedProvider{MinorUnits: in.MinorUnits, Unpayable: c.text(in.Unpayable), Minimum: c.text(in.ProviderMinimum)}}
	for _, n := range in.Notes {
		out.CreditNotes = append(out.CreditNotes, billedApplied{Applied: c.text(n.Applied), Left: c.text(n.Left)})
	}
	return out
}

func (c inCurrency) note(n invoicing.Note) billedNote {
	out := billedNote{Result: resultOf(n.Rejected, "issued"), Code: n.Rejected, Items: make([]billedNoteItem, 0, len(n.Items)), Net: c.text(n.Net),
		Taxes: c.taxes(n.Taxes), Tax: c.text(n.Tax), Total: c.text(n.Total), Refund: c.text(n.Refund), Offset: c.text(n.Offset),
		AccountCredit: c.text(n.AccountCredit)}
	for _, i := range n.Items {
		out.Items = append(out.Items, billedNoteItem{Line: i.Line, Amount: c.text(i.Amount), Discount: c.text(i.Discount), Net: c.text(i.Net),
			Tax: c.text(i.Tax)})
	}
	return out
}

func resultOf(rejected, done string) string {
	if rejected != "" {
		return "rejected"
	}
	return done
}
