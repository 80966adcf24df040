// Package relay carries the outbox to Temporal: what a transaction of the store has decided is sent once it is committed. It
// keeps no state of its own, publishing twice does no harm, since a start is idempotent by its id and a signal carries
// nothing, and it refuses to decide what is sent.
package relay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/propagation"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// Relay publishes messages. Several may run: each claims what it publishes.
type Relay struct {
	Store     *store.Store
	Temporal  client.Client
	TaskQueue string
	Log       *slog.Logger
}

const (
	relayBatch = 50
	relayShort = 10 * time.Millisecond
	relayLong  = 200 * time.Millisecond
	retryFirst = time.Second
	retryLast  = time.Minute
	sendFor    = 5 * time.Second
	// giveBackFor bounds what stopping costs when the database is away; the claims run out by themselves then.
	giveBackFor = time.Second
)

// Run publishes what is due until ctx ends. It is what guarantees that every message arrives.
func (r Relay) Run(ctx context.Context) {
	pause := relayShort
	for {
		due, err := r.Store.ClaimOutbox(ctx, relayBatch)
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "outbox not read", "error", err)
		}
		for i, d := range due {
			if ctx.Err() != nil {
				r.giveBack(ctx, due[i:])
				break
			}
			r.publish(context.WithoutCancel(ctx), d)
		}
		if pause = min(pause*2, relayLong); len(due) > 0 {
			pause = relayShort
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// giveBack lets others send at once what this relay has claimed and will not send any more.
func (r Relay) giveBack(ctx context.Context, due []store.Due) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackFor)
	defer cancel()
	if err := r.Store.UnclaimOutbox(ctx, due); err != nil {
		r.Log.WarnContext(ctx, "claimed messages not given back", "messages", len(due), "error", err)
	}
}

// publish sends a claimed message. It is not cut short by the end of the process: a send takes milliseconds, or its own timeout.
func (r Relay) publish(ctx context.Context, d store.Due) {
	call := store.Call{Realm: d.RealmID, Actor: "relay"}
	m, err := r.Store.FindOutbox(ctx, call, d.ID)
	if err != nil {
		r.putBack(ctx, models.Outbox{Row: models.Row{RealmID: d.RealmID, ID: d.ID}}, d.Attempts, err)
		return
	}
	r.deliver(ctx, m, d.Attempts)
}

// deliver sends a message, unless it is known to be sent, and marks it.
func (r Relay) deliver(ctx context.Context, m models.Outbox, attempts int) {
	bounded, cancel := context.WithTimeout(within(ctx, m), sendFor)
	defer cancel()
	call := store.Call{Realm: m.RealmID, Actor: "relay"}
	var err error
	if m.PublishedAt == nil {
		fault.Point(fault.PointUnsent)
		if err = r.send(bounded, call, m); err == nil {
			fault.Point(fault.PointUnmarked)
		}
	}
	if err == nil {
		err = r.Store.MarkPublished(bounded, call, m.ID)
	}
	if err != nil {
		r.putBack(within(ctx, m), m, attempts, err)
	}
}

// putBack notes why a message did not get through and when it is tried again.
func (r Relay) putBack(ctx context.Context, m models.Outbox, attempts int, cause error) {
	ctx, cancel := context.WithTimeout(ctx, giveBackFor)
	defer cancel()
	r.Log.ErrorContext(ctx, "message not published", "realm", keys.Encode(keys.Realm, m.RealmID), "outbox_id", m.ID,
		"workflow_id", m.WorkflowID, "attempt", attempts, "error", cause)
	wait := min(retryFirst<<min(attempts, 6), retryLast)
	if err := r.Store.MarkUnpublished(ctx, store.Call{Realm: m.RealmID, Actor: "relay"}, m.ID, cause, wait); err != nil {
		r.Log.ErrorContext(ctx, "message not put back", "outbox_id", m.ID, "error", err)
	}
}

func (r Relay) send(ctx context.Context, call store.Call, m models.Outbox) error {
	if m.Kind == models.OutboxSignal {
		err := r.Temporal.SignalWorkflow(ctx, m.WorkflowID, "", keys.PokeSignal, nil)
		var gone *serviceerror.NotFound
		if errors.As(err, &gone) {
			// It has ended, or Temporal has lost it.
			return r.Store.WorkflowGone(ctx, call, m.WorkflowID)
		}
		return err
	}
	account := ""
	if m.BillingAccountID != nil {
		account = keys.Encode(keys.BillingAccount, *m.BillingAccountID)
	}
	// With a poke, because the workflow may be running and about to end: the signal makes it look once more.
	_, err := r.Temporal.SignalWithStartWorkflow(ctx, m.WorkflowID, keys.PokeSignal, nil, client.StartWorkflowOptions{
		ID: m.WorkflowID, TaskQueue: r.TaskQueue, StaticSummary: m.Summary,
		// The database decides what happens once; Temporal forgets closed ids after its retention.
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes: Attributes(keys.Encode(keys.Realm, m.RealmID), account, m.Status),
	}, m.WorkflowType, m.Payload)
	return err
}

// within takes up the trace in which the message was decided.
func within(ctx context.Context, m models.Outbox) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": m.Traceparent})
}

var (
	realmAttribute   = temporal.NewSearchAttributeKeyKeyword("RealmId")
	accountAttribute = temporal.NewSearchAttributeKeyKeyword("BillingAccountId")
	statusAttribute  = temporal.NewSearchAttributeKeyKeyword("BillingStatus")
)

// Attributes are what Temporal can be searched by; an empty value is left out.
func Attributes(realm, account, status string) temporal.SearchAttributes {
	var set []temporal.SearchAttributeUpdate
	for _, a := range []struct {
		key   temporal.SearchAttributeKeyKeyword
		value string
	}{{realmAttribute, realm}, {accountAttribute, account}, {statusAttribute, status}} {
		if a.value != "" {
			set = append(set, a.key.ValueSet(a.value))
		}
	}
	return temporal.NewSearchAttributes(set...)
}
