package activities

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/models"
)

// sweepOverlap is how far behind the newest event that it saw a sweep begins, since an event may be listed later than its stamp says.
const sweepOverlap = time.Hour

// Swept counts what a sweep of the provider's events found.
type Swept struct {
	Listed int // events that the provider tells of
	Lost   int // of which an inbox did not know, so that they were received now
}

// inbox is a realm at which the provider's events arrive.
type inbox struct {
	realm     uuid.UUID
	endpoints []models.StripeEndpoint
	err       error // why the realm has not got them all
}

// SweepStripeEvents receives what the provider's list of events has and an inbox has not, as a delivery would: a webhook that
// was lost costs time and nothing else. Where a sweep ended is kept with the endpoint's row, so that after an outage, or a
// restore, it reaches back as far as needed, up to Stripe's own 30 days. All of this is in real time, since it is about the
// provider's memory. One realm's trouble keeps back that realm alone.
func (a *Activities) SweepStripeEvents(ctx context.Context) (Swept, error) {
	var out Swept
	if a.Stripe == nil {
		return out, nil
	}
	inboxes, since, err := a.inboxes(ctx)
	if err != nil || len(inboxes) == 0 {
		return out, report(err)
	}
	var newest time.Time
	for after, more := "", true; more; more = after != "" {
		page, err := a.Stripe.ListEvents(ctx, slices.Sorted(maps.Keys(applying)), since, after)
		if err != nil {
			return out, report(err)
		}
		out.Listed += len(page.Events)
		for _, e := range page.Events {
			if e.Created.After(newest) {
				newest = e.Created
			}
		}
		for i := range inboxes {
			lost, err := a.receive(ctx, inboxes[i], page.Events)
			out.Lost += lost
			inboxes[i].err = errors.Join(inboxes[i].err, err)
		}
		activity.RecordHeartbeat(ctx, out)
		after = page.Next
	}
	for _, in := range inboxes {
		if in.err == nil && !newest.IsZero() {
			in.err = a.Store.EventsSwept(ctx, a.call(ctx, in.realm), newest)
		}
		err = errors.Join(err, in.err)
	}
	return out, report(err)
}

// inboxes are the realms that have an endpoint, and the instant since which at least one of them may lack events.
func (a *Activities) inboxes(ctx context.Context) ([]inbox, time.Time, error) {
	realms, err := a.Store.Realms(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	var (
		found  []inbox
		oldest []time.Time
	)
	for _, realm := range realms {
		endpoints, err := a.Store.ListStripeEndpoints(ctx, a.call(ctx, realm))
		if err != nil {
			return nil, time.Time{}, err
		}
		if len(endpoints) == 0 {
			continue
		}
		found = append(found, inbox{realm: realm, endpoints: endpoints})
		for _, e := range endpoints {
			if e.SweptTo == nil {
				e.SweptTo = &time.Time{}
			}
			oldest = append(oldest, *e.SweptTo)
		}
	}
	if len(oldest) == 0 {
		return nil, time.Time{}, nil
	}
	since := slices.MinFunc(oldest, time.Time.Compare)
	if since.IsZero() {
		return found, since, nil // all that the provider remembers
	}
	return found, since.Add(-sweepOverlap), nil
}

// receive puts into one realm's inbox what it does not know, and says how much that was.
func (a *Activities) receive(ctx context.Context, in inbox, events []gateway.Event) (int, error) {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	call := a.call(ctx, in.realm)
	unknown, err := a.Store.UnknownEvents(ctx, call, ids)
	if err != nil {
		return 0, err
	}
	lost := 0
	for _, e := range events {
		if !slices.Contains(unknown, e.ID) {
			continue
		}
		row := models.EndpointFor(in.endpoints, e.Livemode).Receive(models.Arrival{ID: e.ID, Type: e.Type, ObjectID: e.ObjectID,
			ObjectType: e.ObjectType, APIVersion: e.APIVersion, OtherVersion: e.VersionMismatch, Account: e.Account, Livemode: e.Livemode,
			CreatedAt: e.Created, Payload: e.Raw})
		if _, received := a.Store.ReceiveEvent(ctx, call, row); received != nil {
			err = errors.Join(err, received) // the others are not to wait for it
			continue
		}
		activity.GetLogger(ctx).Warn("event was missing and is received now", "event", e.ID, "type", e.Type, "realm", in.realm)
		lost++
	}
	return lost, err
}
