package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/tests/contract"
)

// widgets is a resource with one endpoint of each shape. It exists to prove the gates, and keeps its rows in memory.
type widgets struct {
	cursors cursors
	mu      sync.Mutex
	rows    []widgetRow
	answers map[string]Stored
	intents []Intent
	raw     []byte
}

type widgetRow struct {
	ID   uuid.UUID
	Name string
}

type widget struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type createWidgetIn struct {
	Body struct {
		Name   string            `json:"name" minLength:"1" maxLength:"20"`
		Kind   string            `json:"kind,omitempty" enum:"round,square"`
		Size   int               `json:"size,omitempty" minimum:"0" maximum:"100"`
		Price  *Money            `json:"price,omitempty"`
		Weight *Quantity         `json:"weight,omitempty"`
		Parts  []widgetPart      `json:"parts,omitempty" maxItems:"3"`
		At     *Instant          `json:"at,omitempty"`
		Labels map[string]string `json:"labels,omitempty"`
	}
}

type widgetPart struct {
	Code string `json:"code" pattern:"^[a-z]+$"`
}

type listWidgetsIn struct {
	PageQuery
	Name string `query:"name"`
}

type widgetID struct {
	ID string `path:"id"`
}

func (r *widgets) register(a huma.API) {
	get(a, op{ID: "listWidgets", Path: "/mgt/v1/widgets", Summary: "List", Scope: "catalog:read"}, r.list)
	get(a, op{ID: "getWidget", Path: "/mgt/v1/widgets/{id}", Summary: "One", Scope: "catalog:read"}, r.one)
	post(a, op{ID: "createWidget", Path: "/mgt/v1/widgets", Summary: "Create", Scope: "catalog:write",
		Status: http.StatusCreated, Idempotent: true}, r.create)
	post(a, op{ID: "publishWidget", Path: "/mgt/v1/widgets/{id}/publish", Summary: "Publish", Scope: "catalog:write",
		OwnKey: true}, r.one)
	post(a, op{ID: "scratchHook", Path: "/webhooks/scratch", Summary: "Hook", Public: true, OwnKey: true, Raw: true,
		MaxBody: 64}, r.hook)
	get(a, op{ID: "fail", Path: "/v1/fail/{how}", Summary: "Fail", Scope: "runtime:read"}, r.fail)
}

func (r *widgets) list(ctx context.Context, in *listWidgetsIn) (*List[widget], error) {
	w, err := r.cursors.window(ctx, in.PageQuery)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	sort.Slice(r.rows, func(i, j int) bool { return r.rows[i].ID.String() > r.rows[j].ID.String() })
	var rows []widgetRow
	for _, row := range r.rows {
		if len(rows) < w.Limit && (w.After == nil || row.ID.String() < w.After.ID.String()) {
			rows = append(rows, row)
		}
	}
	return page(ctx, w, rows, showWidget, func(row widgetRow) Position { return Position{ID: row.ID} })
}

func showWidget(row widgetRow) widget {
	return widget{ID: keys.Encode(keys.Product, row.ID), Name: row.Name}
}

func (r *widgets) one(_ context.Context, in *widgetID) (*One[widget], error) {
	id, err := pathID(keys.Product, in.ID)
	if err != nil {
		return nil, err
	}
	return &One[widget]{ETag: etagOf(1), Body: showWidget(widgetRow{ID: id})}, nil
}

func (r *widgets) create(ctx context.Context, in *createWidgetIn) (*Reply[widget], error) {
	intent := intentOf(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.intents = append(r.intents, intent)
	if stored, ok := r.answers[intent.Scope+intent.Key]; ok {
		return reply[widget](stored, true), nil
	}
	row := widgetRow{ID: uuid.New(), Name: in.Body.Name}
	r.rows = append(r.rows, row)
	stored, err := answer(http.StatusCreated, "/mgt/v1/widgets/"+keys.Encode(keys.Product, row.ID), showWidget(row))
	if err != nil {
		return nil, err
	}
	r.answers[intent.Scope+intent.Key] = stored
	return reply[widget](stored, false), nil
}

func (r *widgets) hook(_ context.Context, in *struct{ RawBody []byte }) (*struct{}, error) {
	r.raw = bytes.Clone(in.RawBody)
	return nil, nil
}

func (r *widgets) fail(ctx context.Context, in *struct {
	How string `path:"how"`
}) (*struct{}, error) {
	switch in.How {
	case "panic":
		panic("boom: secret")
	case "plain":
		return nil, errors.New("pq: secret detail")
	case "wrapped":
		return nil, fmt.Errorf("while doing: %w", fault.New(fault.Conflict, "state_conflict", "It is active."))
	case "field":
		return nil, fault.At("/amount", "currency_mismatch", "Want EUR.")
	case "hint":
		return nil, withHints(fault.New(fault.Payment, "insufficient_funds", "Not enough."), Hint{Type: "funding.shortfall"})
	case "deadline":
		return nil, fmt.Errorf("query: %w", context.DeadlineExceeded)
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "busy":
		return nil, fault.New(fault.Conflict, "idempotency_in_progress", "Wait.")
	default:
		return nil, fault.New(fault.NotFound, "not_found", "No such thing.")
	}
}

// bench is a router with widgets, one key per scope set, and its log.
type bench struct {
	t       *testing.T
	router  *Router
	widgets *widgets
	log     *bytes.Buffer
	key     string
	scopes  []string
	realm   uuid.UUID
	watched http.RoundTripper
	last    *httptest.ResponseRecorder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, log: &bytes.Buffer{}, scopes: Scopes(), realm: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")}
	token, err := keys.NewServiceKey(keys.ModeTest, uuid.New(), strings.NewReader(strings.Repeat("k", 32)))
	require.NoError(t, err)
	b.key = token.Reveal()
	b.widgets = &widgets{cursors: cursors{key: []byte("cursor key")}, answers: map[string]Stored{}}
	b.router = assemble(withDefaults(Deps{
		Log: slog.New(slog.NewJSONHandler(b.log, nil)),
		Authenticate: func(_ context.Context, keyID uuid.UUID, secret, _ string) (Principal, error) {
			if keyID != token.KeyID || secret != token.Secret {
				return Principal{}, errKey
			}
			return Principal{RealmID: b.realm, RealmCode: "demo", Mode: keys.ModeTest, KeyID: keyID, Actor: "app", Scopes: b.scopes}, nil
		},
		Timeout: time.Second,
		Ready:   []Check{{Name: "database", Func: func(context.Context) error { return nil }}},
	}), b.widgets, computePrice{})
	doc, err := b.router.OpenAPI()
	require.NoError(t, err)
	b.watched = contract.Watch(t, doc, transport(b.serve))
	return b
}

// call sends one request; headers are name, value pairs that override the usual ones, and an empty value removes.
func (b *bench) call(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+b.key)
	req.Header.Set("X-Realm-Id", "demo")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", "key-1")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Del(headers[i])
		if headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	res, err := b.watched.RoundTrip(req)
	require.NoError(b.t, err)
	require.NoError(b.t, res.Body.Close())
	return b.last
}

// serve answers in this process and keeps the recorder, whose body the watch has read.
func (b *bench) serve(req *http.Request) (*http.Response, error) {
	b.last = httptest.NewRecorder()
	b.router.ServeHTTP(b.last, req)
	res := b.last.Result()
	res.Body = io.NopCloser(bytes.NewReader(b.last.Body.Bytes()))
	return res, nil
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// refused checks that an answer is a well-formed problem and returns it.
func refused(t *testing.T, rec *httptest.ResponseRecorder, status int, code string) Problem {
	t.Helper()
	require.Equal(t, status, rec.Code, rec.Body.String())
	require.Equal(t, problemType, rec.Header().Get("Content-Type"))
	var p Problem
	dec := json.NewDecoder(rec.Body)
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&p))
	require.Equal(t, code, p.Code)
	require.Equal(t, status, p.Status)
	require.Equal(t, rec.Header().Get("X-Request-Id"), p.RequestID)
	require.NotEmpty(t, p.Detail)
	require.NotNil(t, p.Errors)
	require.NotNil(t, p.Hints)
	require.Equal(t, "urn:durabill:problem:"+code, p.Type)
	return p
}
