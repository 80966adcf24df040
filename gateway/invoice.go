package gateway

import (
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/billing/money"
)

// InvoiceStatus is where a Stripe invoice stands.
type InvoiceStatus string

// The statuses of a Stripe invoice.
const (
	InvoiceDraft         InvoiceStatus = "draft"
	InvoiceOpen          InvoiceStatus = "open"
	InvoicePaid          InvoiceStatus = "paid"
	InvoiceVoid          InvoiceStatus = "void"
	InvoiceUncollectible InvoiceStatus = "uncollectible"
)

// Invoice is Stripe's invoice as we read it. PaymentIntentID and ChargeID are empty until there is something to pay;
// an invoice of zero is paid without either.
type Invoice struct {
	ID              string
	Number          string
	Status          InvoiceStatus
	CustomerID      string
	Currency        money.Asset
	Total           money.Amount
	AmountDue       money.Amount
	AmountPaid      money.Amount
	Paid            bool
	PaidOutOfBand   bool
	PaidAt          time.Time // zero until paid
	FinalizedAt     time.Time // zero while a draft
	ChargeID        string
	PaymentIntentID string
	Processing      bool // a bank debit is under way; only where it was fetched with its payment intent
	AttemptCount    int64
	HostedURL       string
	LastError       *PaymentError // of the latest failed attempt; only where it was fetched with its payment intent
	Metadata        map[string]string
}

// PaymentError says why an attempt to collect failed.
type PaymentError struct {
	Code        string // e.g. card_declined
	DeclineCode string // the issuer's reason, e.g. insufficient_funds
	Message     string
	ChargeID    string
}

// PayResult is an invoice after an attempt to collect it.
type PayResult struct {
	Invoice
	Declined    bool
	DeclineCode string
}

func invoiceOf(in *stripe.Invoice) (Invoice, error) {
	out := Invoice{ID: in.ID, Number: in.Number, Status: InvoiceStatus(in.Status), Currency: asset(in.Currency),
		Paid: in.Paid, PaidOutOfBand: in.PaidOutOfBand, AttemptCount: in.AttemptCount, HostedURL: in.HostedInvoiceURL,
		Metadata: in.Metadata}
	if in.Customer != nil {
		out.CustomerID = in.Customer.ID
	}
	if in.Charge != nil {
		out.ChargeID = in.Charge.ID
	}
	if in.PaymentIntent != nil {
		out.PaymentIntentID = in.PaymentIntent.ID
		out.Processing = in.PaymentIntent.Status == stripe.PaymentIntentStatusProcessing
		out.LastError = paymentErrorOf(in.PaymentIntent.LastPaymentError)
	}
	if t := in.StatusTransitions; t != nil {
		out.PaidAt, out.FinalizedAt = at(t.PaidAt), at(t.FinalizedAt)
	}
	for _, part := range []struct {
		minor int64
		into  *money.Amount
	}{{in.Total, &out.Total}, {in.AmountDue, &out.AmountDue}, {in.AmountPaid, &out.AmountPaid}} {
		a, err := amount(part.minor, in.Currency)
		if err != nil {
			return Invoice{}, err
		}
		*part.into = a
	}
	return out, nil
}

func paymentErrorOf(e *stripe.Error) *PaymentError {
	if e == nil {
		return nil
	}
	return &PaymentError{Code: string(e.Code), DeclineCode: string(e.DeclineCode), Message: e.Msg, ChargeID: e.ChargeID}
}
