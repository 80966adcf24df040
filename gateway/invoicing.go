package gateway

import (
	"context"
	"errors"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/billing/money"
)

// InvoiceParams describe a new draft.
type InvoiceParams struct {
	Key         string
	CustomerID  string
	Currency    money.Asset
	Description string
	Metadata    map[string]string
}

// CreateInvoice makes an empty draft that only we move: Stripe neither advances it nor pulls pending items into it.
func (s *Stripe) CreateInvoice(ctx context.Context, p InvoiceParams) (Invoice, error) {
	params, err := write(ctx, p.Key)
	if err != nil {
		return Invoice{}, err
	}
	in, err := s.invoices.New(&stripe.InvoiceParams{
		Params:                      params,
		Customer:                    stripe.String(p.CustomerID),
		Currency:                    stripe.String(lower(p.Currency)),
		Description:                 optional(p.Description),
		AutoAdvance:                 stripe.Bool(false),
		CollectionMethod:            stripe.String(string(stripe.InvoiceCollectionMethodChargeAutomatically)),
		PendingInvoiceItemsBehavior: stripe.String("exclude"),
		Metadata:                    p.Metadata,
	})
	if err != nil {
		return Invoice{}, failed("create invoice", err)
	}
	return invoiceOf(in)
}

// FinalizeInvoice makes a draft immutable and open; one of zero becomes paid at once.
func (s *Stripe) FinalizeInvoice(ctx context.Context, key, id string) (Invoice, error) {
	params, err := writeTo(ctx, key, id)
	if err != nil {
		return Invoice{}, err
	}
	in, err := s.invoices.FinalizeInvoice(id, &stripe.InvoiceFinalizeInvoiceParams{Params: params, AutoAdvance: stripe.Bool(false)})
	if err != nil {
		return Invoice{}, failed("finalize invoice", err)
	}
	return invoiceOf(in)
}

// PayInvoice charges the customer once. A declined card is the result of that attempt: it comes with the invoice as
// it stands now, and a new attempt needs a new key, since the old one replays the decline.
func (s *Stripe) PayInvoice(ctx context.Context, key, id string) (PayResult, error) {
	params, err := writeTo(ctx, key, id)
	if err != nil {
		return PayResult{}, err
	}
	in, err := s.invoices.Pay(id, &stripe.InvoicePayParams{Params: params, OffSession: stripe.Bool(true)})
	if err != nil {
		return s.declined(ctx, id, err)
	}
	out, err := invoiceOf(in)
	return PayResult{Invoice: out}, err
}

// declined turns a card error into a result. Should the look-up fail, its error is returned: repeating the payment
// with the same key then replays the decline and charges nothing.
func (s *Stripe) declined(ctx context.Context, id string, err error) (PayResult, error) {
	var se *stripe.Error
	if !errors.As(err, &se) || se.Type != stripe.ErrorTypeCard {
		return PayResult{}, failed("pay invoice", err)
	}
	in, err := s.GetInvoice(ctx, id)
	if err != nil {
		return PayResult{}, err
	}
	in.LastError = paymentErrorOf(se)
	code := string(se.DeclineCode)
	if code == "" {
		code = string(se.Code)
	}
	return PayResult{Invoice: in, Declined: true, DeclineCode: code}, nil
}

// GetInvoice fetches an invoice with its latest payment error.
func (s *Stripe) GetInvoice(ctx context.Context, id string) (Invoice, error) {
	if err := needID(id); err != nil {
		return Invoice{}, err
	}
	params := &stripe.InvoiceParams{Params: read(ctx)}
	params.AddExpand("payment_intent")
	in, err := s.invoices.Get(id, params)
	if err != nil {
		return Invoice{}, readFailed("get invoice", err)
	}
	return invoiceOf(in)
}

// VoidInvoice cancels an open invoice for good.
func (s *Stripe) VoidInvoice(ctx context.Context, key, id string) (Invoice, error) {
	params, err := writeTo(ctx, key, id)
	if err != nil {
		return Invoice{}, err
	}
	in, err := s.invoices.VoidInvoice(id, &stripe.InvoiceVoidInvoiceParams{Params: params})
	if err != nil {
		return Invoice{}, failed("void invoice", err)
	}
	return invoiceOf(in)
}

func writeTo(ctx context.Context, key, id string) (stripe.Params, error) {
	if err := needID(id); err != nil {
		return stripe.Params{}, err
	}
	return write(ctx, key)
}
