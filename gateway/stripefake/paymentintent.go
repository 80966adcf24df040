package stripefake

type paymentIntent struct {
	ID                  string            `json:"id"`
	Object              string            `json:"object"`
	Amount              int64             `json:"amount"`
	AmountCapturable    int64             `json:"amount_capturable"`
	AmountReceived      int64             `json:"amount_received"`
	Application         any               `json:"application"`
	CanceledAt          *int64            `json:"canceled_at"`
	CancellationReason  *string           `json:"cancellation_reason"`
	CaptureMethod       string            `json:"capture_method"`
	ClientSecret        string            `json:"client_secret"`
	ConfirmationMethod  string            `json:"confirmation_method"`
	Created             int64             `json:"created"`
	Currency            string            `json:"currency"`
	Customer            *string           `json:"customer"`
	Description         *string           `json:"description"`
	Invoice             *string           `json:"invoice"`
	LastPaymentError    *apiError         `json:"last_payment_error"`
	LatestCharge        *string           `json:"latest_charge"`
	Livemode            bool              `json:"livemode"`
	Metadata            map[string]string `json:"metadata"`
	NextAction          any               `json:"next_action"`
	PaymentMethod       *string           `json:"payment_method"`
	PaymentMethodTypes  []string          `json:"payment_method_types"`
	Processing          any               `json:"processing"`
	ReceiptEmail        *string           `json:"receipt_email"`
	SetupFutureUsage    *string           `json:"setup_future_usage"`
	StatementDescriptor *string           `json:"statement_descriptor"`
	Status              string            `json:"status"`
	TransferGroup       *string           `json:"transfer_group"`
}

const (
	needsMethod  = "requires_payment_method"
	needsConfirm = "requires_confirmation"
	succeeded    = "succeeded"
	canceled     = "canceled"
)

func (o *paymentIntent) key() string { return o.ID }

func (c *call) newIntent(amount int64, currency string, customer *string) *paymentIntent {
	id := c.st.next("pi")
	return c.st.Intents.add(&paymentIntent{ID: id, Object: "payment_intent", Amount: amount, CaptureMethod: "automatic",
		ClientSecret: id + "_secret_fake", ConfirmationMethod: "automatic", Created: c.now.Unix(), Currency: currency,
		Customer: customer, Metadata: map[string]string{}, PaymentMethodTypes: []string{"card"}, Status: needsMethod})
}

func createIntent(c *call) (any, *apiError) {
	c.need("amount")
	amount, currency, cus := c.int("amount"), c.currency("currency"), c.customerNamed(c.str("customer"))
	if amount <= 0 {
		c.fail(invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1."))
	}
	description, metadata, method := c.opt("description"), c.metadata("metadata"), c.opt("payment_method")
	confirm := c.bool("confirm")
	c.bool("off_session")
	if confirm && method == nil && cus == nil {
		c.fail(invalid("parameter_missing", "payment_method", "You cannot confirm this PaymentIntent because it's missing a payment method."))
	}
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	pi := c.newIntent(amount, currency, nil)
	if cus != nil {
		pi.Customer = &cus.ID
	}
	pi.Description, pi.Metadata, pi.PaymentMethod = description, metadata, method
	if method != nil {
		pi.Status = needsConfirm
	}
	c.emit("payment_intent.created", pi)
	if confirm {
		if declined := c.attempt(pi, ""); declined != nil {
			return nil, declined
		}
	}
	return pi, nil
}

func confirmIntent(c *call) (any, *apiError) {
	method := c.str("payment_method")
	c.bool("off_session")
	pi, refused := c.intentAddressed()
	switch {
	case refused != nil:
		return nil, refused
	case pi.Status != needsMethod && pi.Status != needsConfirm:
		return nil, unexpectedState(pi, "confirm")
	case method == "" && pi.PaymentMethod == nil && pi.Customer == nil:
		return nil, unexpectedState(pi, "confirm")
	}
	if declined := c.attempt(pi, method); declined != nil {
		return nil, declined
	}
	return pi, nil
}

func cancelIntent(c *call) (any, *apiError) {
	reason := c.opt("cancellation_reason")
	pi, refused := c.intentAddressed()
	switch {
	case refused != nil:
		return nil, refused
	case pi.Status == succeeded || pi.Status == canceled:
		return nil, unexpectedState(pi, "cancel")
	}
	pi.CancellationReason = reason
	c.cancel(pi)
	return pi, nil
}

func (c *call) cancel(pi *paymentIntent) {
	pi.Status, pi.CanceledAt = canceled, c.stamp()
	c.emit("payment_intent.canceled", pi)
}

func (c *call) intentAddressed() (*paymentIntent, *apiError) {
	pi, ok := c.st.Intents.get(c.id())
	if !ok {
		return nil, missing("payment_intent", c.id(), "id")
	}
	return pi, c.done()
}

func unexpectedState(pi *paymentIntent, verb string) *apiError {
	e := conflicting("payment_intent_unexpected_state",
		"You cannot %s this PaymentIntent because it has a status of %s.", verb, pi.Status)
	e.PaymentIntent = pi
	return e
}

func getIntent(c *call) (any, *apiError) {
	c.str("client_secret")
	return c.intentAddressed()
}

func listIntents(c *call) (any, *apiError) {
	cur, cus := c.cursor(), c.opt("customer")
	return paged(c, c.st.Intents.newest(func(o *paymentIntent) bool { return matches(cus, o.Customer) }), cur)
}
