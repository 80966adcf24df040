package stripefake

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	apiVersion = "2023-10-16"
	maxBody    = 1 << 20
)

// handler answers one route under the server's lock. What it returns is rendered before the lock is given back.
type handler func(c *call) (any, *apiError)

// answer is a finished response: what the idempotency layer remembers and replays.
type answer struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// api wraps a handler in what every call to Stripe goes through: authentication, form, idempotency, faults.
func (s *Server) api(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, refused := admit(r)
		if refused != nil {
			write(w, refused.answer(), nil)
			return
		}
		s.mu.Lock()
		claim, replay, refused := s.claim(r, form)
		fault := s.fault
		s.mu.Unlock()
		switch {
		case refused != nil:
			write(w, refused.answer(), nil)
			return
		case replay != nil:
			write(w, *replay, http.Header{"Idempotent-Replayed": {"true"}})
			return
		}
		f := NoFault
		if fault != nil {
			f = fault(r) // may block: the key stays in use meanwhile
		}
		s.serve(w, r, &call{s: s, r: r, form: form, used: map[string]bool{}, fault: f}, claim, h)
	}
}

// serve runs the handler and its fault. The claim is released on every way out.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, c *call, claim claim, h handler) {
	if a, stop := c.fault.before(); stop {
		kept := a
		if c.fault != ErrorStored {
			kept = nil
		}
		s.mu.Lock()
		s.release(claim, kept)
		s.mu.Unlock()
		if a == nil {
			panic(http.ErrAbortHandler)
		}
		write(w, *a, nil)
		return
	}
	a, requestID := s.run(c, claim, h)
	switch c.fault {
	case TimeoutAfterSuccess:
		s.hold(r)
	case SlowBody:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body[:len(a.Body)/2])
		_ = http.NewResponseController(w).Flush()
		s.hold(r)
	case TruncatedJSON:
		a.Body = a.Body[:len(a.Body)/2]
	case ResetAfterSuccess:
		panic(http.ErrAbortHandler)
	default: // the others are done by now
	}
	write(w, a, http.Header{"Request-Id": {requestID}, "Idempotency-Key": {claim.key}})
}

// hold keeps the client waiting until it gives up.
func (s *Server) hold(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

// run is the part of a call that happens at once: effect, events, remembered answer and state file.
func (s *Server) run(c *call, claim claim, h handler) (answer, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.st, c.now, c.key = s.st, s.opts.Clock().UTC(), claim.key
	c.requestID = s.st.next("req")
	var a answer
	out, refused := h(c)
	if refused == nil {
		a, refused = c.render(out)
	}
	if refused != nil {
		a = refused.answer()
	}
	if c.fault == ErrorAfterSuccess {
		a, refused = internalError().answer(), nil
	}
	if refused != nil && !refused.remembered() {
		s.release(claim, nil)
	} else {
		s.release(claim, &a)
	}
	if c.r.Method != http.MethodGet {
		s.save()
	}
	s.kick()
	return a, c.requestID
}

// admit checks what Stripe checks before it looks at the request's meaning.
func admit(r *http.Request) (url.Values, *apiError) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || key == "" {
		return nil, &apiError{status: http.StatusUnauthorized, Type: invalidRequest,
			Message: "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth."}
	}
	if !strings.HasPrefix(key, "sk_test_") {
		return nil, &apiError{status: http.StatusUnauthorized, Type: invalidRequest, Message: "Invalid API Key provided."}
	}
	if v := r.Header.Get("Stripe-Version"); v != "" && v != apiVersion {
		return nil, invalid("", "", "This fake speaks version %s only, not %s.", apiVersion, v)
	}
	if r.Method == http.MethodGet {
		return r.URL.Query(), nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return nil, invalid("", "", "The request body could not be read.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("", "", "The request body is not form-encoded.")
	}
	return form, nil
}

func write(w http.ResponseWriter, a answer, header http.Header) {
	h := w.Header()
	for k, v := range header {
		if len(v) > 0 && v[0] != "" {
			h[k] = v
		}
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	h.Set("Stripe-Version", apiVersion)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}
