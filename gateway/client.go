package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/charge"
	"github.com/stripe/stripe-go/v76/checkout/session"
	"github.com/stripe/stripe-go/v76/customer"
	"github.com/stripe/stripe-go/v76/event"
	"github.com/stripe/stripe-go/v76/invoice"
	"github.com/stripe/stripe-go/v76/invoiceitem"

	"github.com/durabill/durabill/fault"
)

// APIVersion is the version this package's types are written for; requests are pinned to it.
const APIVersion = "2023-10-16"

// defaultTimeout is a quarter of the SDK's: an activity must learn of a lost call well before its own deadline.
const defaultTimeout = 20 * time.Second

// Config says which Stripe account to talk to, and how long to wait for it.
type Config struct {
	APIKey            string
	BaseURL           string        // empty is Stripe itself; a fake gives http://127.0.0.1:port
	Timeout           time.Duration // one HTTP exchange; zero is 20 s
	MaxNetworkRetries int64         // zero in workers: the activity's retry policy decides there
}

// Stripe talks to one Stripe account. It is safe for concurrent use.
type Stripe struct {
	http      *http.Client
	customers customer.Client
	invoices  invoice.Client
	items     invoiceitem.Client
	sessions  session.Client
	charges   charge.Client
	events    event.Client
}

// New makes a client for one account.
func New(cfg Config) (*Stripe, error) {
	if strings.TrimSpace(cfg.APIKey) == "" {
		return nil, fault.New(fault.Invalid, "provider_not_configured", "The Stripe API key is empty.")
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	// The default transport is cloned so that closing this client leaves other users' connections alone.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	hc := &http.Client{Timeout: cfg.Timeout, Transport: transport}
	backend := &stripe.BackendConfig{
		EnableTelemetry:   stripe.Bool(false),
		HTTPClient:        hc,
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull}, // bodies may hold personal data
		MaxNetworkRetries: stripe.Int64(cfg.MaxNetworkRetries),
	}
	if cfg.BaseURL != "" {
		u, err := url.Parse(cfg.BaseURL)
		if err != nil || u.Host == "" {
			return nil, fault.New(fault.Invalid, "provider_not_configured", "The Stripe base URL is not a URL.")
		}
		backend.URL = stripe.String(strings.TrimSuffix(cfg.BaseURL, "/"))
	}
	b := stripe.GetBackendWithConfig(stripe.APIBackend, backend)
	return &Stripe{
		http:      hc,
		customers: customer.Client{B: b, Key: cfg.APIKey},
		invoices:  invoice.Client{B: b, Key: cfg.APIKey},
		items:     invoiceitem.Client{B: b, Key: cfg.APIKey},
		sessions:  session.Client{B: b, Key: cfg.APIKey},
		charges:   charge.Client{B: b, Key: cfg.APIKey},
		events:    event.Client{B: b, Key: cfg.APIKey},
	}, nil
}

// Close gives the idle connections back.
func (s *Stripe) Close() { s.http.CloseIdleConnections() }
