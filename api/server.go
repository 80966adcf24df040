// Package api is the REST face of Durabill.
//
// It owns the wire: paths, JSON shapes, ids, cursors, problems, headers and who may call what. Every request passes
// the same gates in the same order: request id, clean text, authentication and scope, Accept, strict JSON, schema, idempotency
// header; a handler sees only requests that passed all of them. An error leaves as one problem document whose code
// is the contract; text that was not written for the caller never leaves.
//
// It refuses SQL, Stripe writes and business rules: a handler decodes, calls one store method and encodes.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/store"
)

const (
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	answerTimeout  = 25 * time.Second // under writeTimeout, so that a problem can still be written
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 32 << 10
)

// Deps is everything the API needs from the rest of the process.
type Deps struct {
	Store *store.Store
	// Keys issues and revokes service keys.
	Keys *store.KeyRing
	// Authenticate opens a key for a realm, named by its code or its rlm_ id. It returns a fault of kind
	// Unauthenticated or Forbidden when it refuses, and takes as long for an unknown key as for a wrong secret.
	Authenticate func(ctx context.Context, keyID uuid.UUID, secret, realm string) (Principal, error)
	// CursorKey seals pagination cursors; all processes of one installation share it.
	CursorKey []byte
	// LeaseSecret derives the tokens of leases; all processes of one installation share it, and it never changes while leases live.
	LeaseSecret []byte
	// OpenCheckout asks the payment provider for a hosted page. Without one nothing can be bought.
	OpenCheckout func(context.Context, gateway.CheckoutParams) (gateway.CheckoutSession, error)
	Ready        []Check
	// Stopping is closed when the process is told to stop: who waits for work to end is answered then.
	Stopping <-chan struct{}
	// Timeout bounds a request's work: whatever it waits for then, the caller is told that the outcome is unknown.
	Timeout time.Duration
	// Trace gives each request a span; nil when nothing is traced.
	Trace   gin.HandlerFunc
	Log     *slog.Logger
	Metrics *prometheus.Registry
	Version string
}

// NewServer wraps handler with the bounds that keep a slow or hostile peer from holding a connection.
func NewServer(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
	}
}
