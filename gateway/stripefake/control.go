package stripefake

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// control adds the routes that steer the fake. They need no key, take JSON, and answer in Stripe's shapes.
func (s *Server) control(mux *http.ServeMux) {
	for pattern, h := range map[string]handler{
		"POST /_fake/customers/{id}/card":             setCard,
		"POST /_fake/checkout/sessions/{id}/complete": completeSession,
		"POST /_fake/checkout/sessions/{id}/expire":   expireSession,
		"POST /_fake/events/{id}/deliver":             redeliver,
		"POST /_fake/endpoints":                       addEndpoint,
		"GET /_fake/deliveries":                       showDeliveries,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a, requestID := s.run(&call{s: s, r: r, used: map[string]bool{}}, claim{}, h)
			write(w, a, http.Header{"Request-Id": {requestID}})
		})
	}
}

// json reads the control call's body; an empty one is allowed.
func (c *call) json(into any) *apiError {
	body, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody))
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return invalid("", "", "The body is not the JSON expected here.")
	}
	return nil
}

// setCard makes a customer's card consent or decline from now on.
func setCard(c *call) (any, *apiError) {
	var in card
	if refused := c.json(&in); refused != nil {
		return nil, refused
	}
	if _, ok := c.st.Customers.get(c.id()); !ok {
		return nil, missing("customer", c.id(), "id")
	}
	if in.Behaviour != cardOK && in.Behaviour != cardDecline {
		return nil, invalid("", "behaviour", "behaviour must be ok or decline")
	}
	c.st.Cards[c.id()] = in
	return in, nil
}

// addEndpoint registers a webhook endpoint from outside the process.
func addEndpoint(c *call) (any, *apiError) {
	var in struct {
		URL    string `json:"url"`
		Secret string `json:"secret"`
	}
	if refused := c.json(&in); refused != nil {
		return nil, refused
	}
	if in.URL == "" || in.Secret == "" {
		return nil, invalid("parameter_missing", "url", "url and secret are required")
	}
	c.st.Endpoints[in.URL] = in.Secret
	return map[string]string{"object": "webhook_endpoint", "url": in.URL, "api_version": apiVersion, "status": "enabled"}, nil
}

// redeliver sends an event once more to every endpoint, as the Dashboard's resend button does.
func redeliver(c *call) (any, *apiError) {
	e, ok := c.st.Events.get(c.id())
	if !ok {
		return nil, missing("event", c.id(), "id")
	}
	for _, d := range c.st.Deliveries.rows {
		if d.EventID == e.ID && d.Status == failed {
			d.Status, d.Attempts, d.NextAt = "superseded", 0, time.Time{}
			e.PendingWebhooks--
		}
	}
	c.s.dispatch(e)
	return e, nil
}

func showDeliveries(c *call) (any, *apiError) {
	return page[*delivery]{Object: "list", Data: c.st.Deliveries.newest(func(*delivery) bool { return true }), URL: c.r.URL.Path}, nil
}
