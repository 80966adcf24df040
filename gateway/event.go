package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// Event is a hint that a Stripe object changed. Object is its state when the event was made, in the event's own API
// version: fetch the object anew before acting on it.
type Event struct {
	ID                 string
	Type               string
	APIVersion         string
	VersionMismatch    bool // Object is written in another version than ours and would decode into silent zeros
	Livemode           bool
	Account            string // the connected account; empty for our own
	Created            time.Time
	ObjectID           string
	ObjectType         string
	Object             json.RawMessage
	PreviousAttributes json.RawMessage // only in updates
	Raw                []byte          // the event as it came
}

// GetEvent fetches an event; Stripe keeps them for 30 days.
func (s *Stripe) GetEvent(ctx context.Context, id string) (Event, error) {
	if err := needID(id); err != nil {
		return Event{}, err
	}
	e, err := s.events.Get(id, &stripe.EventParams{Params: read(ctx)})
	if err != nil {
		return Event{}, readFailed("get event", err)
	}
	out, err := parseEvent(e.LastResponse.RawJSON)
	if err != nil {
		return Event{}, readFailed("get event", err)
	}
	return out, nil
}

// EventPage is a part of the provider's list of events, the newest first.
type EventPage struct {
	Events []Event
	Next   string // where the next page begins; empty on the last one
}

// ListEvents gives the events of some types (20 at most) that were made at an instant or later, from the one after the event
// that is named. Stripe keeps them for 30 days. What is in the list and is no event is left out, as a delivery of it would be
// refused.
func (s *Stripe) ListEvents(ctx context.Context, types []string, since time.Time, after string) (EventPage, error) {
	p := &stripe.EventListParams{ListParams: listing(ctx), Types: stripe.StringSlice(types)}
	if !since.IsZero() {
		p.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: max(0, since.Unix())}
	}
	p.StartingAfter, p.Single = optional(after), true
	list := s.events.List(p)
	if err := list.Err(); err != nil {
		return EventPage{}, readFailed("list events", err)
	}
	answer := list.EventList()
	var raw struct{ Data []json.RawMessage }
	if err := json.Unmarshal(answer.LastResponse.RawJSON, &raw); err != nil {
		return EventPage{}, readFailed("list events", err)
	}
	var page EventPage
	for _, r := range raw.Data {
		if e, err := parseEvent(r); err == nil {
			page.Events = append(page.Events, e)
		}
	}
	if n := len(answer.Data); answer.HasMore && n > 0 {
		page.Next = answer.Data[n-1].ID
	}
	return page, nil
}

var (
	errNotAnEvent = errors.New("the body is not an event")
	errNoData     = errors.New("the event has no data.object")
)

const (
	maxName    = 255
	lastSecond = 253402300799 // of the year 9999
)

// isName recognises what Stripe's ids and types look like. Anything else could not be kept as a key, and would come back for days.
func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for _, c := range s {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

func parseEvent(raw []byte) (Event, error) {
	var e struct {
		ID         string `json:"id"`
		Object     string `json:"object"`
		Type       string `json:"type"`
		APIVersion string `json:"api_version"`
		Livemode   bool   `json:"livemode"`
		Account    string `json:"account"`
		Created    int64  `json:"created"`
		Data       *struct {
			Object             json.RawMessage `json:"object"`
			PreviousAttributes json.RawMessage `json:"previous_attributes"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &e); err != nil || !isName(e.ID) || !isName(e.Type) || e.Created < 0 || e.Created > lastSecond {
		return Event{}, errNotAnEvent
	}
	if e.Data == nil {
		return Event{}, errNoData
	}
	var object struct {
		ID     string `json:"id"`
		Object string `json:"object"`
	}
	if len(e.Data.Object) == 0 || string(e.Data.Object) == "null" || json.Unmarshal(e.Data.Object, &object) != nil {
		return Event{}, errNoData
	}
	if !isName(e.APIVersion + e.Account + object.ID + object.Object + "_") { // each may be empty
		return Event{}, errNotAnEvent
	}
	return Event{ID: e.ID, Type: e.Type, APIVersion: e.APIVersion, VersionMismatch: e.APIVersion != APIVersion,
		Livemode: e.Livemode, Account: e.Account, Created: at(e.Created), ObjectID: object.ID, ObjectType: object.Object,
		Object: e.Data.Object, PreviousAttributes: e.Data.PreviousAttributes, Raw: raw}, nil
}
