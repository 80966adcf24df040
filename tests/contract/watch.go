// Package contract holds the API to its own OpenAPI document.
//
// It owns the comparison of router and document, and the transport through which other tests talk to the API, which
// validates each exchange. It refuses to know any resource: what an endpoint means is tested elsewhere.
package contract

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Watch returns a transport that fails t when an exchange does not follow document. Answers are always checked;
// requests only when they were accepted, since tests send wrong ones on purpose. Paths outside the document (health,
// docs) pass unseen.
func Watch(t testing.TB, document []byte, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	doc, err := Load(document)
	if err != nil {
		t.Fatalf("the OpenAPI document: %v", err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatalf("routes of the OpenAPI document: %v", err)
	}
	if next == nil {
		next = http.DefaultTransport
	}
	return &watcher{t: t, router: router, next: next}
}

// Load reads and validates an OpenAPI 3.1 document.
func Load(document []byte) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(document)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(loader.Context)
}

type watcher struct {
	t      testing.TB
	router routers.Router
	next   http.RoundTripper
}

// RoundTrip sends the request and checks what went and what came.
func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := drain(&req.Body)
	if err != nil {
		return nil, err
	}
	res, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	got, err := drain(&res.Body)
	if err != nil {
		return nil, err
	}
	if err := w.check(req, sent, res, got); err != nil {
		w.t.Errorf("%s %s → %d breaks the contract: %v", req.Method, req.URL.Path, res.StatusCode, err)
	}
	return res, nil
}

func (w *watcher) check(req *http.Request, sent []byte, res *http.Response, got []byte) error {
	seen := req.Clone(req.Context())
	seen.Body = io.NopCloser(bytes.NewReader(sent))
	seen.URL.Scheme, seen.URL.Host = "", "" // the document names no server
	route, params, err := w.router.FindRoute(seen)
	if err != nil {
		return nil //nolint:nilerr // not a path of the document
	}
	in := &openapi3filter.RequestValidationInput{Request: seen, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true,
			IncludeResponseStatus: true}}
	if res.StatusCode < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil {
			return fmt.Errorf("request: %w", err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header,
		Options: in.Options}
	out.SetBodyBytes(got)
	if err := openapi3filter.ValidateResponse(req.Context(), out); err != nil {
		return fmt.Errorf("response: %w", err)
	}
	return nil
}

// drain reads a body and puts an unread copy in its place.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(*body)
	if err != nil {
		return nil, err
	}
	if err := (*body).Close(); err != nil {
		return nil, err
	}
	*body = io.NopCloser(bytes.NewReader(raw))
	return raw, nil
}
