package contract_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/tests/harness/system"
)

// caller sends requests with any header.
type caller struct {
	*system.Running
	t   *testing.T
	seq int
}

type got struct {
	status  int
	etag    string
	applied string // Preference-Applied
	body    map[string]any
}

func (c *caller) send(method, path string, body any, headers ...string) got {
	c.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(c.t, err)
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.Base+path, reader)
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.Key)
	req.Header.Set("X-Realm-Id", c.Realm)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		c.seq++
		req.Header.Set("Idempotency-Key", "k"+strconv.Itoa(c.seq))
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.HTTP.Do(req)
	require.NoError(c.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	out := got{status: res.StatusCode, etag: res.Header.Get("ETag"), applied: res.Header.Get("Preference-Applied")}
	if len(raw) > 0 {
		require.NoError(c.t, json.Unmarshal(raw, &out.body), string(raw))
	}
	return out
}

func (c *caller) make(path string, body map[string]any) string {
	c.t.Helper()
	r := c.send(http.MethodPost, path, body)
	require.Less(c.t, r.status, 300, "%v", r.body)
	if op, ok := r.body["operation"].(map[string]any); ok {
		return op["resource"].(map[string]any)["id"].(string)
	}
	return r.body["id"].(string)
}

// first gives the id of the catalog's first object of a kind.
func (c *caller) first(path string) string {
	c.t.Helper()
	return c.send(http.MethodGet, path, nil).body["data"].([]any)[0].(map[string]any)["id"].(string)
}

func (c *caller) account() string {
	c.t.Helper()
	name := "p" + strconv.Itoa(c.seq)
	return c.make("/mgt/v1/billing-accounts", map[string]any{"principal_id": name, "name": name})
}

func (c *caller) draft() string {
	c.t.Helper()
	return c.make("/mgt/v1/plans", map[string]any{"pricing_model_id": c.first("/mgt/v1/pricing-models"), "code": "plan-" + strconv.Itoa(c.seq),
		"name": "A plan", "kind": "base", "terms": map[string]any{"cadence": map[string]any{"unit": "month", "count": 1}, "collection": "none", "overage_mode": "invoice"}})
}

func (c *caller) published() string {
	c.t.Helper()
	id := c.draft()
	r := c.send(http.MethodPost, "/mgt/v1/plans/"+id+"/publish", nil, "If-Match", "*")
	require.Equal(c.t, http.StatusOK, r.status, "%v", r.body)
	return id
}

// second is a plan with a draft beside what is published.
func (c *caller) second() string {
	c.t.Helper()
	id := c.published()
	r := c.send(http.MethodPost, "/mgt/v1/plans/"+id+"/versions", nil)
	require.Equal(c.t, http.StatusCreated, r.status, "%v", r.body)
	return id
}

func (c *caller) clock() string {
	c.t.Helper()
	return c.make("/mgt/v1/test-clocks", map[string]any{"name": "c" + strconv.Itoa(c.seq), "now": "2026-05-01T00:00:00Z"})
}

// change is one operation on an object that has versions: how to get one, and what to send.
type change struct {
	object   func(*caller) string
	body     any
	number   string // of the plan's version, if not its first
	required bool   // without a condition it is refused
}

var changes = map[string]change{
	"POST /mgt/v1/billing-accounts/{id}/suspend": {object: (*caller).account},
	"POST /mgt/v1/billing-accounts/{id}/resume": {object: func(c *caller) string {
		id := c.account()
		require.Equal(c.t, http.StatusOK, c.send(http.MethodPost, "/mgt/v1/billing-accounts/"+id+"/suspend", nil).status)
		return id
	}},
	"POST /mgt/v1/billing-accounts/{id}/unpark": {object: func(c *caller) string {
		id := c.account()
		account, err := keys.Decode(keys.BillingAccount, id)
		require.NoError(c.t, err)
		require.NoError(c.t, c.Server.Store().ParkAccount(c.t.Context(), c.Call, account, "test"))
		return id
	}},
	"POST /mgt/v1/billing-accounts/{id}/accept-bounds": {object: func(c *caller) string {
		id := c.account()
		account, err := keys.Decode(keys.BillingAccount, id)
		require.NoError(c.t, err)
		require.NoError(c.t, c.Server.Store().ParkAccount(c.t.Context(), c.Call, account, "test"))
		harness.Breach(c.t, c.URL, account)
		return id
	}},
	"POST /mgt/v1/plan-assignments/{id}/cancel": {object: func(c *caller) string {
		return c.make("/mgt/v1/plan-assignments", map[string]any{"billing_account_id": c.account(), "plan_code": "api-starter",
			"source_kind": "test", "source_ref": strconv.Itoa(c.seq), "start_at": "2090-01-01T00:00:00Z"})
	}, body: map[string]any{"when": "now"}},
	"POST /mgt/v1/test-clocks/{id}/advance": {object: (*caller).clock, body: map[string]any{"target": "2026-05-02T00:00:00Z"}},
	"DELETE /mgt/v1/test-clocks/{id}":       {object: (*caller).clock},
	"PATCH /mgt/v1/features/{id}": {object: func(c *caller) string {
		return c.make("/mgt/v1/features", map[string]any{"code": "f" + strconv.Itoa(c.seq), "name": "F", "kind": "toggle"})
	}, body: map[string]any{"name": "Another"}},
	"PATCH /mgt/v1/pricing-models/{id}":                {object: func(c *caller) string { return c.first("/mgt/v1/pricing-models") }},
	"PATCH /mgt/v1/plans/{id}":                         {object: (*caller).draft, body: map[string]any{"name": "Another"}, required: true},
	"PUT /mgt/v1/plans/{id}/versions/{v}/entitlements": {object: (*caller).draft, body: map[string]any{"feature_ids": []string{}}, required: true},
	"DELETE /mgt/v1/plans/{id}/versions/{v}":           {object: (*caller).second, number: "2", required: true},
	"POST /mgt/v1/plans/{id}/publish":                  {object: (*caller).draft, required: true},
	"POST /mgt/v1/plans/{id}/deprecate":                {object: (*caller).published},
	"POST /mgt/v1/plans/{id}/versions":                 {object: (*caller).published},
}

// openAPI is what of an OpenAPI document this is about.
type openAPI struct {
	Paths map[string]map[string]struct {
		Parameters []struct{ Name, In string }
		Responses  map[string]struct {
			Headers map[string]any
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
	}
	Components struct {
		Schemas map[string]struct{ Properties map[string]any }
	}
}

// versioned lists the paths whose read shows a version, and the changes of what is read there.
func (d openAPI) versioned() (reads, writes []string) {
	for path, methods := range d.Paths {
		ref := methods["get"].Responses["200"].Content["application/json"].Schema.Ref
		if _, ok := d.Components.Schemas[ref[strings.LastIndex(ref, "/")+1:]].Properties["version"]; !ok {
			continue
		}
		reads = append(reads, path)
		for below, methods := range d.Paths {
			if below != path && !strings.HasPrefix(below, path+"/") {
				continue
			}
			for method := range methods {
				// What is added to a list below an object is a row of its own.
				if _, list := methods["get"]; method == "get" || method == "post" && list {
					continue
				}
				writes = append(writes, strings.ToUpper(method)+" "+below)
			}
		}
	}
	return reads, writes
}

func TestEveryChangeOfAVersionedObjectHonoursIfMatch(t *testing.T) {
	t.Parallel()
	c := &caller{Running: system.Start(t), t: t}
	raw, err := c.Server.OpenAPI()
	require.NoError(t, err)
	var d openAPI
	require.NoError(t, json.Unmarshal(raw, &d))
	reads, writes := d.versioned()
	require.Contains(t, reads, "/mgt/v1/plans/{id}")
	require.ElementsMatch(t, slices.Collect(maps.Keys(changes)), writes, "the document and the table below name the same changes")
	for _, path := range reads {
		require.Contains(t, d.Paths[path]["get"].Responses["200"].Headers, "ETag", path)
	}
	for _, name := range writes {
		method, path, _ := strings.Cut(name, " ")
		documented := false
		for _, p := range d.Paths[path][strings.ToLower(method)].Parameters {
			documented = documented || p.Name == "If-Match" && p.In == "header"
		}
		require.True(t, documented, "%s documents If-Match", name)
		c.holds(name, changes[name])
	}
}

// holds tries one change under every kind of condition.
func (c *caller) holds(name string, change change) {
	method, template, _ := strings.Cut(name, " ")
	id := change.object(c)
	body := change.body
	if method == http.MethodPatch && strings.Contains(template, "pricing-models") {
		body = map[string]any{"free_plan_id": c.send(http.MethodGet, "/mgt/v1/plans?code=free", nil).body["data"].([]any)[0].(map[string]any)["id"]}
	}
	fill := strings.NewReplacer("{id}", id, "{v}", cmp.Or(change.number, "1"))
	object := fill.Replace(template[:strings.Index(template, "{id}")+len("{id}")])
	read := func() string { return c.send(http.MethodGet, object, nil).etag }
	before := read()
	require.Regexp(c.t, `^"v[1-9]\d*"$`, before, name)
	try := func(condition string) got { return c.send(method, fill.Replace(template), body, "If-Match", condition) }

	for _, other := range []string{`"v999"`, "W/" + before, `"v998", "not-ours"`} {
		r := try(other)
		require.Equal(c.t, http.StatusPreconditionFailed, r.status, "%s under %s: %v", name, other, r.body)
		require.Equal(c.t, "version_conflict", r.body["code"], name)
	}
	for _, bad := range []string{"v1", `"v1`, `"v1" "v2"`} {
		r := try(bad)
		require.Equal(c.t, http.StatusBadRequest, r.status, "%s under %s: %v", name, bad, r.body)
		require.Equal(c.t, "invalid_header", r.body["code"], name)
		require.Equal(c.t, "@If-Match", r.body["errors"].([]any)[0].(map[string]any)["pointer"], name)
	}
	if change.required {
		r := c.send(method, fill.Replace(template), body)
		require.Equal(c.t, http.StatusPreconditionRequired, r.status, "%s: %v", name, r.body)
		require.Equal(c.t, "precondition_required", r.body["code"], name)
	}
	require.Equal(c.t, before, read(), "%s changed nothing", name)
	r := try(`"v999", ` + before)
	require.Less(c.t, r.status, 300, "%s: %v", name, r.body)
	require.Regexp(c.t, `^"v[1-9]\d*"$`, r.etag, name)
	require.NotEqual(c.t, before, r.etag, "%s gives the new version", name)
	require.Equal(c.t, http.StatusPreconditionFailed, try(before).status, "%s: who read the old version is late", name)
}

func TestAReaderWhoHasTheVersionGetsNoBody(t *testing.T) {
	t.Parallel()
	c := &caller{Running: system.Start(t), t: t}
	path := "/mgt/v1/billing-accounts/" + c.account()
	tag := c.send(http.MethodGet, path, nil).etag
	for _, has := range []string{tag, "W/" + tag, `"v999", ` + tag, "*"} {
		r := c.send(http.MethodGet, path, nil, "If-None-Match", has)
		require.Equal(t, http.StatusNotModified, r.status, has)
		require.Equal(t, tag, r.etag)
		require.Empty(t, r.body)
	}
	require.Equal(t, http.StatusOK, c.send(http.MethodPost, path+"/suspend", nil, "If-Match", tag).status)
	r := c.send(http.MethodGet, path, nil, "If-None-Match", tag)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "suspended", r.body["status"])
}
