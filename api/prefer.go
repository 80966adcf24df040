package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

const (
	maxWait   = 20 // seconds; under what a request may take at all
	waitShort = 20 * time.Millisecond
	waitLong  = 250 * time.Millisecond
)

// outcome is how an operation answers once the work it starts has come to its end: with the resource as it then is.
type outcome struct {
	Status int
	Type   reflect.Type
}

// document adds the outcome to the answers of an operation, beside its 202.
func (o outcome) document(a huma.API, responses map[string]*huma.Response) {
	began := responses[strconv.Itoa(http.StatusAccepted)]
	headers := map[string]*huma.Param{}
	for name, h := range began.Headers {
		headers[name] = h
	}
	responses[strconv.Itoa(o.Status)] = &huma.Response{Description: "The work came to its end while the request waited (Prefer: wait).", Headers: headers,
		Content: map[string]*huma.MediaType{"application/json": {Schema: a.OpenAPI().Components.Schemas.Schema(o.Type, true, "")}}}
}

var preference = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+[ \t]*(=[ \t]*([!#$%&'*+.^_|~0-9A-Za-z-]*|"[^"]*"))?$`)

// maxPreference is longer than any sentence of preferences that means something.
const maxPreference = 1000

// preferWait reads how many seconds a caller would wait (RFC 7240); 0 is not at all. What it prefers besides is its own affair. A
// longer wait than there is becomes the longest.
func preferWait(values []string) (int, error) {
	if len(strings.Join(values, ",")) > maxPreference {
		return 0, badPreference()
	}
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		item, _, _ = strings.Cut(strings.Trim(item, " \t"), ";")
		if item == "" {
			continue
		}
		name, value, _ := strings.Cut(item, "=")
		if !preference.MatchString(strings.TrimRight(item, " \t")) {
			return 0, badPreference()
		}
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"`)
		seconds, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return 0, badPreference()
		}
		return int(min(seconds, maxWait)), nil // the first counts, says the RFC
	}
	return 0, nil
}

func badPreference() error {
	f := fault.New(fault.Invalid, "invalid_header", "Prefer is a list of preferences; of wait, a whole number of seconds up to %d counts.", maxWait)
	f.Fields = []fault.Field{{Pointer: "@Prefer", Code: "bad_format", Detail: f.Detail}}
	return f
}

// requirePreference reads Prefer where it counts, before anything happens.
func requirePreference(ctx huma.Context, next func(huma.Context)) {
	if opOf(ctx).Ends.Status == 0 {
		next(ctx)
		return
	}
	seconds, err := preferWait(humagin.Unwrap(ctx).Request.Header.Values("Prefer"))
	if err != nil {
		stop(ctx, err)
		return
	}
	requestOf(ctx.Context()).wait = seconds
	next(ctx)
}

// await asks now and then, each time in a transaction of its own so that waiting holds no connection, until done, until the
// seconds are over, or until the process is told to stop.
func (b base) await(ctx context.Context, seconds int, done func(context.Context) (bool, error)) (bool, error) {
	end := time.After(time.Duration(seconds) * time.Second)
	for pause := waitShort; ; pause = min(pause*2, waitLong) {
		if ok, err := done(ctx); err != nil || ok {
			return ok, err
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-b.stopping:
			return false, nil
		case <-end:
			return false, nil
		case <-time.After(pause):
		}
	}
}

// ending says whether the work of a write has come to a good end, and what stands there then.
type ending[T any] struct {
	done func(context.Context) (bool, error)
	read func(context.Context) (*One[T], error)
}

// ended answers a write with what became of its work, where the caller would rather wait and it ends well in time. The stored
// answer stays the 202: it is written with the effect, and a repeat may prefer something else than the first request did.
func ended[B, T any](ctx context.Context, b base, began *Reply[B], status int, e ending[T]) (*Reply[B], error) {
	seconds := requestOf(ctx).wait
	if seconds == 0 {
		return began, nil
	}
	began.Applied = "wait=" + strconv.Itoa(seconds)
	ok, err := b.await(ctx, seconds, e.done)
	if err != nil || !ok {
		// The write has been made: whatever keeps us from saying more, it may be followed.
		return began, nil //nolint:nilerr // as said
	}
	now, err := e.read(ctx)
	if err != nil {
		return began, nil //nolint:nilerr // as above
	}
	s, err := answer(status, "", now.Body)
	if err != nil {
		return nil, err
	}
	began.Status, began.ETag, began.Body.raw = status, now.ETag, s.Body
	return began, nil
}

// operationEnds says whether the operation that an answer names has succeeded. One that failed is followed, not waited for.
func (b base) operationEnds(body json.RawMessage) func(context.Context) (bool, error) {
	var named struct{ Operation struct{ ID string } }
	err := json.Unmarshal(body, &named)
	var id uuid.UUID
	if err == nil {
		id, err = keys.Decode(keys.Operation, named.Operation.ID)
	}
	return func(ctx context.Context) (bool, error) {
		if err != nil {
			return false, err
		}
		o, err := b.store.FindOperation(ctx, callOf(ctx), id)
		if err == nil && o.Status != models.OperationRunning && o.Status != models.OperationSucceeded {
			err = fault.New(fault.Conflict, "state_conflict", "The operation has ended as %s.", o.Status)
		}
		return o.Status == models.OperationSucceeded, err
	}
}
