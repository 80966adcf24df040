package stripefake

import "net/http"

type charge struct {
	ID                   string            `json:"id"`
	Object               string            `json:"object"`
	Amount               int64             `json:"amount"`
	AmountCaptured       int64             `json:"amount_captured"`
	AmountRefunded       int64             `json:"amount_refunded"`
	Application          any               `json:"application"`
	ApplicationFee       any               `json:"application_fee"`
	ApplicationFeeAmount any               `json:"application_fee_amount"`
	BalanceTransaction   *string           `json:"balance_transaction"`
	Captured             bool              `json:"captured"`
	Created              int64             `json:"created"`
	Currency             string            `json:"currency"`
	Customer             *string           `json:"customer"`
	Description          *string           `json:"description"`
	Disputed             bool              `json:"disputed"`
	FailureCode          *string           `json:"failure_code"`
	FailureMessage       *string           `json:"failure_message"`
	Invoice              *string           `json:"invoice"`
	Livemode             bool              `json:"livemode"`
	Metadata             map[string]string `json:"metadata"`
	Outcome              outcome           `json:"outcome"`
	Paid                 bool              `json:"paid"`
	PaymentIntent        *string           `json:"payment_intent"`
	PaymentMethod        *string           `json:"payment_method"`
	ReceiptEmail         *string           `json:"receipt_email"`
	ReceiptNumber        *string           `json:"receipt_number"`
	ReceiptURL           *string           `json:"receipt_url"`
	Refunded             bool              `json:"refunded"`
	Source               any               `json:"source"`
	StatementDescriptor  *string           `json:"statement_descriptor"`
	Status               string            `json:"status"`
}

type outcome struct {
	NetworkStatus string  `json:"network_status"`
	Reason        *string `json:"reason"`
	RiskLevel     string  `json:"risk_level"`
	SellerMessage string  `json:"seller_message"`
	Type          string  `json:"type"`
}

func (o *charge) key() string { return o.ID }

// attempt charges a payment intent once: the intent, its charge and their events are had in either case.
func (c *call) attempt(pi *paymentIntent, method string) *apiError {
	var cus *customer
	if pi.Customer != nil {
		cus, _ = c.st.Customers.get(*pi.Customer)
	}
	switch {
	case method != "":
		pi.PaymentMethod = &method
	case pi.PaymentMethod == nil && cus != nil:
		pi.PaymentMethod = cus.InvoiceSettings.DefaultPaymentMethod
	}
	if pi.PaymentMethod != nil {
		method = *pi.PaymentMethod
	}
	ch := c.st.Charges.add(&charge{ID: c.st.next("ch"), Object: "charge", Amount: pi.Amount, Created: c.now.Unix(),
		Currency: pi.Currency, Customer: pi.Customer, Description: pi.Description, Invoice: pi.Invoice, Metadata: pi.Metadata,
		PaymentIntent: &pi.ID, PaymentMethod: pi.PaymentMethod})
	pi.LatestCharge = &ch.ID
	if code := c.declines(cus, method); code != "" {
		return c.decline(pi, ch, code)
	}
	txn := c.st.next("txn")
	ch.Status, ch.Paid, ch.Captured, ch.AmountCaptured, ch.BalanceTransaction = succeeded, true, true, ch.Amount, &txn
	ch.Outcome = outcome{NetworkStatus: "approved_by_network", RiskLevel: "normal", SellerMessage: "Payment complete.", Type: "authorized"}
	pi.Status, pi.AmountReceived, pi.LastPaymentError = succeeded, pi.Amount, nil
	c.emit("charge.succeeded", ch)
	c.emit("payment_intent.succeeded", pi)
	return nil
}

func (c *call) decline(pi *paymentIntent, ch *charge, code string) *apiError {
	const message = "Your card was declined."
	ch.Status, ch.FailureCode, ch.FailureMessage = "failed", ref("card_declined"), ref(message)
	ch.Outcome = outcome{NetworkStatus: "declined_by_network", Reason: &code, RiskLevel: "normal",
		SellerMessage: "The bank did not return any further details with this decline.", Type: "issuer_declined"}
	pi.Status, pi.PaymentMethod = needsMethod, nil
	pi.LastPaymentError = &apiError{Charge: ch.ID, Code: "card_declined", DeclineCode: code, Message: message, Type: cardError}
	c.emit("charge.failed", ch)
	c.emit("payment_intent.payment_failed", pi)
	snapshot := *pi // the error's copy must not change with the next attempt
	return &apiError{status: http.StatusPaymentRequired, Charge: ch.ID, Code: "card_declined", DeclineCode: code,
		Message: message, PaymentIntent: &snapshot, Type: cardError}
}

func getCharge(c *call) (any, *apiError) {
	o, ok := c.st.Charges.get(c.id())
	if !ok {
		return nil, missing("charge", c.id(), "id")
	}
	return o, c.done()
}

func listCharges(c *call) (any, *apiError) {
	cur, cus, pi := c.cursor(), c.opt("customer"), c.opt("payment_intent")
	return paged(c, c.st.Charges.newest(func(o *charge) bool { return matches(cus, o.Customer) && matches(pi, o.PaymentIntent) }), cur)
}
