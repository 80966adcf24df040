package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/billing/money"
)

// CheckoutParams describe a one-time purchase on a hosted page. The metadata is put on the payment intent as well:
// Stripe does not copy it from the session.
type CheckoutParams struct {
	Key               string
	ClientReferenceID string
	CustomerID        string
	Amount            money.Amount
	Description       string
	SuccessURL        string
	CancelURL         string
	Metadata          map[string]string
}

// CheckoutSession is a purchase on a hosted page. Only PaymentStatus says whether money came in: a completed session
// paid by bank debit is still unpaid.
type CheckoutSession struct {
	ID                string
	Mode              string // payment, subscription, setup
	Status            string // open, complete, expired
	PaymentStatus     string // paid, unpaid, no_payment_required
	Currency          money.Asset
	AmountTotal       money.Amount
	ClientReferenceID string
	CustomerID        string
	PaymentIntentID   string
	URL               string
	ExpiresAt         time.Time
	Metadata          map[string]string
}

// CreateCheckoutSession opens a hosted page for one purchase.
func (s *Stripe) CreateCheckoutSession(ctx context.Context, p CheckoutParams) (CheckoutSession, error) {
	params, err := write(ctx, p.Key)
	if err != nil {
		return CheckoutSession{}, err
	}
	minor, err := money.ToMinor(p.Amount)
	if err != nil {
		return CheckoutSession{}, err
	}
	cs, err := s.sessions.New(&stripe.CheckoutSessionParams{
		Params:            params,
		Mode:              stripe.String(string(stripe.CheckoutSessionModePayment)),
		ClientReferenceID: optional(p.ClientReferenceID),
		Customer:          optional(p.CustomerID),
		SuccessURL:        optional(p.SuccessURL),
		CancelURL:         optional(p.CancelURL),
		Metadata:          p.Metadata,
		PaymentIntentData: &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: p.Metadata},
		LineItems: []*stripe.CheckoutSessionLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency:    stripe.String(lower(p.Amount.Asset)),
				UnitAmount:  stripe.Int64(minor),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(p.Description)},
			},
		}},
	})
	if err != nil {
		return CheckoutSession{}, failed("create checkout session", err)
	}
	return sessionOf(cs)
}

// GetCheckoutSession fetches a session.
func (s *Stripe) GetCheckoutSession(ctx context.Context, id string) (CheckoutSession, error) {
	if err := needID(id); err != nil {
		return CheckoutSession{}, err
	}
	cs, err := s.sessions.Get(id, &stripe.CheckoutSessionParams{Params: read(ctx)})
	if err != nil {
		return CheckoutSession{}, readFailed("get checkout session", err)
	}
	return sessionOf(cs)
}

func sessionOf(cs *stripe.CheckoutSession) (CheckoutSession, error) {
	out := CheckoutSession{ID: cs.ID, Mode: string(cs.Mode), Status: string(cs.Status), PaymentStatus: string(cs.PaymentStatus),
		Currency: asset(cs.Currency), ClientReferenceID: cs.ClientReferenceID, URL: cs.URL, ExpiresAt: at(cs.ExpiresAt),
		Metadata: cs.Metadata}
	if cs.Customer != nil {
		out.CustomerID = cs.Customer.ID
	}
	if cs.PaymentIntent != nil {
		out.PaymentIntentID = cs.PaymentIntent.ID
	}
	if cs.Currency == "" { // a session of mode setup moves no money
		return out, nil
	}
	var err error
	out.AmountTotal, err = amount(cs.AmountTotal, cs.Currency)
	return out, err
}
