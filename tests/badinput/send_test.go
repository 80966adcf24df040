package badinput

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long an answer may take. tries lets a machine that is busy with other tests off: a hang hangs each time.
const (
	patience = 2 * time.Second
	tries    = 3
)

// built is a request as it goes on the wire.
type built struct {
	req  *http.Request
	body []byte
}

// build puts a request together; ok is false where no client could send it.
func (s *scene) build(o operation, r request) (built, bool) {
	target := o.Path
	for name, value := range r.path {
		target = strings.ReplaceAll(target, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for name, value := range r.query {
		query.Set(name, value)
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	body := r.raw
	if body == nil && r.body != nil {
		body = encode(r.body)
	}
	req, err := http.NewRequest(o.Method, "http://badinput"+target, bytes.NewReader(body))
	if err != nil {
		return built{}, false
	}
	req.RequestURI = target
	if !o.Public {
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("X-Realm-Id", s.realm)
	}
	if o.Keyed {
		req.Header.Set("Idempotency-Key", s.fresh("k-"))
	}
	if body != nil && !o.Raw {
		req.Header.Set("Content-Type", "application/json")
	}
	if o.Raw {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	for name, value := range r.header {
		if value == absent {
			req.Header.Del(name)
			continue
		}
		req.Header.Set(name, value)
	}
	return built{req: req, body: body}, true
}

// absent as a header's value takes the header away.
const absent = "\x00absent"

// answer is what came back; late says that nothing came in time, however often it was tried.
type answer struct {
	status int
	header http.Header
	body   []byte
	late   bool
}

func (s *scene) send(b built) answer {
	var a answer
	for range tries {
		a = s.sendOnce(b)
		if !a.late && a.status != http.StatusServiceUnavailable && a.status != http.StatusGatewayTimeout {
			break
		}
	}
	return a
}

func (s *scene) sendOnce(b built) answer {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	req := b.req.Clone(ctx)
	req.Body = http.NoBody
	if b.body != nil {
		req.Body, req.ContentLength = nopCloser{bytes.NewReader(b.body)}, int64(len(b.body))
	}
	done := make(chan answer, 1)
	go func() {
		rec := httptest.NewRecorder()
		s.router.ServeHTTP(rec, req)
		done <- answer{status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}
	}()
	select {
	case a := <-done:
		return a
	case <-time.After(2 * patience): // one patience for the request, one for whoever has to notice that it is over
		return answer{late: true}
	}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

func (s *scene) operation(id string) operation {
	s.t.Helper()
	i := slices.IndexFunc(s.doc.operations, func(o operation) bool { return o.ID == id })
	require.GreaterOrEqual(s.t, i, 0, "the document has no operation %s", id)
	return s.doc.operations[i]
}

// must sends a request that has to succeed.
func (s *scene) must(id string, r request) object {
	s.t.Helper()
	o := s.operation(id)
	b, ok := s.build(o, r)
	require.True(s.t, ok, id)
	require.True(s.t, s.doc.fits(b.req, b.body), "the document does not allow the fixture of %s: %s", id, b.body)
	a := s.send(b)
	require.Less(s.t, a.status, 300, "%s: %s", id, a.body)
	require.False(s.t, a.late, id)
	var out object
	require.NoError(s.t, json.Unmarshal(a.body, &out))
	return out
}

func (s *scene) answered(id string) object { s.t.Helper(); return s.must(id, s.fixtures[id](s)) }

// made sends a fixture and gives the id of what it made.
func (s *scene) made(id string) string {
	s.t.Helper()
	out := s.answered(id)
	if op, ok := out["operation"].(object); ok {
		out = op
	}
	return out["id"].(string)
}

func (s *scene) move(id string, r request) string { s.t.Helper(); return s.must(id, r)["id"].(string) }

// once is made, but remembered.
func (s *scene) once(id string) string {
	s.t.Helper()
	if s.ids[id] == "" {
		s.ids[id] = s.made(id)
	}
	return s.ids[id]
}

// raw is JSON that no Go value stands for.
type raw string

// encode writes JSON, whatever raw says.
func encode(v any) []byte {
	var out bytes.Buffer
	write(&out, v)
	return out.Bytes()
}

func write(out *bytes.Buffer, v any) {
	switch t := v.(type) {
	case raw:
		out.WriteString(string(t))
	case object:
		out.WriteByte('{')
		for i, key := range slices.Sorted(maps.Keys(t)) {
			if i > 0 {
				out.WriteByte(',')
			}
			write(out, key)
			out.WriteByte(':')
			write(out, t[key])
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for i, item := range t {
			if i > 0 {
				out.WriteByte(',')
			}
			write(out, item)
		}
		out.WriteByte(']')
	default:
		text, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("a fixture that is no JSON: %v", err))
		}
		out.Write(text)
	}
}
