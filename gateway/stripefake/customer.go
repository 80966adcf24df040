package stripefake

type customer struct {
	ID                  string            `json:"id"`
	Object              string            `json:"object"`
	Address             any               `json:"address"`
	Balance             int64             `json:"balance"`
	Created             int64             `json:"created"`
	Currency            *string           `json:"currency"`
	DefaultSource       *string           `json:"default_source"`
	Delinquent          bool              `json:"delinquent"`
	Description         *string           `json:"description"`
	Discount            any               `json:"discount"`
	Email               *string           `json:"email"`
	InvoicePrefix       string            `json:"invoice_prefix"`
	InvoiceSettings     invoiceSettings   `json:"invoice_settings"`
	Livemode            bool              `json:"livemode"`
	Metadata            map[string]string `json:"metadata"`
	Name                *string           `json:"name"`
	NextInvoiceSequence int64             `json:"next_invoice_sequence"`
	Phone               *string           `json:"phone"`
	PreferredLocales    []string          `json:"preferred_locales"`
	Shipping            any               `json:"shipping"`
	TaxExempt           string            `json:"tax_exempt"`
	TestClock           any               `json:"test_clock"`
}

type invoiceSettings struct {
	CustomFields         any     `json:"custom_fields"`
	DefaultPaymentMethod *string `json:"default_payment_method"`
	Footer               any     `json:"footer"`
	RenderingOptions     any     `json:"rendering_options"`
}

func (o *customer) key() string { return o.ID }

// createCustomer also gives the customer a card, so that an invoice can be paid without a browser.
func createCustomer(c *call) (any, *apiError) {
	o := &customer{Object: "customer", Created: c.now.Unix(), Description: c.opt("description"), Email: c.opt("email"),
		Metadata: c.metadata("metadata"), Name: c.opt("name"), NextInvoiceSequence: 1, Phone: c.opt("phone"),
		PreferredLocales: []string{}, TaxExempt: "none"}
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	o.ID = c.st.next("cus")
	o.InvoicePrefix = "FAKE" + o.ID[len(o.ID)-4:]
	pm := c.st.next("pm")
	o.InvoiceSettings.DefaultPaymentMethod = &pm
	c.st.Customers.add(o)
	c.emit("customer.created", o)
	return o, nil
}

func getCustomer(c *call) (any, *apiError) {
	o, ok := c.st.Customers.get(c.id())
	if !ok {
		return nil, missing("customer", c.id(), "id")
	}
	return o, c.done()
}

func listCustomers(c *call) (any, *apiError) {
	cur, email, from := c.cursor(), c.opt("email"), c.int("created[gte]")
	return paged(c, c.st.Customers.newest(func(o *customer) bool { return matches(email, o.Email) && o.Created >= from }), cur)
}

// matches compares an optional filter with a field that may be null.
func matches(filter, field *string) bool {
	return filter == nil || field != nil && *filter == *field
}

// customerNamed resolves a parameter that refers to a customer.
func (c *call) customerNamed(id string) *customer {
	o, ok := c.st.Customers.get(id)
	if !ok && id != "" {
		c.fail(missing("customer", id, "customer"))
	}
	return o
}
