package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

// base is what the handlers of every resource share.
type base struct {
	store   *store.Store
	keys    *store.KeyRing
	cursors cursors
	// stopping is closed when the process is told to stop; nil means never.
	stopping <-chan struct{}
}

func newBase(d Deps) base {
	return base{store: d.Store, keys: d.Keys, cursors: newCursors(d), stopping: d.Stopping}
}

// callOf says to the store in whose name and in which realm it decides.
func callOf(ctx context.Context) store.Call {
	p := principal(ctx)
	return store.Call{Realm: p.RealmID, Actor: p.Actor, RequestID: requestOf(ctx).id}
}

// rendered is how the result of a decision goes on the wire.
type rendered[T any] struct {
	body     T
	id       uuid.UUID
	location string
	etag     string
}

// keyed runs a decision under the request's Idempotency-Key. The answer is rendered inside the decision's transaction and
// stored with it, so a repeat gets the same bytes, or nothing happened at all.
func keyed[R, T any](ctx context.Context, status int, show func(R) rendered[T], decide func(store.Call) (R, error)) (*Reply[T], error) {
	call, intent := callOf(ctx), intentOf(ctx)
	call.Once = &store.Once{Scope: intent.Scope, Key: intent.Key, Hash: intent.Hash, Render: func(result any) (store.Answer, uuid.UUID, error) {
		r, ok := result.(R)
		if !ok {
			return store.Answer{}, uuid.Nil, errors.New("api: the store decided something else than was asked")
		}
		out := show(r)
		s, err := answer(status, out.location, out.body)
		headers := map[string]string{"Location": out.location, "ETag": out.etag}
		return store.Answer{Status: s.Status, Headers: headers, Body: s.Body}, out.id, err
	}}
	_, err := decide(call)
	if err != nil && !errors.Is(err, store.ErrReplayed) {
		return nil, err
	}
	a := call.Once.Answer
	return reply[T](Stored{Status: a.Status, Location: a.Headers["Location"], ETag: a.Headers["ETag"], Body: a.Body},
		call.Once.Replayed), nil
}

// listed reads one page of rows and shows each; show gives a row's id too, which is where it stands in the list.
func listed[R, T any](ctx context.Context, b base, q PageQuery, read func(store.Page) ([]R, bool, error),
	show func(R) (T, uuid.UUID)) (*List[T], error) {
	w, err := b.cursors.window(ctx, q)
	if err != nil {
		return nil, err
	}
	ask := store.Page{Limit: w.Limit}
	if w.After != nil {
		ask.After = &w.After.ID
	}
	rows, _, err := read(ask)
	if err != nil {
		return nil, err
	}
	return page(ctx, w, rows, func(row R) T { body, _ := show(row); return body },
		func(row R) Position { _, id := show(row); return Position{ID: id} })
}

// timeOf reads an optional instant of a body or query.
func timeOf(i *Instant) *time.Time {
	if i == nil {
		return nil
	}
	return &i.Time
}

// idPath is the input of a read of one object.
type idPath struct {
	ID string `path:"id"`
}

// Changed names an object that is to change, and the versions of it that the caller has read. It is embedded in inputs, which
// is why huma has to see it.
type Changed struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"The ETag of what you read: the change is refused with 412 if it is another by now."`
}

// object reads both.
func (in Changed) object(prefix string) (uuid.UUID, store.Versions, error) {
	id, err := pathID(prefix, in.ID)
	if err != nil {
		return id, nil, err
	}
	versions, err := ifMatch(in.IfMatch)
	return id, versions, err
}

// codeQuery is the input of a list whose objects have a code.
type codeQuery struct {
	PageQuery
	Code string `query:"code" maxLength:"63"`
}

// given reads an instant of a query, which is zero when it is not there.
func given(i Instant) *time.Time {
	if i.IsZero() {
		return nil
	}
	return &i.Time
}

// maybeID puts an optional id on the wire.
func maybeID(prefix string, id *uuid.UUID) *string {
	if id == nil {
		return nil
	}
	s := keys.Encode(prefix, *id)
	return &s
}

func wireIDs(prefix string, ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = keys.Encode(prefix, id)
	}
	return out
}

// bodyIDs reads a list of ids at pointer of the body.
func bodyIDs(prefix, pointer string, list []string) ([]uuid.UUID, error) {
	out := make([]uuid.UUID, len(list))
	for i, s := range list {
		id, err := bodyID(prefix, pointer+"/"+strconv.Itoa(i), s)
		if err != nil {
			return nil, err
		}
		out[i] = id
	}
	return out, nil
}
