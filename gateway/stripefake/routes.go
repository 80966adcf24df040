package stripefake

import "net/http"

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /v1/account": getAccount,

		"POST /v1/customers": createCustomer, "GET /v1/customers/{id}": getCustomer, "GET /v1/customers": listCustomers,
		"POST /v1/products": createProduct, "GET /v1/products/{id}": getProduct, "GET /v1/products": listProducts,
		"POST /v1/prices": createPrice, "GET /v1/prices/{id}": getPrice, "GET /v1/prices": listPrices,

		"POST /v1/invoices": createInvoice, "GET /v1/invoices/{id}": getInvoice, "GET /v1/invoices": listInvoices,
		"GET /v1/invoices/{id}/lines":               listInvoiceLines,
		"POST /v1/invoices/{id}/finalize":           finalizeInvoice,
		"POST /v1/invoices/{id}/pay":                payInvoice,
		"POST /v1/invoices/{id}/void":               voidInvoice,
		"POST /v1/invoices/{id}/mark_uncollectible": markUncollectible,

		"POST /v1/invoiceitems": createItem, "GET /v1/invoiceitems/{id}": getItem, "GET /v1/invoiceitems": listItems,

		"POST /v1/checkout/sessions": createSession, "GET /v1/checkout/sessions": listSessions,
		"GET /v1/checkout/sessions/{id}":            getSession,
		"GET /v1/checkout/sessions/{id}/line_items": listSessionLines,

		"POST /v1/payment_intents": createIntent, "GET /v1/payment_intents/{id}": getIntent, "GET /v1/payment_intents": listIntents,
		"POST /v1/payment_intents/{id}/confirm": confirmIntent,
		"POST /v1/payment_intents/{id}/cancel":  cancelIntent,

		"GET /v1/charges/{id}": getCharge, "GET /v1/charges": listCharges,
		"GET /v1/events/{id}": getEvent, "GET /v1/events": listEvents,
	} {
		mux.HandleFunc(pattern, s.api(h))
	}
	mux.HandleFunc("/", s.api(func(c *call) (any, *apiError) {
		return nil, &apiError{status: http.StatusNotFound, Type: invalidRequest,
			Message: "Unrecognized request URL (" + c.r.Method + ": " + c.r.URL.Path + ")."}
	}))
	s.control(mux)
	return mux
}
