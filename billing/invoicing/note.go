package invoicing

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Settle says where the money of a credit note goes. What it does not cover becomes account credit.
type Settle string

// A refund gives back what was paid for the lines beyond what they still charge, and nothing that was not paid. An offset
// lowers what is still open of the invoice. Without a wish, it is offset.
const (
	SettleOffset       Settle = "offset"
	SettleCredit       Settle = "account_credit"
	SettleRefund       Settle = "refund"
	SettleRefundOffset Settle = "refund_offset" // refund first, then offset
)

// Codes of rejected credit notes and refunds.
const (
	RejectedLine       = "credit_note_exceeds_line"
	RejectedInvoice    = "credit_note_exceeds_invoice"
	RejectedRefund     = "refund_exceeds_payment"
	RejectedAdjustment = "adjustment_exceeds_balance"
)

// NoteRequest asks for a credit note: for parts of lines, or for an amount that is taken from the lines in their order.
type NoteRequest struct {
	Amount         *decimal.Decimal
	Items          []NoteItem
	BeforeDiscount bool // amounts are those before the line's discount, whose share is taken off
	Settle         Settle
}

// NoteItem credits Amount of a line, without tax; or the part of it that was not used, less what earlier notes credited.
type NoteItem struct {
	Line        string
	Amount      *decimal.Decimal
	UsedUnits   *decimal.Decimal
	UnusedUnits *decimal.Decimal
}

// Note is an issued credit note, or with a Rejected code one that changed nothing. Total = Net + Tax = Refund +
// AccountCredit + Offset.
type Note struct {
	Rejected      string
	Items         []NoteLine
	Net           decimal.Decimal
	Taxes         []TaxTotal
	Tax           decimal.Decimal
	Total         decimal.Decimal
	Refund        decimal.Decimal
	AccountCredit decimal.Decimal
	Offset        decimal.Decimal
}

// NoteLine is a line's part of a credit note: Net = Amount − Discount.
type NoteLine struct {
	Line     string
	Amount   decimal.Decimal // before the discount's share, if the note says so
	Discount decimal.Decimal
	Net      decimal.Decimal
	Tax      decimal.Decimal

	place int
	taxes []decimal.Decimal // by the line's rates
}

// credited is what earlier notes took of a line.
type credited struct {
	listed decimal.Decimal
	net    decimal.Decimal
	taxes  []decimal.Decimal
	tax    decimal.Decimal
}

// books are what the invoice charges and what was paid for it, as notes and refunds change them.
type books struct {
	bill       *Bill
	credited   []credited
	uncredited decimal.Decimal // of the total
	paid       decimal.Decimal // by the customer, less refunds
	cash       decimal.Decimal // that was paid at first, of
	of         decimal.Decimal // this total
	open       decimal.Decimal // still to be paid
}

func newBooks(b *Bill, d Draft) *books {
	k := &books{bill: b, uncredited: b.Total, paid: d.Paid, cash: d.Paid, of: b.Total.Add(d.CarriedIn), open: b.Collection.AmountDue.Sub(d.Paid)}
	if d.PaidOf != nil {
		k.of, k.open = *d.PaidOf, d.PaidOf.Sub(d.Paid)
	}
	for i := range b.Lines {
		k.credited = append(k.credited, credited{taxes: make([]decimal.Decimal, len(b.Lines[i].Taxes))})
	}
	return k
}

// issue makes one credit note, or rejects it.
func (k *books) issue(r NoteRequest) Note {
	note, code := k.items(r)
	if code != "" {
		return Note{Rejected: code}
	}
	k.taxBack(&note)
	for _, i := range note.Items {
		note.Net = note.Net.Add(i.Net)
	}
	note.Total = note.Net.Add(note.Tax)
	if note.Total.GreaterThan(k.uncredited) { // negative lines lower what all together charge
		return Note{Rejected: RejectedInvoice}
	}
	k.record(note)
	k.share(&note, r.Settle)
	return note
}

// record keeps what the note took of each line.
func (k *books) record(note Note) {
	k.uncredited = k.uncredited.Sub(note.Total)
	for _, i := range note.Items {
		c := &k.credited[i.place]
		c.listed, c.net, c.tax = c.listed.Add(i.Amount), c.net.Add(i.Net), c.tax.Add(i.Tax)
		for rate, tax := range i.taxes {
			c.taxes[rate] = c.taxes[rate].Add(tax)
		}
	}
}

// items decides what of each line is credited. A line cannot be credited for more than it has left, nor twice in a note.
func (k *books) items(r NoteRequest) (Note, string) {
	var note Note
	if r.Amount != nil {
		left := money.Round(*r.Amount, k.bill.Currency)
		for i := range k.bill.Lines {
			part := decimal.Min(left, decimal.Max(k.creditable(i, r.BeforeDiscount), decimal.Zero))
			if part.IsPositive() {
				note.Items = append(note.Items, k.item(i, part, r.BeforeDiscount))
				left = left.Sub(part)
			}
		}
		if left.IsPositive() {
			return Note{}, RejectedInvoice
		}
		return note, ""
	}
	for _, asked := range r.Items {
		i := k.bill.index[asked.Line]
		amount := k.asked(asked, i, r.BeforeDiscount)
		if amount.GreaterThan(k.creditable(i, r.BeforeDiscount)) {
			return Note{}, RejectedLine
		}
		note.Items = append(note.Items, k.item(i, amount, r.BeforeDiscount))
	}
	return note, ""
}

// asked is the amount an item comes to, rounded once.
func (k *books) asked(item NoteItem, i int, listed bool) decimal.Decimal {
	if item.Amount != nil {
		return money.Round(*item.Amount, k.bill.Currency)
	}
	line, c := &k.bill.Lines[i], &k.credited[i]
	whole, before := line.Net, c.net
	if listed {
		whole, before = line.Net.Add(line.Discount), c.listed
	}
	unused := money.RoundQuotient(whole.Mul(*item.UnusedUnits), item.UsedUnits.Add(*item.UnusedUnits), k.bill.Currency)
	return decimal.Max(unused.Sub(before), decimal.Zero)
}

// creditable is what a line has left to credit.
func (k *books) creditable(i int, listed bool) decimal.Decimal {
	line, c := &k.bill.Lines[i], &k.credited[i]
	if listed {
		return line.Net.Add(line.Discount).Sub(c.listed)
	}
	return line.Net.Sub(c.net)
}

// item takes the discount's share off an amount before discount. The share is of all that was credited so far, so that a line
// credited bit by bit comes to its net.
func (k *books) item(i int, amount decimal.Decimal, listed bool) NoteLine {
	line, c := &k.bill.Lines[i], &k.credited[i]
	out := NoteLine{Line: line.ID, Amount: amount, Net: amount, place: i}
	if !listed {
		return out
	}
	whole := line.Net.Add(line.Discount)
	if whole.IsPositive() {
		net := money.RoundQuotient(line.Net.Mul(c.listed.Add(amount)), whole, k.bill.Currency)
		out.Net = decimal.Max(net.Sub(c.net), decimal.Zero)
		out.Discount = amount.Sub(out.Net)
	}
	return out
}

// taxBack gives back of each tax the part that the credited net is of the line's, less what earlier notes gave back; for one
// (category, rate) it is rounded once, over the note's lines. A line credited in full gives back exactly its tax.
func (k *books) taxBack(note *Note) {
	type claim struct{ item, rate int }
	claims, parts, totals := map[string][]claim{}, map[string][]*big.Rat{}, map[string]int{}
	for n := range note.Items {
		item := &note.Items[n]
		line, c := &k.bill.Lines[item.place], &k.credited[item.place]
		item.taxes = make([]decimal.Decimal, len(line.Taxes))
		for r, tax := range line.Taxes {
			key := tax.key(line.category)
			at, known := totals[key]
			if !known {
				at = len(note.Taxes)
				totals[key], note.Taxes = at, append(note.Taxes, TaxTotal{Category: line.category, Tax: tax.Tax})
			}
			note.Taxes[at].Taxable = note.Taxes[at].Taxable.Add(item.Net)
			claims[key] = append(claims[key], claim{n, r})
			parts[key] = append(parts[key], owedBack(line, c, item.Net, r))
		}
	}
	for key, at := range totals {
		total, shares := money.RoundParts(parts[key], k.bill.Currency)
		note.Taxes[at].Amount = total
		note.Tax = note.Tax.Add(total)
		for i, one := range claims[key] {
			item := &note.Items[one.item]
			item.taxes[one.rate], item.Tax = shares[i], item.Tax.Add(shares[i])
		}
	}
}

// owedBack is a line's exact tax on all its net credited, less the tax that was given back before.
func owedBack(line *BillLine, c *credited, net decimal.Decimal, rate int) *big.Rat {
	if line.Net.IsZero() {
		return new(big.Rat)
	}
	all := line.Taxes[rate].Amount.Mul(c.net.Add(net)).Rat()
	all.Quo(all, line.Net.Rat())
	return all.Sub(all, c.taxes[rate].Rat())
}

// share says where a note's total goes.
func (k *books) share(note *Note, how Settle) {
	rest := note.Total
	if how == SettleRefund || how == SettleRefundOffset {
		note.Refund = decimal.Min(rest, k.refundable(note))
		k.paid = k.paid.Sub(note.Refund)
		rest = rest.Sub(note.Refund)
	}
	if how == SettleOffset || how == SettleRefundOffset || how == "" {
		note.Offset = decimal.Min(rest, decimal.Max(k.open, decimal.Zero))
		k.open = k.open.Sub(note.Offset)
		rest = rest.Sub(note.Offset)
	}
	note.AccountCredit = rest
}

// refundable is the lines' share of what was paid, beyond what they still charge after the note; never below zero, and
// never more than there is of the payment.
func (k *books) refundable(note *Note) decimal.Decimal {
	if !k.of.IsPositive() {
		return decimal.Zero
	}
	gross, still, seen := decimal.Zero, decimal.Zero, map[int]bool{}
	for _, item := range note.Items {
		if seen[item.place] {
			continue
		}
		seen[item.place] = true
		line, c := &k.bill.Lines[item.place], &k.credited[item.place]
		gross, still = gross.Add(line.Gross), still.Add(line.Gross).Sub(c.net).Sub(c.tax)
	}
	share := money.RoundQuotient(k.cash.Mul(gross), k.of, k.bill.Currency)
	return decimal.Max(decimal.Min(share.Sub(still), k.paid), decimal.Zero)
}
