package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// The finders look for the effect of a call whose answer is not known. They list, since Stripe's search is behind its writes, and
// compare our own id in the metadata. No match is the zero value and no error.

// clockSkew is how far Stripe's stamp of an object may lie before ours of the call that made it.
const clockSkew = time.Hour

const objectKey = "obj" // our id in the metadata of everything that we make

func createdSince(since time.Time) *stripe.RangeQueryParams {
	return &stripe.RangeQueryParams{GreaterThanOrEqual: max(0, since.Add(-clockSkew).Unix())}
}

func listing(ctx context.Context) stripe.ListParams {
	return stripe.ListParams{Context: ctx, Limit: stripe.Int64(100)}
}

// FindCustomer looks for the customer that a call made.
func (s *Stripe) FindCustomer(ctx context.Context, since time.Time, p CustomerParams) (Customer, error) {
	list := s.customers.List(&stripe.CustomerListParams{ListParams: listing(ctx), Email: optional(p.Email), CreatedRange: createdSince(since)})
	for list.Next() {
		if c := list.Customer(); c.Metadata[objectKey] == p.Metadata[objectKey] {
			return customerOf(c), nil
		}
	}
	return Customer{}, readFailed("list customers", list.Err())
}

// FindInvoice looks for the invoice that a call made.
func (s *Stripe) FindInvoice(ctx context.Context, since time.Time, p InvoiceParams) (Invoice, error) {
	list := s.invoices.List(&stripe.InvoiceListParams{ListParams: listing(ctx), Customer: stripe.String(p.CustomerID), CreatedRange: createdSince(since)})
	for list.Next() {
		if in := list.Invoice(); in.Metadata[objectKey] == p.Metadata[objectKey] {
			return invoiceOf(in)
		}
	}
	return Invoice{}, readFailed("list invoices", list.Err())
}

// FindInvoiceItem looks for the line that a call put on an invoice.
func (s *Stripe) FindInvoiceItem(ctx context.Context, p ItemParams) (Item, error) {
	list := s.items.List(&stripe.InvoiceItemListParams{ListParams: listing(ctx), Invoice: stripe.String(p.InvoiceID)})
	for list.Next() {
		if item := list.InvoiceItem(); item.Metadata[objectKey] == p.Metadata[objectKey] {
			return itemOf(item)
		}
	}
	return Item{}, readFailed("list invoice items", list.Err())
}

// FindCheckoutSession looks for the session that a call made.
func (s *Stripe) FindCheckoutSession(ctx context.Context, since time.Time, p CheckoutParams) (CheckoutSession, error) {
	list := s.sessions.List(&stripe.CheckoutSessionListParams{ListParams: listing(ctx), CreatedRange: createdSince(since)})
	for list.Next() {
		if cs := list.CheckoutSession(); cs.ClientReferenceID == p.ClientReferenceID {
			return sessionOf(cs)
		}
	}
	return CheckoutSession{}, readFailed("list checkout sessions", list.Err())
}
