package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/proration"
	"github.com/durabill/durabill/fault"
)

// OnCancel says what becomes of the unused part of a fee.
type OnCancel string

// The ways there are.
const (
	ToCredit OnCancel = "credit" // account credit; the default
	ToRefund OnCancel = "refund" // what was paid for it goes back, the rest becomes credit
	ToOffset OnCancel = "offset" // what the invoice still asks for is lowered first, the rest becomes credit
)

// Cancellation is the end of a fee that was charged in advance.
type Cancellation struct {
	At           calendar.Moment
	On           OnCancel
	Coupon       decimal.Decimal  // what a coupon took off the fee
	InvoiceTotal *decimal.Decimal // with tax; nil if the fee was all that the invoice charged
}

// Cancelled is the credit note of a cancellation. Refund, Offset and Credit add up to Total.
type Cancelled struct {
	Unused proration.Part
	Used   decimal.Decimal // of the fee, before tax: with the unused part it is the fee
	Item   decimal.Decimal // the unused part less earlier credits, at most what was paid for it
	Coupon decimal.Decimal // the coupon's part of the item
	Tax    decimal.Decimal
	Total  decimal.Decimal
	Refund decimal.Decimal
	Offset decimal.Decimal
	Credit decimal.Decimal
}

func (q Proration) cancel() (*Cancelled, error) {
	if c := q.Cancel; c.Coupon.IsNegative() || c.Coupon.GreaterThan(q.Price) {
		return nil, fault.At("/coupon", "out_of_range", "A coupon takes between nothing and all of the fee.")
	}
	frame := q.Frame
	if !q.Cancel.At.IsZero() {
		zone, err := calendar.LoadZone(q.Zone)
		if err != nil {
			return nil, fault.At("/timezone", "zone_unknown", "The zone must be an IANA time zone name, such as Europe/Berlin.")
		}
		frame.From = calendar.At(q.until(q.Cancel.At.In(zone), zone))
	}
	unused, err := frame.Prorate(q.Price)
	if err != nil {
		return nil, err
	}
	out := &Cancelled{Unused: unused}
	all := q.round(unused.Exact)
	out.Used = q.round(q.Price).Sub(all)
	out.Item = decimal.Max(decimal.Zero, all.Sub(q.Earlier))
	if q.Cancel.InvoiceTotal == nil {
		out.Item = proration.Cap(all, q.paid(), q.Earlier)
	}
	if q.Price.IsPositive() {
		out.Coupon = q.round(q.Cancel.Coupon.Mul(out.Item).DivRound(q.Price, exactDigits))
	}
	out.Tax = q.tax(out.Item.Sub(out.Coupon))
	out.Total = out.Item.Sub(out.Coupon).Add(out.Tax)
	q.spread(out)
	return out, nil
}

// exactDigits is enough for a quotient of amounts to be told from a tie.
const exactDigits = 40

// spread says where the total goes. The fee's share of what was paid, less the value that was used, is what a refund may be.
func (q Proration) spread(out *Cancelled) {
	fee := q.Price.Sub(q.Cancel.Coupon)
	fee = fee.Add(q.tax(fee))
	invoice, paid := fee, fee
	if q.Cancel.InvoiceTotal != nil {
		invoice = *q.Cancel.InvoiceTotal
	}
	if q.Paid != nil {
		paid = *q.Paid
	}
	switch q.Cancel.On {
	case ToRefund:
		share := decimal.Zero
		if invoice.IsPositive() {
			share = fee.Mul(paid).DivRound(invoice, exactDigits)
		}
		used := fee.Sub(out.Unused.Share.Of(fee))
		out.Refund = decimal.Max(decimal.Zero, decimal.Min(out.Total, q.round(share.Sub(used))))
	case ToOffset:
		out.Offset = decimal.Max(decimal.Zero, decimal.Min(out.Total, invoice.Sub(paid)))
	default: // all of it becomes credit
	}
	out.Credit = out.Total.Sub(out.Refund).Sub(out.Offset)
}
