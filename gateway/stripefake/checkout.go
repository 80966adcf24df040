package stripefake

import (
	"fmt"
	"net/http"
)

type session struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"`
	AmountSubtotal     int64             `json:"amount_subtotal"`
	AmountTotal        int64             `json:"amount_total"`
	AutomaticTax       automaticTax      `json:"automatic_tax"`
	CancelURL          *string           `json:"cancel_url"`
	ClientReferenceID  *string           `json:"client_reference_id"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	Customer           *string           `json:"customer"`
	CustomerCreation   *string           `json:"customer_creation"`
	CustomerDetails    *customerDetails  `json:"customer_details"`
	CustomerEmail      *string           `json:"customer_email"`
	ExpiresAt          int64             `json:"expires_at"`
	Invoice            any               `json:"invoice"`
	Livemode           bool              `json:"livemode"`
	Locale             any               `json:"locale"`
	Metadata           map[string]string `json:"metadata"`
	Mode               string            `json:"mode"`
	PaymentIntent      *string           `json:"payment_intent"`
	PaymentLink        any               `json:"payment_link"`
	PaymentMethodTypes []string          `json:"payment_method_types"`
	PaymentStatus      string            `json:"payment_status"`
	SetupIntent        any               `json:"setup_intent"`
	Status             string            `json:"status"`
	Subscription       any               `json:"subscription"`
	SuccessURL         *string           `json:"success_url"`
	UIMode             string            `json:"ui_mode"`
	URL                *string           `json:"url"`
}

// intended is what the payment intent gets when the purchase completes. It is no part of the session's JSON.
type intended struct {
	Description *string           `json:"description"`
	Metadata    map[string]string `json:"metadata"`
}

type customerDetails struct {
	Email     *string `json:"email"`
	Name      *string `json:"name"`
	TaxExempt string  `json:"tax_exempt"`
}

func (o *session) key() string { return o.ID }

func createSession(c *call) (any, *apiError) {
	c.need("mode")
	o := &session{Object: "checkout.session", CancelURL: c.opt("cancel_url"), ClientReferenceID: c.opt("client_reference_id"),
		Created: c.now.Unix(), CustomerEmail: c.opt("customer_email"), ExpiresAt: c.now.Unix() + 86400,
		Metadata: c.metadata("metadata"), Mode: c.oneOf("mode", "payment"), PaymentMethodTypes: []string{"card"},
		PaymentStatus: "unpaid", Status: open, SuccessURL: ref(c.need("success_url")), UIMode: "hosted"}
	plan := intended{Description: c.opt("payment_intent_data[description]"), Metadata: c.metadata("payment_intent_data[metadata]")}
	if cus := c.customerNamed(c.str("customer")); cus != nil {
		o.Customer = &cus.ID
	}
	lines := sessionLines(c, o)
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	o.ID = c.st.next("cs_test")
	url := "http://" + c.r.Host + "/_fake/checkout/sessions/" + o.ID + "/complete"
	o.URL = &url
	for _, l := range lines {
		l.ID = c.st.next("li")
		l.Price.ID = c.st.next("price")
	}
	c.st.Sessions.add(o)
	c.st.Purchases[o.ID] = lines
	c.st.Intended[o.ID] = plan
	return o, nil
}

// sessionLines reads line_items[i] with an inline price and adds them up.
func sessionLines(c *call, o *session) []*lineItem {
	var lines []*lineItem
	for i := 0; ; i++ {
		at := fmt.Sprintf("line_items[%d]", i)
		if !c.has(at+"[quantity]") && !c.has(at+"[price_data][currency]") {
			break
		}
		data := at + "[price_data]"
		c.need(data + "[unit_amount]")
		name := c.need(data + "[product_data][name]")
		l := &lineItem{Object: "item", Currency: c.currency(data + "[currency]"), Description: &name, Discounts: []any{},
			Quantity: max(1, c.int(at+"[quantity]"))}
		l.Price = newPrice(c, l.Currency, "", c.int(data+"[unit_amount]"))
		l.Amount = l.Price.UnitAmount * l.Quantity
		l.AmountSubtotal, l.AmountTotal = l.Amount, l.Amount
		if o.Currency != "" && o.Currency != l.Currency {
			c.fail(invalid("", data+"[currency]", "All line items must have the same currency."))
		}
		o.Currency = l.Currency
		o.AmountSubtotal += l.Amount
		o.AmountTotal += l.Amount
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		c.fail(invalid("parameter_missing", "line_items", "You must provide line_items in payment mode."))
	}
	return lines
}

func getSession(c *call) (any, *apiError) {
	o, ok := c.st.Sessions.get(c.id())
	if !ok {
		return nil, missing("checkout.session", c.id(), "id")
	}
	return o, c.done()
}

func listSessions(c *call) (any, *apiError) {
	cur, cus, from := c.cursor(), c.opt("customer"), c.int("created[gte]")
	return paged(c, c.st.Sessions.newest(func(o *session) bool { return matches(cus, o.Customer) && o.Created >= from }), cur)
}

func listSessionLines(c *call) (any, *apiError) {
	if _, ok := c.st.Sessions.get(c.id()); !ok {
		return nil, missing("checkout.session", c.id(), "id")
	}
	return paged(c, c.st.Purchases[c.id()], c.cursor())
}

// completeSession is what the customer does on the hosted page: pay. A declined card leaves the page open.
func completeSession(c *call) (any, *apiError) {
	o, ok := c.st.Sessions.get(c.id())
	switch {
	case !ok:
		return nil, missing("checkout.session", c.id(), "id")
	case o.Status != open || c.now.Unix() >= o.ExpiresAt:
		return nil, conflicting("", "This session is not open; it is %s.", o.Status)
	}
	if o.AmountTotal == 0 {
		o.PaymentStatus = "no_payment_required"
	} else {
		plan := c.st.Intended[o.ID]
		pi := c.newIntent(o.AmountTotal, o.Currency, o.Customer)
		pi.Description, pi.Metadata, pi.PaymentMethod = plan.Description, plan.Metadata, ref("pm_card_visa")
		c.emit("payment_intent.created", pi)
		if declined := c.attempt(pi, ""); declined != nil {
			return nil, declined
		}
		o.PaymentIntent, o.PaymentStatus = &pi.ID, paid
	}
	o.Status, o.URL = "complete", nil
	o.CustomerDetails = &customerDetails{Email: o.CustomerEmail, TaxExempt: "none"}
	if o.Customer != nil {
		cus, _ := c.st.Customers.get(*o.Customer)
		o.CustomerDetails = &customerDetails{Email: cus.Email, Name: cus.Name, TaxExempt: cus.TaxExempt}
	}
	c.emit("checkout.session.completed", o)
	return o, nil
}

// expireSession is what Stripe does a day later to a page nobody paid on.
func expireSession(c *call) (any, *apiError) {
	o, ok := c.st.Sessions.get(c.id())
	switch {
	case !ok:
		return nil, missing("checkout.session", c.id(), "id")
	case o.Status != open:
		return nil, &apiError{status: http.StatusBadRequest, Type: invalidRequest, Message: "Only open sessions can expire."}
	}
	o.Status, o.URL = "expired", nil
	c.emit("checkout.session.expired", o)
	return o, nil
}
