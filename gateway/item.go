package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/billing/money"
)

// Period is the half-open time a line is about; the zero Period leaves it to Stripe.
type Period struct{ Start, End time.Time }

// ItemParams describe one line of a draft. The amount's asset must be the invoice's currency.
type ItemParams struct {
	Key         string
	InvoiceID   string
	CustomerID  string
	Amount      money.Amount
	Description string
	Period      Period
	Metadata    map[string]string
}

// Item is a line of an invoice.
type Item struct {
	ID        string
	InvoiceID string
	Amount    money.Amount
}

// AddInvoiceItem puts one line on a draft.
func (s *Stripe) AddInvoiceItem(ctx context.Context, p ItemParams) (Item, error) {
	params, err := writeTo(ctx, p.Key, p.InvoiceID)
	if err != nil {
		return Item{}, err
	}
	minor, err := money.ToMinor(p.Amount)
	if err != nil {
		return Item{}, err
	}
	in := &stripe.InvoiceItemParams{
		Params:      params,
		Invoice:     stripe.String(p.InvoiceID),
		Customer:    stripe.String(p.CustomerID),
		Amount:      stripe.Int64(minor),
		Currency:    stripe.String(lower(p.Amount.Asset)),
		Description: optional(p.Description),
		Metadata:    p.Metadata,
	}
	if !p.Period.Start.IsZero() {
		in.Period = &stripe.InvoiceItemPeriodParams{Start: stripe.Int64(p.Period.Start.Unix()), End: stripe.Int64(p.Period.End.Unix())}
	}
	item, err := s.items.New(in)
	if err != nil {
		return Item{}, failed("add invoice item", err)
	}
	return itemOf(item)
}

func itemOf(item *stripe.InvoiceItem) (Item, error) {
	out := Item{ID: item.ID}
	if item.Invoice != nil {
		out.InvoiceID = item.Invoice.ID
	}
	var err error
	out.Amount, err = amount(item.Amount, item.Currency)
	return out, err
}
