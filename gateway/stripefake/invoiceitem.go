package stripefake

import "strings"

type item struct {
	ID           string            `json:"id"`
	Object       string            `json:"object"`
	Amount       int64             `json:"amount"`
	Currency     string            `json:"currency"`
	Customer     string            `json:"customer"`
	Date         int64             `json:"date"`
	Description  *string           `json:"description"`
	Discountable bool              `json:"discountable"`
	Discounts    []any             `json:"discounts"`
	Invoice      *string           `json:"invoice"`
	Livemode     bool              `json:"livemode"`
	Metadata     map[string]string `json:"metadata"`
	Period       span              `json:"period"`
	Plan         any               `json:"plan"`
	Price        *price            `json:"price"`
	Proration    bool              `json:"proration"`
	Quantity     int64             `json:"quantity"`
	Subscription any               `json:"subscription"`
	TaxRates     []any             `json:"tax_rates"`
	TestClock    any               `json:"test_clock"`
	UnitAmount   int64             `json:"unit_amount"`
}

type span struct {
	End   int64 `json:"end"`
	Start int64 `json:"start"`
}

// lineItem is a line of an invoice, or of a checkout session (where the fields of the invoice stay null).
type lineItem struct {
	ID              string            `json:"id"`
	Object          string            `json:"object"`
	Amount          int64             `json:"amount"`
	AmountSubtotal  int64             `json:"amount_subtotal"`
	AmountTotal     int64             `json:"amount_total"`
	Currency        string            `json:"currency"`
	Description     *string           `json:"description"`
	DiscountAmounts []any             `json:"discount_amounts"`
	Discountable    bool              `json:"discountable"`
	Discounts       []any             `json:"discounts"`
	Invoice         *string           `json:"invoice"`
	InvoiceItem     *string           `json:"invoice_item"`
	Livemode        bool              `json:"livemode"`
	Metadata        map[string]string `json:"metadata"`
	Period          *span             `json:"period"`
	Plan            any               `json:"plan"`
	Price           *price            `json:"price"`
	Proration       bool              `json:"proration"`
	Quantity        int64             `json:"quantity"`
	Subscription    any               `json:"subscription"`
	TaxAmounts      []any             `json:"tax_amounts"`
	TaxRates        []any             `json:"tax_rates"`
	Type            string            `json:"type"`
}

func (o *item) key() string     { return o.ID }
func (o *lineItem) key() string { return o.ID }

// line shows the item as a line; its id follows from the item's, so it is the same at every look.
func (o *item) line(invoice string) *lineItem {
	return &lineItem{ID: "il_" + strings.TrimPrefix(o.ID, "ii_"), Object: "line_item", Amount: o.Amount, AmountSubtotal: o.Amount,
		AmountTotal: o.Amount, Currency: o.Currency, Description: o.Description, DiscountAmounts: []any{},
		Discountable: o.Discountable, Discounts: []any{}, Invoice: &invoice, InvoiceItem: &o.ID, Metadata: o.Metadata,
		Period: &o.Period, Price: o.Price, Quantity: o.Quantity, TaxAmounts: []any{}, TaxRates: []any{}, Type: "invoiceitem"}
}

func createItem(c *call) (any, *apiError) {
	o := &item{Object: "invoiceitem", Date: c.now.Unix(), Description: c.opt("description"), Discountable: true,
		Discounts: []any{}, Metadata: c.metadata("metadata"), Quantity: 1, TaxRates: []any{},
		Period: span{Start: c.now.Unix(), End: c.now.Unix()}}
	cus := c.customerNamed(c.need("customer"))
	itemAmount(c, o)
	if c.has("period[start]") || c.has("period[end]") {
		o.Period = span{Start: c.int("period[start]"), End: c.int("period[end]")}
		if o.Period.End < o.Period.Start {
			c.fail(invalid("", "period[end]", "The period's end must be at or after its start."))
		}
	}
	in, refused := itemInvoice(c, cus, o.Currency)
	if refused == nil {
		refused = c.done()
	}
	if refused != nil {
		return nil, refused
	}
	o.ID, o.Customer = c.st.next("ii"), cus.ID
	if in != nil {
		o.Invoice = &in.ID
	}
	c.st.Items.add(o)
	if in != nil {
		c.st.total(in)
	}
	c.emit("invoiceitem.created", o)
	return o, nil
}

// itemAmount reads what the item costs: an amount with its currency, or a price times a quantity.
func itemAmount(c *call, o *item) {
	if c.has("quantity") {
		o.Quantity = c.int("quantity")
	}
	if c.has("price") {
		if o.Price = c.priceNamed("price"); o.Price != nil {
			o.UnitAmount, o.Currency = o.Price.UnitAmount, o.Price.Currency
			o.Amount = o.UnitAmount * o.Quantity
		}
		return
	}
	o.Currency = c.currency("currency")
	if c.has("unit_amount") {
		o.UnitAmount = c.int("unit_amount")
		o.Amount = o.UnitAmount * o.Quantity
		return
	}
	if c.has("quantity") {
		c.fail(invalid("parameters_exclusive", "quantity", "You may only specify quantity together with unit_amount or price."))
	}
	c.need("amount")
	o.Amount = c.int("amount")
	o.UnitAmount = o.Amount
}

// itemInvoice resolves the draft an item goes on; nil leaves the item pending.
func itemInvoice(c *call, cus *customer, currency string) (*invoice, *apiError) {
	id := c.str("invoice")
	if id == "" || c.err != nil {
		return nil, nil
	}
	in, ok := c.st.Invoices.get(id)
	switch {
	case !ok:
		return nil, missing("invoice", id, "invoice")
	case in.Status != draft:
		return nil, conflicting("invoice_not_editable", "This invoice is no longer editable")
	case in.Customer != cus.ID:
		return nil, invalid("", "invoice", "The customer of the invoice item is not the customer of the invoice.")
	case in.Currency != currency:
		return nil, invalid("", "currency", "The currency of the invoice item (%s) is not the currency of the invoice (%s).", currency, in.Currency)
	}
	return in, nil
}

func getItem(c *call) (any, *apiError) {
	o, ok := c.st.Items.get(c.id())
	if !ok {
		return nil, missing("invoiceitem", c.id(), "id")
	}
	return o, c.done()
}

func listItems(c *call) (any, *apiError) {
	cur, cus, in := c.cursor(), c.opt("customer"), c.opt("invoice")
	return paged(c, c.st.Items.newest(func(o *item) bool { return matches(cus, &o.Customer) && matches(in, o.Invoice) }), cur)
}
