package stripefake

import (
	"encoding/json"
	"slices"
	"time"
)

type event struct {
	ID              string    `json:"id"`
	Object          string    `json:"object"`
	APIVersion      string    `json:"api_version"`
	Created         int64     `json:"created"`
	Data            eventData `json:"data"`
	Livemode        bool      `json:"livemode"`
	PendingWebhooks int64     `json:"pending_webhooks"`
	Request         request   `json:"request"`
	Type            string    `json:"type"`
}

type eventData struct {
	Object json.RawMessage `json:"object"`
}

type request struct {
	ID             *string `json:"id"`
	IdempotencyKey *string `json:"idempotency_key"`
}

func (o *event) key() string { return o.ID }

// emit stores an event with the object's state of this moment and sends it on its way to every endpoint.
func (c *call) emit(kind string, object any) {
	raw, err := json.Marshal(object)
	if err != nil {
		panic(err) // our own objects always marshal
	}
	e := c.st.Events.add(&event{ID: c.st.next("evt"), Object: "event", APIVersion: apiVersion, Created: c.now.Unix(),
		Data: eventData{Object: raw}, Request: request{ID: &c.requestID}, Type: kind})
	if c.key != "" {
		e.Request.IdempotencyKey = &c.key
	}
	if c.s.drop != nil && c.s.drop(kind) {
		c.s.lose(e)
		return
	}
	c.s.dispatch(e)
}

func getEvent(c *call) (any, *apiError) {
	o, ok := c.st.Events.get(c.id())
	if !ok {
		return nil, missing("event", c.id(), "id")
	}
	return o, c.done()
}

// eventLife is how far back the list of events reaches.
const eventLife = 30 * 24 * time.Hour

func listEvents(c *call) (any, *apiError) {
	cur, kind, kinds := c.cursor(), c.opt("type"), c.list("types")
	from, after := c.int("created[gte]"), c.int("created[gt]")
	filtered, delivered := c.has("delivery_success"), c.bool("delivery_success")
	oldest := c.now.Add(-eventLife).Unix()
	if len(kinds) > 20 {
		c.fail(invalid("", "types", "At most 20 types may be given."))
	}
	return paged(c, c.st.Events.newest(func(o *event) bool {
		return matches(kind, &o.Type) && (len(kinds) == 0 || slices.Contains(kinds, o.Type)) &&
			o.Created >= max(from, oldest) && (after == 0 || o.Created > after) &&
			(!filtered || delivered == (o.PendingWebhooks == 0))
	}), cur)
}
