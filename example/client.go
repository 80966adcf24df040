package example

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client calls the API as the demo's backend would.
type Client struct {
	Base  string // http://host:port
	Key   string
	Realm string
	HTTP  *http.Client
}

// Refused is an answer that is not a success.
type Refused struct {
	Status int
	Code   string
	Body   string
}

func (r *Refused) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Body) }

// Get reads into out.
func (c Client) Get(ctx context.Context, path string, out any) error {
	return c.do(ctx, request{method: http.MethodGet, path: path}, out)
}

// Post writes under an idempotency key and reads the answer into out.
func (c Client) Post(ctx context.Context, path, key string, body, out any) error {
	return c.do(ctx, request{method: http.MethodPost, path: path, key: key, body: body}, out)
}

type request struct {
	method, path, key string
	body              any
}

func (c Client) do(ctx context.Context, r request, out any) error {
	var reader io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.Base+r.path, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	req.Header.Set("X-Realm-Id", c.Realm)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	client := c.HTTP
	if client == nil {
		client = &http.Client{Timeout: 30 * time.Second}
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusBadRequest {
		var problem struct{ Code string }
		_ = json.Unmarshal(raw, &problem) // a body that is no problem document is shown as it is
		return &Refused{Status: res.StatusCode, Code: problem.Code, Body: string(raw)}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}
