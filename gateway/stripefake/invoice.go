package stripefake

type invoice struct {
	ID                           string            `json:"id"`
	Object                       string            `json:"object"`
	AccountCountry               string            `json:"account_country"`
	AccountName                  string            `json:"account_name"`
	AccountTaxIDs                any               `json:"account_tax_ids"`
	AmountDue                    int64             `json:"amount_due"`
	AmountPaid                   int64             `json:"amount_paid"`
	AmountRemaining              int64             `json:"amount_remaining"`
	AmountShipping               int64             `json:"amount_shipping"`
	Application                  any               `json:"application"`
	ApplicationFeeAmount         any               `json:"application_fee_amount"`
	AttemptCount                 int64             `json:"attempt_count"`
	Attempted                    bool              `json:"attempted"`
	AutoAdvance                  bool              `json:"auto_advance"`
	AutomaticTax                 automaticTax      `json:"automatic_tax"`
	BillingReason                string            `json:"billing_reason"`
	Charge                       *string           `json:"charge"`
	CollectionMethod             string            `json:"collection_method"`
	Created                      int64             `json:"created"`
	Currency                     string            `json:"currency"`
	CustomFields                 any               `json:"custom_fields"`
	Customer                     string            `json:"customer"`
	CustomerAddress              any               `json:"customer_address"`
	CustomerEmail                *string           `json:"customer_email"`
	CustomerName                 *string           `json:"customer_name"`
	CustomerPhone                *string           `json:"customer_phone"`
	CustomerShipping             any               `json:"customer_shipping"`
	CustomerTaxExempt            string            `json:"customer_tax_exempt"`
	CustomerTaxIDs               []any             `json:"customer_tax_ids"`
	DefaultPaymentMethod         *string           `json:"default_payment_method"`
	DefaultSource                *string           `json:"default_source"`
	DefaultTaxRates              []any             `json:"default_tax_rates"`
	Description                  *string           `json:"description"`
	Discount                     any               `json:"discount"`
	Discounts                    []any             `json:"discounts"`
	DueDate                      *int64            `json:"due_date"`
	EffectiveAt                  *int64            `json:"effective_at"`
	EndingBalance                *int64            `json:"ending_balance"`
	Footer                       any               `json:"footer"`
	FromInvoice                  any               `json:"from_invoice"`
	HostedInvoiceURL             *string           `json:"hosted_invoice_url"`
	InvoicePDF                   *string           `json:"invoice_pdf"`
	LastFinalizationError        any               `json:"last_finalization_error"`
	LatestRevision               any               `json:"latest_revision"`
	Lines                        page[*lineItem]   `json:"lines"`
	Livemode                     bool              `json:"livemode"`
	Metadata                     map[string]string `json:"metadata"`
	NextPaymentAttempt           *int64            `json:"next_payment_attempt"`
	Number                       *string           `json:"number"`
	OnBehalfOf                   any               `json:"on_behalf_of"`
	Paid                         bool              `json:"paid"`
	PaidOutOfBand                bool              `json:"paid_out_of_band"`
	PaymentIntent                *string           `json:"payment_intent"`
	PaymentSettings              paymentSettings   `json:"payment_settings"`
	PeriodEnd                    int64             `json:"period_end"`
	PeriodStart                  int64             `json:"period_start"`
	PostPaymentCreditNotesAmount int64             `json:"post_payment_credit_notes_amount"`
	PrePaymentCreditNotesAmount  int64             `json:"pre_payment_credit_notes_amount"`
	Quote                        any               `json:"quote"`
	ReceiptNumber                any               `json:"receipt_number"`
	StartingBalance              int64             `json:"starting_balance"`
	StatementDescriptor          any               `json:"statement_descriptor"`
	Status                       string            `json:"status"`
	StatusTransitions            transitions       `json:"status_transitions"`
	Subscription                 any               `json:"subscription"`
	Subtotal                     int64             `json:"subtotal"`
	SubtotalExcludingTax         int64             `json:"subtotal_excluding_tax"`
	Tax                          any               `json:"tax"`
	TestClock                    any               `json:"test_clock"`
	Total                        int64             `json:"total"`
	TotalDiscountAmounts         []any             `json:"total_discount_amounts"`
	TotalExcludingTax            int64             `json:"total_excluding_tax"`
	TotalTaxAmounts              []any             `json:"total_tax_amounts"`
	TransferData                 any               `json:"transfer_data"`
	WebhooksDeliveredAt          *int64            `json:"webhooks_delivered_at"`
}

type automaticTax struct {
	Enabled bool `json:"enabled"`
	Status  any  `json:"status"`
}

type paymentSettings struct {
	DefaultMandate       any `json:"default_mandate"`
	PaymentMethodOptions any `json:"payment_method_options"`
	PaymentMethodTypes   any `json:"payment_method_types"`
}

type transitions struct {
	FinalizedAt           *int64 `json:"finalized_at"`
	MarkedUncollectibleAt *int64 `json:"marked_uncollectible_at"`
	PaidAt                *int64 `json:"paid_at"`
	VoidedAt              *int64 `json:"voided_at"`
}

const (
	draft         = "draft"
	open          = "open"
	paid          = "paid"
	void          = "void"
	uncollectible = "uncollectible"
)

func (o *invoice) key() string { return o.ID }

func createInvoice(c *call) (any, *apiError) {
	cus := c.customerNamed(c.need("customer"))
	o := &invoice{Object: "invoice", AccountCountry: "DE", AccountName: "Fake", AutoAdvance: c.bool("auto_advance"),
		BillingReason: "manual", CollectionMethod: c.oneOf("collection_method", "charge_automatically", "send_invoice"),
		Created: c.now.Unix(), Currency: "eur", CustomerTaxIDs: []any{}, DefaultTaxRates: []any{},
		Description: c.opt("description"), Discounts: []any{}, Metadata: c.metadata("metadata"),
		PeriodEnd: c.now.Unix(), PeriodStart: c.now.Unix(), Status: draft, TotalDiscountAmounts: []any{}, TotalTaxAmounts: []any{}}
	if c.has("currency") {
		o.Currency = c.currency("currency")
	}
	pending := c.oneOf("pending_invoice_items_behavior", "exclude", "include")
	if o.CollectionMethod == "send_invoice" {
		due := c.now.Unix() + max(1, c.int("days_until_due"))*86400
		o.DueDate = &due
	}
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	o.ID, o.Customer, o.CustomerTaxExempt = c.st.next("in"), cus.ID, cus.TaxExempt
	o.CustomerEmail, o.CustomerName, o.CustomerPhone = cus.Email, cus.Name, cus.Phone
	c.st.Invoices.add(o)
	if pending == "include" {
		for _, it := range c.st.Items.rows {
			if it.Customer == cus.ID && it.Invoice == nil && it.Currency == o.Currency {
				it.Invoice = &o.ID
			}
		}
	}
	c.st.total(o)
	c.emit("invoice.created", o)
	return o, nil
}

func getInvoice(c *call) (any, *apiError) {
	o, ok := c.st.Invoices.get(c.id())
	if !ok {
		return nil, missing("invoice", c.id(), "id")
	}
	return o, c.done()
}

func listInvoices(c *call) (any, *apiError) {
	cur, cus, status, from := c.cursor(), c.opt("customer"), c.opt("status"), c.int("created[gte]")
	return paged(c, c.st.Invoices.newest(func(o *invoice) bool {
		return matches(cus, &o.Customer) && matches(status, &o.Status) && o.Created >= from
	}), cur)
}

func listInvoiceLines(c *call) (any, *apiError) {
	o, ok := c.st.Invoices.get(c.id())
	if !ok {
		return nil, missing("invoice", c.id(), "id")
	}
	return paged(c, c.st.lines(o), c.cursor())
}

// lines gives an invoice's lines, the oldest first.
func (st *state) lines(o *invoice) []*lineItem {
	var out []*lineItem
	for _, it := range st.Items.rows {
		if it.Invoice != nil && *it.Invoice == o.ID {
			out = append(out, it.line(o.ID))
		}
	}
	return out
}

// total brings a draft's amounts and its embedded first ten lines up to its items.
func (st *state) total(o *invoice) {
	lines := st.lines(o)
	var sum int64
	for _, l := range lines {
		sum += l.Amount
	}
	o.Subtotal, o.SubtotalExcludingTax, o.Total, o.TotalExcludingTax = sum, sum, sum, sum
	o.AmountDue, o.AmountRemaining = sum, sum
	n := len(lines)
	o.Lines = page[*lineItem]{Object: "list", Data: append([]*lineItem{}, lines[:min(n, 10)]...), HasMore: n > 10,
		TotalCount: &n, URL: "/v1/invoices/" + o.ID + "/lines"}
}
