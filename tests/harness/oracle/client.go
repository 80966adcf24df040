package oracle

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"
)

// Client writes through the API and holds every answer to the oracle. The zero Pause and Limit have sensible values.
type Client struct {
	Base  func() string // where to send the next try
	Key   string
	Realm string
	HTTP  *http.Client
	// Limit is how long the client waits for a try's answer; nil for ever, as the context allows.
	Limit func() time.Duration
	Pause time.Duration // between two tries
	// Begin is called before the first try of every write; nil for nothing.
	Begin func(Op)

	mu         sync.Mutex
	tally      map[Class]int
	seen       map[string]int // codes
	writes     map[string]int // by operation
	violations []string
}

// Op is one write and how to find out what it has made.
type Op struct {
	Name   string // the operation's id
	Method string // POST, if empty
	Path   string
	Key    string // none where the API takes none
	Match  string // If-Match
	Body   any
	// Exists counts what the write makes, by its own natural id, through the API; nil where only totals can tell.
	Exists func(context.Context) (int, error)
	Late   bool // what it makes appears later: after a success only totals can tell
	// Once names members of the answer that only the first answer has.
	Once []string
}

const defaultPause = 50 * time.Millisecond

// Do sends the write until its outcome is known, and checks the outcome. It fails only when ctx ends before that.
func (c *Client) Do(ctx context.Context, op Op) (Answer, error) {
	first, err := c.begin(ctx, op)
	if err != nil {
		return first, err
	}
	switch first.Class {
	case Success:
		again, err := c.decide(ctx, op)
		if err != nil {
			return first, err
		}
		if again.Status != first.Status || !same(first, again, op.Once) {
			c.Violation("%s %s: answered %d %s, and when repeated %d %s", op.Name, op.Key, first.Status, first.Body, again.Status, again.Body)
		}
		if !op.Late {
			return first, c.count(ctx, op, 1, first)
		}
	case Refused:
		return first, c.count(ctx, op, 0, first)
	case Busy, Ambiguous, Unknown:
	}
	return first, nil
}

func (c *Client) count(ctx context.Context, op Op, want int, a Answer) error {
	if op.Exists == nil {
		return nil
	}
	got, err := op.Exists(ctx)
	if err == nil && got != want {
		c.Violation("%s %s was answered %d %s, and %d of it exist", op.Name, op.Key, a.Status, a.Code, got)
	}
	return err
}

// same compares bytes, or the values where the first answer has members that no other has.
func same(first, again Answer, once []string) bool {
	if len(once) == 0 || !again.Replay {
		return bytes.Equal(first.Body, again.Body)
	}
	return agree(first.Body, again.Body, once)
}

// begin is decide for a write's first time.
func (c *Client) begin(ctx context.Context, op Op) (Answer, error) {
	c.mu.Lock()
	if c.writes == nil {
		c.writes = map[string]int{}
	}
	c.writes[op.Name]++
	c.mu.Unlock()
	if c.Begin != nil {
		c.Begin(op)
	}
	return c.decide(ctx, op)
}

// decide asks until the answer is definite.
func (c *Client) decide(ctx context.Context, op Op) (Answer, error) {
	var body []byte
	if op.Body != nil {
		var err error
		if body, err = json.Marshal(op.Body); err != nil {
			return Answer{}, err
		}
	}
	doubted := false
	for {
		a := c.send(ctx, op, body)
		a.Doubted = doubted
		doubted = doubted || a.Class == Ambiguous
		switch a.Class {
		case Success, Refused:
			return a, nil
		case Unknown:
			c.Violation("%s %s: nobody can tell what this means: %d %s", op.Name, op.Key, a.Status, a.Body)
			return a, nil
		case Busy, Ambiguous:
		}
		if err := c.rest(ctx); err != nil {
			return a, fmt.Errorf("%s %s has no definite answer, only %s %d %s: %w", op.Name, op.Key, a.Class, a.Status, a.Code, err)
		}
	}
}

func (c *Client) rest(ctx context.Context) error {
	pause := c.Pause
	if pause == 0 {
		pause = defaultPause
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

func (c *Client) send(ctx context.Context, op Op, body []byte) Answer {
	try := ctx
	if c.Limit != nil {
		var cancel context.CancelFunc
		try, cancel = context.WithTimeout(ctx, c.Limit())
		defer cancel()
	}
	res, raw, err := c.exchange(try, op, body) //nolint:bodyclose // exchange has read and closed it
	a := Classify(res, raw, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tally == nil {
		c.tally, c.seen = map[Class]int{}, map[string]int{}
	}
	c.tally[a.Class]++
	if a.Code != "" {
		c.seen[a.Code]++
	}
	return a
}

func (c *Client) exchange(ctx context.Context, op Op, body []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, cmp.Or(op.Method, http.MethodPost), c.Base()+op.Path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	req.Header.Set("X-Realm-Id", c.Realm)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
		req.GetBody = nil // the transport's own repeats would hide what we are here to see
	}
	if op.Key != "" {
		req.Header.Set("Idempotency-Key", op.Key)
	}
	if op.Match != "" {
		req.Header.Set("If-Match", op.Match)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, nil, err
	}
	raw, err := io.ReadAll(res.Body)
	return res, raw, errors.Join(err, res.Body.Close())
}

// ErrNotThere is what Get says of a 404.
var ErrNotThere = errors.New("oracle: not there")

// Get reads until there is an answer.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	a, err := c.read(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(a.Body, out)
}

func (c *Client) read(ctx context.Context, path string) (Answer, error) {
	for {
		a := c.send(ctx, Op{Method: http.MethodGet, Path: path}, nil)
		switch {
		case a.Class == Success:
			return a, nil
		case a.Code == "not_found":
			return a, ErrNotThere
		case a.Class == Refused, a.Class == Unknown:
			c.Violation("GET %s: %d %s", path, a.Status, a.Body)
			return a, fmt.Errorf("get %s: %d %s", path, a.Status, a.Code)
		}
		if err := c.rest(ctx); err != nil {
			return a, fmt.Errorf("get %s: %w", path, err)
		}
	}
}

// Violation notes that the API broke its word.
func (c *Client) Violation(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, fmt.Sprintf(format, args...))
}

// Record is what a client has seen.
type Record struct {
	Operations int
	Writes     map[string]int // by operation
	Answers    map[Class]int
	Codes      map[string]int
	Violations []string
}

// Record gives what has been seen so far.
func (c *Client) Record() Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	operations := 0
	for _, n := range c.writes {
		operations += n
	}
	return Record{Operations: operations, Writes: maps.Clone(c.writes), Answers: maps.Clone(c.tally), Codes: maps.Clone(c.seen), Violations: append([]string(nil), c.violations...)}
}
