package models

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Arrival is an event as the provider tells of it, in a delivery or in its list of events.
type Arrival struct {
	ID           string
	Type         string
	ObjectID     string
	ObjectType   string
	APIVersion   string
	OtherVersion bool   // its copy of the object is not written in the version that we read
	Account      string // the connected account; empty for our own
	Livemode     bool
	CreatedAt    time.Time
	Payload      []byte
}

// Receive makes of an arrival the row of the inbox, with what is known of it already: an event that is not for this endpoint is
// ignored, whichever way it came.
func (e StripeEndpoint) Receive(a Arrival) InboxEvent {
	row := InboxEvent{ID: a.ID, EndpointID: e.ID, Type: a.Type, ObjectID: a.ObjectID, ObjectType: a.ObjectType, APIVersion: a.APIVersion,
		Payload: json.RawMessage(bytes.ToValidUTF8(a.Payload, []byte("\uFFFD"))), Status: InboxReceived, Times: Times{EffectiveAt: a.CreatedAt}}
	switch {
	case a.Livemode != e.Livemode:
		row.Status, row.Reason = InboxIgnored, "livemode is the other one"
	case a.Account != "":
		row.Status, row.Reason = InboxIgnored, "of a connected account"
	case a.OtherVersion:
		row.Reason = "version_mismatch" // its object is fetched anew in ours before anything is believed
	}
	return row
}

// EndpointFor gives the endpoint of a realm at which an event of this mode belongs. Where there is none, the first refuses it.
func EndpointFor(endpoints []StripeEndpoint, livemode bool) StripeEndpoint {
	i := slices.IndexFunc(endpoints, func(e StripeEndpoint) bool { return e.Livemode == livemode })
	return endpoints[max(0, i)]
}
