package stripefake

import (
	"slices"
	"strconv"
)

type price struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	Active            bool              `json:"active"`
	BillingScheme     string            `json:"billing_scheme"`
	Created           int64             `json:"created"`
	Currency          string            `json:"currency"`
	CustomUnitAmount  any               `json:"custom_unit_amount"`
	Livemode          bool              `json:"livemode"`
	LookupKey         *string           `json:"lookup_key"`
	Metadata          map[string]string `json:"metadata"`
	Nickname          *string           `json:"nickname"`
	Product           string            `json:"product"`
	Recurring         *recurring        `json:"recurring"`
	TaxBehavior       string            `json:"tax_behavior"`
	TiersMode         any               `json:"tiers_mode"`
	TransformQuantity any               `json:"transform_quantity"`
	Type              string            `json:"type"`
	UnitAmount        int64             `json:"unit_amount"`
	UnitAmountDecimal string            `json:"unit_amount_decimal"`
}

type recurring struct {
	AggregateUsage  any    `json:"aggregate_usage"`
	Interval        string `json:"interval"`
	IntervalCount   int64  `json:"interval_count"`
	TrialPeriodDays any    `json:"trial_period_days"`
	UsageType       string `json:"usage_type"`
}

func (o *price) key() string { return o.ID }

func createPrice(c *call) (any, *apiError) {
	o := newPrice(c, c.currency("currency"), c.need("product"), c.int("unit_amount"))
	o.LookupKey, o.Metadata, o.Nickname = c.opt("lookup_key"), c.metadata("metadata"), c.opt("nickname")
	if c.has("recurring[interval]") {
		o.Type = "recurring"
		o.Recurring = &recurring{Interval: c.oneOf("recurring[interval]", "month", "day", "week", "year"),
			IntervalCount: max(1, c.int("recurring[interval_count]")), UsageType: "licensed"}
	}
	if _, ok := c.st.Products.get(o.Product); !ok && o.Product != "" {
		c.fail(missing("product", o.Product, "product"))
	}
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	o.ID = c.st.next("price")
	c.st.Prices.add(o)
	c.emit("price.created", o)
	return o, nil
}

// newPrice makes a one-time price that is not in the table yet.
func newPrice(c *call, currency, product string, unit int64) *price {
	return &price{Object: "price", Active: true, BillingScheme: "per_unit", Created: c.now.Unix(), Currency: currency,
		Metadata: map[string]string{}, Product: product, TaxBehavior: "unspecified", Type: "one_time", UnitAmount: unit,
		UnitAmountDecimal: strconv.FormatInt(unit, 10)}
}

func getPrice(c *call) (any, *apiError) {
	o, ok := c.st.Prices.get(c.id())
	if !ok {
		return nil, missing("price", c.id(), "id")
	}
	return o, c.done()
}

func listPrices(c *call) (any, *apiError) {
	cur, product, lookup := c.cursor(), c.opt("product"), c.list("lookup_keys")
	return paged(c, c.st.Prices.newest(func(o *price) bool {
		return matches(product, &o.Product) && (len(lookup) == 0 || o.LookupKey != nil && slices.Contains(lookup, *o.LookupKey))
	}), cur)
}

// priceNamed resolves a parameter that refers to a one-time price.
func (c *call) priceNamed(name string) *price {
	id := c.need(name)
	o, ok := c.st.Prices.get(id)
	switch {
	case !ok && id != "":
		c.fail(missing("price", id, name))
	case ok && o.Type != "one_time":
		c.fail(invalid("", name, "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`."))
	}
	return o
}
