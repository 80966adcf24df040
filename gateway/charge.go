package gateway

import (
	"context"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/billing/money"
)

// Charge is one movement of a customer's money, or the failed try of one.
type Charge struct {
	ID              string
	Status          string // succeeded, pending, failed
	Paid            bool
	Amount          money.Amount
	AmountRefunded  money.Amount // cumulative, never a delta
	CustomerID      string
	InvoiceID       string
	PaymentIntentID string
	FailureCode     string
}

// GetCharge fetches a charge.
func (s *Stripe) GetCharge(ctx context.Context, id string) (Charge, error) {
	if err := needID(id); err != nil {
		return Charge{}, err
	}
	c, err := s.charges.Get(id, &stripe.ChargeParams{Params: read(ctx)})
	if err != nil {
		return Charge{}, readFailed("get charge", err)
	}
	out := Charge{ID: c.ID, Status: string(c.Status), Paid: c.Paid, FailureCode: c.FailureCode}
	if c.Customer != nil {
		out.CustomerID = c.Customer.ID
	}
	if c.Invoice != nil {
		out.InvoiceID = c.Invoice.ID
	}
	if c.PaymentIntent != nil {
		out.PaymentIntentID = c.PaymentIntent.ID
	}
	if out.Amount, err = amount(c.Amount, c.Currency); err != nil {
		return Charge{}, err
	}
	out.AmountRefunded, err = amount(c.AmountRefunded, c.Currency)
	return out, err
}
