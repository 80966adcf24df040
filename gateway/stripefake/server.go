package stripefake

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options make a Server; the zero value is a fake without endpoints that forgets everything at its end.
type Options struct {
	WebhookURL    string // an endpoint to begin with; more by SetEndpoint
	WebhookSecret string
	Clock         func() time.Time // stamps objects and ages idempotency keys; signatures always carry the real time
	StateFile     string           // JSON file that keeps the state over restarts
	Fault         func(*http.Request) Fault
	RetryBase     time.Duration // first pause before a repeated delivery, doubled each time up to 5 s; default 100 ms
	MaxAttempts   int           // of one delivery; default 15, which is about 50 s
}

// Server is one fake Stripe account.
type Server struct {
	opts   Options
	mux    *http.ServeMux
	client *http.Client // delivers webhooks
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{}
	loops  sync.WaitGroup

	mu         sync.Mutex // guards everything below
	st         *state
	running    map[string]bool // idempotency keys in flight
	fault      func(*http.Request) Fault
	drop       func(eventType string) bool
	delivering bool
	rest       chan struct{} // closed when the delivery loop ends
	saveErr    error
}

// New makes a fake, with the state of its file if there is one.
func New(opts Options) (*Server, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.RetryBase <= 0 {
		opts.RetryBase = 100 * time.Millisecond
	}
	if opts.MaxAttempts <= 0 {
		opts.MaxAttempts = 15
	}
	st, err := load(opts.StateFile)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{opts: opts, st: st, client: newDeliveryClient(), ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1),
		running: map[string]bool{}, fault: opts.Fault}
	if opts.WebhookURL != "" {
		st.Endpoints[opts.WebhookURL] = opts.WebhookSecret
	}
	s.mux = s.routes()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kick()
	return s, nil
}

// ServeHTTP answers Stripe's API and the control routes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Start listens on addr (use 127.0.0.1:0 for any port) and serves until stop is called; stop also closes the Server.
func (s *Server) Start(addr string) (url string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(s.ctx, "tcp", addr)
	if err != nil {
		return "", nil, err
	}
	hs := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.loops.Go(func() { _ = hs.Serve(l) })
	return "http://" + l.Addr().String(), func() {
		s.end() // first, so that a request held open by a fault lets go
		ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		if hs.Shutdown(ctx) != nil {
			_ = hs.Close()
		}
		_ = s.Close()
	}, nil
}

// Close stops the deliveries, which a state file carries over to the next run, and reports whether all states were kept.
func (s *Server) Close() error {
	s.end()
	s.loops.Wait()
	s.client.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saveErr
}

// end keeps new delivery loops from starting; the lock orders it with kick.
func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel()
}

// SetEndpoint registers a webhook endpoint, or changes the secret of one. It gets the events from now on.
func (s *Server) SetEndpoint(url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Endpoints[url] = secret
	s.save()
}

// RemoveEndpoint forgets an endpoint; what is on its way there is given up.
func (s *Server) RemoveEndpoint(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.st.Endpoints, url)
	s.save()
}

// SetFault changes what goes wrong from the next request on; nil ends it.
func (s *Server) SetFault(f func(*http.Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// SetDrop loses deliveries from the next event on: none of an event whose type drop says yes to is tried, and the event stays
// undelivered in the list of events until it is delivered by hand. Nil ends it.
func (s *Server) SetDrop(drop func(eventType string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop = drop
}

// Drain waits until no delivery is pending: each was answered with 2xx or given up.
func (s *Server) Drain(ctx context.Context) error {
	for {
		s.mu.Lock()
		if !s.delivering {
			s.mu.Unlock()
			return nil
		}
		rest := s.rest
		s.mu.Unlock()
		select {
		case <-rest:
			if s.ctx.Err() != nil {
				return errors.New("stripefake: closed before its deliveries came to rest")
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
