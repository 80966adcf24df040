package stripefake

import "fmt"

// invoiceAddressed resolves the invoice in the path and the parameters of a transition.
func (c *call) invoiceAddressed() (*invoice, *apiError) {
	o, ok := c.st.Invoices.get(c.id())
	if !ok {
		return nil, missing("invoice", c.id(), "id")
	}
	return o, c.done()
}

func finalizeInvoice(c *call) (any, *apiError) {
	c.bool("auto_advance")
	o, refused := c.invoiceAddressed()
	switch {
	case refused != nil:
		return nil, refused
	case o.Status != draft:
		return nil, conflicting("invoice_not_editable", "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
	case o.Total < 0:
		return nil, conflicting("", "This fake does not finalize an invoice with a negative total.")
	}
	cus, _ := c.st.Customers.get(o.Customer)
	number := fmt.Sprintf("%s-%04d", cus.InvoicePrefix, cus.NextInvoiceSequence)
	cus.NextInvoiceSequence++
	url := "https://invoice.stripe.test/i/" + o.ID
	pdf := url + "/pdf"
	var none int64
	o.Number, o.HostedInvoiceURL, o.InvoicePDF, o.EndingBalance = &number, &url, &pdf, &none
	o.Status, o.StatusTransitions.FinalizedAt, o.EffectiveAt = open, c.stamp(), c.stamp()
	if o.AmountDue > 0 {
		pi := c.newIntent(o.AmountDue, o.Currency, &o.Customer)
		pi.Invoice, pi.Description = &o.ID, ref("Payment for Invoice")
		o.PaymentIntent = &pi.ID
		c.emit("payment_intent.created", pi)
	}
	c.emit("invoice.finalized", o)
	if o.AmountDue == 0 {
		c.settle(o, false)
	}
	return o, nil
}

func payInvoice(c *call) (any, *apiError) {
	outOfBand, method := c.bool("paid_out_of_band"), c.str("payment_method")
	c.bool("off_session")
	o, refused := c.invoiceAddressed()
	switch {
	case refused != nil:
		return nil, refused
	case o.Status == paid:
		return nil, conflicting("", "Invoice is already paid")
	case o.Status != open && o.Status != uncollectible:
		return nil, conflicting("", "Invoice with status %s cannot be paid.", o.Status)
	}
	pi, _ := c.st.Intents.get(*o.PaymentIntent)
	if outOfBand {
		c.cancel(pi)
		c.settle(o, true)
		return o, nil
	}
	o.Attempted = true
	o.AttemptCount++
	declined := c.attempt(pi, method)
	o.Charge = pi.LatestCharge
	if declined != nil {
		c.emit("invoice.payment_failed", o)
		return nil, declined
	}
	c.settle(o, false)
	return o, nil
}

// settle marks an invoice paid. Out of band no money moved here, so no payment succeeded.
func (c *call) settle(o *invoice, outOfBand bool) {
	o.Status, o.Paid, o.PaidOutOfBand, o.Attempted = paid, true, outOfBand, true
	o.AmountPaid, o.AmountRemaining, o.StatusTransitions.PaidAt = o.AmountDue, 0, c.stamp()
	c.emit("invoice.paid", o)
	if !outOfBand {
		c.emit("invoice.payment_succeeded", o)
	}
}

func voidInvoice(c *call) (any, *apiError) {
	o, refused := c.invoiceAddressed()
	switch {
	case refused != nil:
		return nil, refused
	case o.Status != open && o.Status != uncollectible:
		return nil, conflicting("", "You can only void invoices that are open or uncollectible; this one is %s.", o.Status)
	}
	o.Status, o.StatusTransitions.VoidedAt = void, c.stamp()
	if pi, ok := c.st.Intents.get(*o.PaymentIntent); ok {
		c.cancel(pi)
	}
	c.emit("invoice.voided", o)
	return o, nil
}

func markUncollectible(c *call) (any, *apiError) {
	o, refused := c.invoiceAddressed()
	switch {
	case refused != nil:
		return nil, refused
	case o.Status != open:
		return nil, conflicting("", "You can only mark open invoices as uncollectible; this one is %s.", o.Status)
	}
	o.Status, o.StatusTransitions.MarkedUncollectibleAt = uncollectible, c.stamp()
	c.emit("invoice.marked_uncollectible", o)
	return o, nil
}

func (c *call) stamp() *int64 { return ref(c.now.Unix()) }

func ref[T any](v T) *T { return &v }
