package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

func TestOnlyAValidKeyOfTheNamedRealmWithTheScopeGetsThrough(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/mgt/v1/widgets"
	require.Equal(t, 200, b.call(http.MethodGet, path, "").Code)
	require.Equal(t, 200, b.call(http.MethodGet, path, "", "X-Realm-Id", keys.Encode(keys.Realm, b.realm)).Code)
	require.Equal(t, 200, b.call(http.MethodGet, path, "", "Authorization", "bearer "+b.key).Code)
	for _, header := range []string{"", "Bearer", "Bearer ", "Basic " + b.key, b.key, "Bearer " + b.key[:len(b.key)-1] + "!", "Bearer " + strings.Replace(b.key, "test", "live", 1)} {
		rec := b.call(http.MethodGet, path, "", "Authorization", header)
		require.NotEmpty(t, rec.Header().Get("WWW-Authenticate"))
		refused(t, rec, 401, "invalid_key")
	}
	for _, realm := range []string{"", "other", "DEMO", "rlm_01h455vb4pex5vsknk084sn02r"} {
		refused(t, b.call(http.MethodGet, path, "", "X-Realm-Id", realm), 403, "realm_mismatch")
	}
	b.scopes = []string{"catalog:write"}
	refused(t, b.call(http.MethodGet, path, ""), 403, "scope_missing")
}

func TestARequestWithoutAKeyIsRefusedBeforeItsBodyIsRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refused(t, b.call(http.MethodPost, "/mgt/v1/widgets", "{", "Authorization", ""), 401, "invalid_key")
}

func TestAWritingPostNeedsOneUsableIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := `{"name":"a"}`
	refused(t, b.call(http.MethodPost, "/mgt/v1/widgets", body, "Idempotency-Key", ""), 400, "idempotency_key_required")
	for _, key := range []string{"a b", "é", strings.Repeat("k", 256), "tab\there", "del\x7f"} {
		refused(t, b.call(http.MethodPost, "/mgt/v1/widgets", body, "Idempotency-Key", key), 400, "invalid_header")
	}
	for _, key := range []string{"k", strings.Repeat("k", 255), "!~"} {
		require.Equal(t, 201, b.call(http.MethodPost, "/mgt/v1/widgets", body, "Idempotency-Key", key).Code)
	}
	require.Len(t, b.widgets.rows, 3)
}

func TestAReplayIsByteIdenticalAndSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.call(http.MethodPost, "/mgt/v1/widgets", `{"name":"<é&>"}`)
	again := b.call(http.MethodPost, "/mgt/v1/widgets", `{"name":"<é&>"}`)
	require.Equal(t, 201, first.Code)
	require.Equal(t, first.Code, again.Code)
	require.Equal(t, first.Body.Bytes(), again.Body.Bytes())
	require.Equal(t, first.Header().Get("Location"), again.Header().Get("Location"))
	require.Empty(t, first.Header().Get("Idempotent-Replayed"))
	require.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
}

func TestTheRequestHashIgnoresSpellingAndNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hash := func(body string) string {
		require.Equal(t, 201, b.call(http.MethodPost, "/mgt/v1/widgets", body).Code)
		intent := b.widgets.intents[len(b.widgets.intents)-1]
		require.Equal(t, "createWidget/app", intent.Scope)
		require.Len(t, intent.Hash, 32)
		return string(intent.Hash)
	}
	one := hash(`{"name":"é","size":1,"weight":"1.0"}`)
	require.Equal(t, one, hash("{ \"weight\" : \"1.0\",\n\"size\":1, \"name\":\"\\u00e9\"}"))
	require.NotEqual(t, one, hash(`{"name":"é","size":1,"weight":"1.00"}`))
	require.NotEqual(t, one, hash(`{"name":"é","size":2,"weight":"1.0"}`))
	require.NotEqual(t, one, hash(`{"name":"é","size":1}`))
	require.Equal(t, "createWidget/app/lse_1", Intent{Scope: "createWidget/app"}.Within("lse_1").Scope)
}

type widgetPage = Page[widget]

func (b *bench) page(target string) widgetPage {
	b.t.Helper()
	rec := b.call(http.MethodGet, target, "")
	require.Equal(b.t, 200, rec.Code, rec.Body.String())
	var p widgetPage
	require.NoError(b.t, json.Unmarshal(rec.Body.Bytes(), &p))
	require.NotNil(b.t, p.Data)
	return p
}

func (b *bench) fill(n int) {
	for i := range n {
		id, err := uuid.NewV7()
		require.NoError(b.t, err)
		b.widgets.rows = append(b.widgets.rows, widgetRow{ID: id, Name: fmt.Sprint(i)})
	}
}

func TestAPageWalkShowsEveryRowOnceWhileRowsAreInserted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, `{"data":[],"page":{"next_cursor":null,"has_more":false}}`+"\n", b.call(http.MethodGet, "/mgt/v1/widgets", "").Body.String())
	b.fill(25)
	seen, target := map[string]int{}, "/mgt/v1/widgets?limit=10"
	for pages := 0; ; pages++ {
		require.Less(t, pages, 5)
		p := b.page(target)
		for _, w := range p.Data {
			seen[w.ID]++
		}
		if !p.Page.HasMore {
			require.Nil(t, p.Page.NextCursor)
			break
		}
		b.fill(3)
		target = "/mgt/v1/widgets?limit=10&cursor=" + url.QueryEscape(*p.Page.NextCursor)
	}
	require.Len(t, seen, 25)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
}

func TestACursorWorksOnlyWhereItCameFrom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fill(5)
	cursor := url.QueryEscape(*b.page("/mgt/v1/widgets?limit=2&name=x").Page.NextCursor)
	b.page("/mgt/v1/widgets?name=x&limit=3&cursor=" + cursor)
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets?limit=2&cursor="+cursor, ""), 400, "cursor_mismatch")
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets?limit=2&name=y&cursor="+cursor, ""), 400, "cursor_mismatch")
	b.realm = uuid.New()
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets?limit=2&name=x&cursor="+cursor, ""), 400, "cursor_mismatch")
}

func TestAVersionTravelsAsAnETag(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]store.Versions{"": nil, etagOf(7): {7}, `"v7", "v8"`: {7, 8}, "\"v7\"\t,, \"v8\",": {7, 8}, "*": {store.AnyVersion},
		// Tags that are well formed and that we never gave, or that are weak, match no version at all.
		`W/"v7"`: {}, `"7"`: {}, `"v07"`: {}, `"v0"`: {}, `"v"`: {}, `""`: {}, `"v99999999999999999999"`: {}, `W/"v7", "v8"`: {8}} {
		got, err := ifMatch(header)
		require.NoError(t, err, header)
		require.Equal(t, want, got, header)
	}
	for _, bad := range []string{"7", "v7", `"v7`, `w/"v7"`, `"v7" "v8"`, `*, "v7"`, `"v7",*`, `W/v7`, ",", strings.Repeat(`"v7",`, 21)} {
		_, err := ifMatch(bad)
		require.Error(t, err, bad)
	}
}

func TestACallerMayPreferToWait(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]int{"": 0, "wait=10": 10, `wait="3"`: 3, "Wait = 7": 7, "respond-async": 0, "respond-async, wait=5; x=1, wait=9": 5, "wait=0": 0, "wait=3600": maxWait} {
		got, err := preferWait([]string{header})
		require.NoError(t, err, header)
		require.Equal(t, want, got, header)
	}
	for _, bad := range []string{"wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "wait=99999999999999999999", "=5", "a b"} {
		_, err := preferWait([]string{bad})
		require.Error(t, err, bad)
	}
}

func TestAReaderHasAVersionThatItNamesStrongOrWeak(t *testing.T) {
	t.Parallel()
	for _, has := range []string{`"v7"`, `W/"v7"`, `"v1", W/"v7"`, "*"} {
		require.True(t, noneMatch(has, etagOf(7)), has)
	}
	for _, not := range []string{"", `"v8"`, "v7", `"v7`} {
		require.False(t, noneMatch(not, etagOf(7)), not)
	}
	require.False(t, noneMatch("*", ""), "what has no version is always sent")
}

func TestAnOperationThatIsDeclaredWronglyIsNotRegistered(t *testing.T) {
	t.Parallel()
	good := op{ID: "x", Path: "/x", Summary: "X", Scope: "ops:read", method: http.MethodGet}
	require.NoError(t, good.check())
	for _, change := range []func(*op){
		func(o *op) { o.ID = "" }, func(o *op) { o.Scope = "" }, func(o *op) { o.Scope = "nope:read" },
		func(o *op) { o.Public = true }, func(o *op) { o.Idempotent = true }, func(o *op) { o.method = http.MethodPost },
		func(o *op) { o.method, o.Idempotent, o.Pure = http.MethodPost, true, true },
	} {
		bad := good
		change(&bad)
		require.Error(t, bad.check())
	}
}
