package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// webhook is where Stripe's events arrive. It keeps them; a workflow acts on them.
type webhook struct {
	base
	refused *prometheus.CounterVec
}

func newWebhook(b base, registry *prometheus.Registry) webhook {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "durabill_stripe_deliveries_refused_total",
		Help: "Deliveries of which nothing was kept, by reason."}, []string{"reason"})
	registry.MustRegister(refused)
	return webhook{base: b, refused: refused}
}

type stripeDelivery struct {
	EndpointID string `path:"endpoint_id"`
	Signature  string `header:"Stripe-Signature" maxLength:"4096"`
	RawBody    []byte
}

type received struct {
	Status string `json:"status" enum:"received,done,ignored,dead"`
}

func (r webhook) register(a huma.API) {
	post(a, op{ID: "receiveStripeEvent", Path: "/webhooks/stripe/{endpoint_id}", Summary: "Stripe's events arrive here",
		Description: "Verified by their signature and kept once each; 200 only after that. A workflow fetches the object anew and acts on it.",
		Tag:         "Webhooks", Public: true, OwnKey: true, Raw: true, Workflow: "stripe-event/{realm}/{evt}", Unread: r.unread}, r.receive)
}

// unread counts a delivery whose body never reached the receiver. One that is too large is refused like every other that cannot
// be believed: with 400.
func (r webhook) unread(ctx context.Context, cause error) error {
	if fault.Is(cause, "body_too_large") {
		r.refuse(ctx, "too_large")
		return fault.New(fault.Invalid, "delivery_too_large", "The delivery is larger than one mebibyte.").Because(cause)
	}
	r.refuse(ctx, fault.Of(cause).Code)
	return cause
}

func (r webhook) refuse(ctx context.Context, reason string) {
	r.refused.WithLabelValues(reason).Inc()
	logger(ctx).LogAttrs(ctx, slog.LevelWarn, "delivery refused", slog.String("reason", reason))
}

func (r webhook) receive(ctx context.Context, in *stripeDelivery) (*One[received], error) {
	id, err := keys.Decode(keys.WebhookEndpoint, in.EndpointID)
	if err != nil {
		r.refuse(ctx, "unknown_endpoint")
		return nil, fault.New(fault.NotFound, "not_found", "There is no such endpoint.")
	}
	endpoint, err := r.store.FindStripeEndpoint(ctx, id)
	if fault.Is(err, "not_found") {
		r.refuse(ctx, "unknown_endpoint")
		return nil, err
	}
	if err != nil {
		return nil, tryAgain(err)
	}
	now := time.Now()
	e, err := gateway.VerifyEvent(in.RawBody, in.Signature, endpoint.Accepted(now), now)
	if err != nil {
		r.refuse(ctx, string(gateway.ReasonOf(err)))
		return nil, err
	}
	row := endpoint.Receive(models.Arrival{ID: e.ID, Type: e.Type, ObjectID: e.ObjectID, ObjectType: e.ObjectType, APIVersion: e.APIVersion,
		OtherVersion: e.VersionMismatch, Account: e.Account, Livemode: e.Livemode, CreatedAt: e.Created, Payload: e.Raw})
	row, err = r.store.ReceiveEvent(ctx, store.Call{Realm: endpoint.RealmID, Actor: "stripe", RequestID: requestOf(ctx).id}, row)
	if err != nil {
		return nil, tryAgain(err)
	}
	level := slog.LevelInfo
	if e.VersionMismatch {
		level = slog.LevelWarn // somebody made an endpoint without our version; its objects would decode into silent zeros
	}
	logger(ctx).LogAttrs(ctx, level, "stripe event", slog.String("event", e.ID), slog.String("type", e.Type), slog.String("api_version", e.APIVersion),
		slog.String("decision", string(row.Status)), slog.String("reason", row.Reason), slog.Bool("replayed", row.Deliveries > 1))
	return &One[received]{Body: received{Status: string(row.Status)}}, nil
}

// tryAgain makes Stripe deliver once more: what is wrong is ours.
func tryAgain(err error) error {
	return fault.New(fault.Unavailable, "unavailable", "The event could not be kept; deliver it again.").Because(err)
}

type stripeEvents struct{ base }

type stripeEvent struct {
	ID               string   `json:"id" example:"evt_1OqYbR2eZvKYlo2C"`
	Type             string   `json:"type" example:"invoice.paid"`
	ObjectID         string   `json:"object_id"`
	ObjectType       string   `json:"object_type"`
	APIVersion       string   `json:"api_version"`
	Status           string   `json:"status" enum:"received,done,ignored,dead"`
	Reason           *string  `json:"reason" nullable:"true"`
	Deliveries       int      `json:"deliveries"`
	BillingAccountID *string  `json:"billing_account_id" nullable:"true"`
	EffectiveAt      Instant  `json:"effective_at" doc:"When Stripe made it."`
	RecordedAt       Instant  `json:"recorded_at"`
	FinishedAt       *Instant `json:"finished_at" nullable:"true"`
}

type listStripeEventsIn struct {
	PageQuery
	Status string `query:"status" enum:"received,done,ignored,dead"`
	Type   string `query:"type" maxLength:"100"`
}

func (r stripeEvents) register(a huma.API) {
	const tag, path = "Webhooks", "/mgt/v1/stripe-events"
	get(a, op{ID: "listStripeEvents", Path: path, Summary: "Stripe's events, the last recorded first", Tag: tag, Scope: "webhooks:read"}, r.list)
	get(a, op{ID: "getStripeEvent", Path: path + "/{id}", Summary: "One Stripe event", Tag: tag, Scope: "webhooks:read"}, r.one)
	post(a, op{ID: "replayStripeEvent", Path: path + "/{id}/replay", Summary: "Let a dead event try again", Tag: tag, Scope: "webhooks:write",
		OwnKey: true, Workflow: "stripe-event/{realm}/{evt}"}, r.replay)
}

func (r stripeEvents) list(ctx context.Context, in *listStripeEventsIn) (*List[stripeEvent], error) {
	w, err := r.cursors.window(ctx, in.PageQuery)
	if err != nil {
		return nil, err
	}
	after := ""
	if w.After != nil {
		after = w.After.Sort
	}
	rows, _, err := r.store.ListEvents(ctx, callOf(ctx), w.Limit, after, store.EventFilter{Status: models.InboxStatus(in.Status), Type: in.Type})
	if err != nil {
		return nil, err
	}
	return page(ctx, w, rows, showEvent, func(e models.InboxEvent) Position { return Position{Sort: e.ID} })
}

func (r stripeEvents) one(ctx context.Context, in *idPath) (*One[stripeEvent], error) {
	row, err := r.store.FindEvent(ctx, callOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &One[stripeEvent]{Body: showEvent(row)}, nil
}

func (r stripeEvents) replay(ctx context.Context, in *idPath) (*One[stripeEvent], error) {
	row, err := r.store.ReplayEvent(ctx, callOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &One[stripeEvent]{Body: showEvent(row)}, nil
}

func showEvent(e models.InboxEvent) stripeEvent {
	return stripeEvent{ID: e.ID, Type: e.Type, ObjectID: e.ObjectID, ObjectType: e.ObjectType, APIVersion: e.APIVersion, Status: string(e.Status),
		Reason: maybeText(e.Reason), Deliveries: e.Deliveries, BillingAccountID: maybeID(keys.BillingAccount, e.BillingAccountID),
		EffectiveAt: instant(e.EffectiveAt), RecordedAt: instant(e.RecordedAt), FinishedAt: maybe(e.FinishedAt)}
}
