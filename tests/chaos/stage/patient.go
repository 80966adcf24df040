package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Patient is how a client behaves that depends on us: what was not answered, was answered by 5xx, or is still being worked
// on, it asks again, byte for byte and so under the same Idempotency-Key, until there is an answer or its context ends.
type Patient struct {
	Repeats atomic.Int64
}

const (
	oneTry    = 10 * time.Second
	tryAgain  = 50 * time.Millisecond
	tryAtMost = 500 * time.Millisecond
)

// RoundTrip makes it an http.RoundTripper. The answer's body is in memory.
func (p *Patient) RoundTrip(req *http.Request) (*http.Response, error) {
	for pause := tryAgain; ; pause = min(pause*2, tryAtMost) {
		res, err := once(req)
		if err == nil && !worthRepeating(res) || req.Context().Err() != nil {
			return res, err
		}
		p.Repeats.Add(1)
		select {
		case <-req.Context().Done():
			return res, err
		case <-time.After(pause):
		}
	}
}

func once(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), oneTry)
	defer cancel()
	attempt := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		attempt.Body = body
	}
	res, err := http.DefaultTransport.RoundTrip(attempt)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// worthRepeating looks for answers that say nothing about the outcome.
func worthRepeating(res *http.Response) bool {
	if res.StatusCode >= http.StatusInternalServerError {
		return true
	}
	if res.StatusCode != http.StatusConflict {
		return false
	}
	body, _ := io.ReadAll(res.Body) // from memory
	res.Body = io.NopCloser(bytes.NewReader(body))
	var problem struct{ Code string }
	return json.Unmarshal(body, &problem) == nil && problem.Code == "idempotency_in_progress"
}
