package worker

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// relay carries the outbox to Temporal. Several may run: each claims what it publishes, and publishing twice does no harm,
// since a start is idempotent by its id and a signal carries nothing.
type relay struct {
	cfg Config
}

const (
	relayBatch = 50
	relayShort = 10 * time.Millisecond
	relayLong  = 200 * time.Millisecond
	retryFirst = time.Second
	retryLast  = time.Minute
)

func (r relay) run(ctx context.Context) {
	pause := relayShort
	for {
		due, err := r.cfg.Store.ClaimOutbox(ctx, relayBatch)
		if err != nil && ctx.Err() == nil {
			r.cfg.Log.Error("outbox not read", "error", err)
		}
		for _, d := range due {
			r.publish(ctx, d)
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

func (r relay) publish(ctx context.Context, d store.Due) {
	call := store.Call{Realm: d.RealmID, Actor: "relay"}
	m, err := r.cfg.Store.FindOutbox(ctx, call, d.ID)
	if err == nil && m.PublishedAt == nil {
		fault.Point(fault.PointUnsent)
		if err = r.send(ctx, call, m); err == nil {
			fault.Point(fault.PointUnmarked)
		}
	}
	if err == nil {
		err = r.cfg.Store.MarkPublished(ctx, call, d.ID)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	r.cfg.Log.Error("message not published", "outbox_id", d.ID, "workflow_id", m.WorkflowID, "attempt", d.Attempts, "error", err)
	wait := min(retryFirst<<min(d.Attempts, 6), retryLast)
	if err := r.cfg.Store.MarkUnpublished(ctx, call, d.ID, err, wait); err != nil {
		r.cfg.Log.Error("message not put back", "outbox_id", d.ID, "error", err)
	}
}

func (r relay) send(ctx context.Context, call store.Call, m models.Outbox) error {
	if m.Kind == models.OutboxSignal {
		err := r.cfg.Temporal.SignalWorkflow(ctx, m.WorkflowID, "", keys.PokeSignal, nil)
		var gone *serviceerror.NotFound
		if errors.As(err, &gone) {
			// It has ended: there is nothing left that could be waiting.
			return r.cfg.Store.EndWait(ctx, call, m.WorkflowID)
		}
		return err
	}
	account := ""
	if m.BillingAccountID != nil {
		account = keys.Encode(keys.BillingAccount, *m.BillingAccountID)
	}
	// With a poke, because the workflow may be running and about to end: the signal makes it look once more.
	_, err := r.cfg.Temporal.SignalWithStartWorkflow(ctx, m.WorkflowID, keys.PokeSignal, nil, client.StartWorkflowOptions{
		ID: m.WorkflowID, TaskQueue: r.cfg.TaskQueue, StaticSummary: m.Summary,
		// The database decides what happens once; Temporal forgets closed ids after its retention.
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes: attributes(keys.Encode(keys.Realm, m.RealmID), account, m.Status),
	}, m.WorkflowType, m.Payload)
	return err
}

var (
	realmAttribute   = temporal.NewSearchAttributeKeyKeyword("RealmId")
	accountAttribute = temporal.NewSearchAttributeKeyKeyword("BillingAccountId")
	statusAttribute  = temporal.NewSearchAttributeKeyKeyword("BillingStatus")
)

// attributes are what Temporal can be searched by; an empty value is left out.
func attributes(realm, account, status string) temporal.SearchAttributes {
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
