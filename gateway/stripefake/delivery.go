package stripefake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	maxPause        = 5 * time.Second
	deliveryTimeout = 10 * time.Second
)

// delivery is one event on its way to one endpoint.
type delivery struct {
	ID       string    `json:"id"`
	EventID  string    `json:"event"`
	URL      string    `json:"url"`
	Status   string    `json:"status"` // pending, delivered, failed
	Attempts int       `json:"attempts"`
	NextAt   time.Time `json:"next_at"`
	Answer   string    `json:"answer"` // of the last attempt: a status code or an error
}

const (
	pending   = "pending"
	delivered = "delivered"
	failed    = "failed"
)

func (o *delivery) key() string { return o.ID }

func newDeliveryClient() *http.Client {
	return &http.Client{
		Timeout:   deliveryTimeout,
		Transport: http.DefaultTransport.(*http.Transport).Clone(),
		// Stripe counts a redirect as a failure.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dispatch queues an event for every endpoint there is now.
func (s *Server) dispatch(e *event) {
	for _, url := range slices.Sorted(maps.Keys(s.st.Endpoints)) {
		e.PendingWebhooks++
		s.st.Deliveries.add(&delivery{ID: s.st.next("whd"), EventID: e.ID, URL: url, Status: pending, NextAt: time.Now()})
	}
}

// lose has an event's deliveries fail without an attempt.
func (s *Server) lose(e *event) {
	for _, url := range slices.Sorted(maps.Keys(s.st.Endpoints)) {
		e.PendingWebhooks++
		s.st.Deliveries.add(&delivery{ID: s.st.next("whd"), EventID: e.ID, URL: url, Status: failed, Answer: "lost"})
	}
}

// kick makes sure that somebody works on what is pending. The caller holds the lock.
func (s *Server) kick() {
	if s.ctx.Err() != nil || s.due() == nil {
		return
	}
	if s.delivering {
		select {
		case s.wake <- struct{}{}:
		default:
		}
		return
	}
	s.delivering, s.rest = true, make(chan struct{})
	s.loops.Go(s.deliver)
}

// due gives the pending delivery that comes next: the earliest, then the oldest.
func (s *Server) due() *delivery {
	var first *delivery
	for _, d := range s.st.Deliveries.rows {
		if d.Status == pending && (first == nil || d.NextAt.Before(first.NextAt)) {
			first = d
		}
	}
	return first
}

// deliver sends one after the other until nothing is pending, so that an endpoint that always answers 2xx sees the
// events in order; one that fails is asked again later, behind the others.
func (s *Server) deliver() {
	for {
		s.mu.Lock()
		d := s.due()
		if d == nil || s.ctx.Err() != nil {
			s.delivering = false
			close(s.rest)
			s.mu.Unlock()
			return
		}
		wait := time.Until(d.NextAt)
		body, secret, known := s.payload(d)
		s.mu.Unlock()
		if wait > 0 {
			select {
			case <-time.After(wait):
			case <-s.wake:
			case <-s.ctx.Done():
			}
			continue
		}
		answer, ok := "endpoint removed", false
		if known {
			answer, ok = s.post(d.URL, secret, body)
		}
		s.mu.Lock()
		s.record(d, answer, ok, known)
		s.mu.Unlock()
	}
}

// payload gives what to send and how to sign it. The caller holds the lock.
func (s *Server) payload(d *delivery) (body []byte, secret string, known bool) {
	e, ok := s.st.Events.get(d.EventID)
	secret, known = s.st.Endpoints[d.URL]
	if !ok || !known {
		return nil, "", false
	}
	body, err := json.Marshal(e)
	return body, secret, err == nil
}

func (s *Server) post(url, secret string, body []byte) (answer string, ok bool) {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err.Error(), false
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", Sign(body, secret, time.Now()))
	res, err := s.client.Do(req)
	if err != nil {
		return err.Error(), false
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody))
	return strconv.Itoa(res.StatusCode), res.StatusCode >= 200 && res.StatusCode < 300
}

// record notes an attempt and when the next one comes. The caller holds the lock.
func (s *Server) record(d *delivery, answer string, ok, known bool) {
	if s.ctx.Err() != nil {
		return // it was our end, not the endpoint, that broke the attempt off
	}
	d.Attempts++
	d.Answer = answer
	switch {
	case ok:
		d.Status = delivered
		if e, found := s.st.Events.get(d.EventID); found {
			e.PendingWebhooks--
		}
	case !known || d.Attempts >= s.opts.MaxAttempts:
		d.Status = failed
	default:
		d.NextAt = time.Now().Add(s.pause(d.Attempts))
	}
	s.save()
}

func (s *Server) pause(attempts int) time.Duration {
	p := s.opts.RetryBase
	for range attempts - 1 {
		if p *= 2; p >= maxPause {
			return maxPause
		}
	}
	return p
}

// Sign makes the Stripe-Signature header of a body.
func Sign(body []byte, secret string, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
