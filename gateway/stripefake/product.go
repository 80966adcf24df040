package stripefake

type product struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	Active            bool              `json:"active"`
	Created           int64             `json:"created"`
	DefaultPrice      *string           `json:"default_price"`
	Description       *string           `json:"description"`
	Images            []string          `json:"images"`
	Livemode          bool              `json:"livemode"`
	Metadata          map[string]string `json:"metadata"`
	Name              string            `json:"name"`
	PackageDimensions any               `json:"package_dimensions"`
	Shippable         *bool             `json:"shippable"`
	TaxCode           any               `json:"tax_code"`
	Type              string            `json:"type"`
	UnitLabel         *string           `json:"unit_label"`
	Updated           int64             `json:"updated"`
	URL               *string           `json:"url"`
}

func (o *product) key() string { return o.ID }

func createProduct(c *call) (any, *apiError) {
	o := &product{Object: "product", Active: true, Created: c.now.Unix(), Updated: c.now.Unix(), Description: c.opt("description"),
		Images: []string{}, Metadata: c.metadata("metadata"), Name: c.need("name"), Type: "service", UnitLabel: c.opt("unit_label")}
	id := c.str("id")
	if _, taken := c.st.Products.get(id); taken {
		c.fail(invalid("resource_already_exists", "id", "Product already exists."))
	}
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	o.ID = id
	if o.ID == "" {
		o.ID = c.st.next("prod")
	}
	c.st.Products.add(o)
	c.emit("product.created", o)
	return o, nil
}

func getProduct(c *call) (any, *apiError) {
	o, ok := c.st.Products.get(c.id())
	if !ok {
		return nil, missing("product", c.id(), "id")
	}
	return o, c.done()
}

func listProducts(c *call) (any, *apiError) {
	return paged(c, c.st.Products.newest(func(*product) bool { return true }), c.cursor())
}
