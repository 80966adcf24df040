package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABodyThatIsNotOneCleanJSONDocumentIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, body := range map[string]string{
		"empty": "", "garbage": "{", "trailing garbage": `{"name":"a"} x`, "two documents": `{"name":"a"}{"name":"b"}`,
		"BOM": "\ufeff{\"name\":\"a\"}", "comment": `{"name":"a"/*c*/}`, "invalid UTF-8": "{\"name\":\"\xff\"}",
		"NUL": `{"name":"a\u0000"}`, "NUL key": `{"na\u0000me":"a"}`, "raw NUL": "{\"name\":\"a\x00\"}",
		"lone high surrogate": `{"name":"\ud800"}`, "lone low surrogate": `{"name":"\udc00"}`,
		"high then other": `{"name":"\ud800\u0041"}`, "deep": strings.Repeat("[", 10001), "deep closed": strings.Repeat("[", 40) + strings.Repeat("]", 40),
		"single quotes": `{'name':'a'}`, "NaN": `{"size":NaN}`, "trailing comma": `{"name":"a",}`,
		"leading zero": `{"name":"a","size":01}`, "unclosed": `{"name":"a"`, "closing": `}`, "missing colon": `{"name" "a"}`,
	} {
		rec := b.call(http.MethodPost, "/mgt/v1/widgets", body)
		t.Log(name, rec.Code)
		refused(t, rec, http.StatusBadRequest, "malformed_json")
	}
	require.Empty(t, b.widgets.rows)
}

func TestEveryWrongFieldIsNamedByPointerAndCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, c := range []struct{ body, pointer, code string }{
		{`{"name":"a","name":"b"}`, "/name", "duplicate_key"},
		{`{"name":"a","parts":[{"code":"x"},{"code":"x","code":"y"}]}`, "/parts/1/code", "duplicate_key"},
		{`{"name":"a","a/b~c":{"d":1,"d":2}}`, "/a~1b~0c/d", "duplicate_key"},
		{`{}`, "/name", "required"},
		{`{"name":""}`, "/name", "out_of_range"},
		{`{"name":"aaaaaaaaaaaaaaaaaaaaa"}`, "/name", "too_long"},
		{`{"name":7}`, "/name", "bad_format"},
		{`{"name":null}`, "/name", "bad_format"},
		{`{"name":"a","Name":"b"}`, "/Name", "unknown_field"},
		{`{"NAME":"a","name":"b"}`, "/NAME", "unknown_field"},
		{`{"name":"a","extra":1}`, "/extra", "unknown_field"},
		{`{"name":"a","parts":[{"code":"x"},{"code":"y","z":1}]}`, "/parts/1/z", "unknown_field"},
		{`{"name":"a","parts":[{"code":"X"}]}`, "/parts/0/code", "bad_format"},
		{`{"name":"a","parts":[{}]}`, "/parts/0/code", "required"},
		{`{"name":"a","parts":[{"code":"a"},{"code":"a"},{"code":"a"},{"code":"a"}]}`, "/parts", "too_long"},
		{`{"name":"a","kind":"oval"}`, "/kind", "bad_format"},
		{`{"name":"a","size":101}`, "/size", "out_of_range"},
		{`{"name":"a","size":1e400}`, "/size", "bad_format"}, {`{"name":"a","size":1e0}`, "/size", "bad_format"},
		{`{"name":"a","parts":[{"code":"x"},{"code":null}]}`, "/parts/1/code", "bad_format"}, {`{"name":"a","kind":null}`, "/kind", "bad_format"},
		{`{"name":"a","size":1.0}`, "/size", "bad_format"},
		{`{"name":"a","size":9223372036854775808}`, "/size", "out_of_range"},
		{`{"name":"a","price":{"currency":"EUR"}}`, "/price/amount", "required"},
		{`{"name":"a","price":{"amount":12.5,"currency":"EUR"}}`, "/price/amount", "bad_format"},
		{`{"name":"a","price":{"amount":"0.0000000001","currency":"EUR"}}`, "/price/amount", "bad_scale"},
		{`{"name":"a","price":{"amount":"NaN","currency":"EUR"}}`, "/price/amount", "nan"},
		{`{"name":"a","price":{"amount":"1","currency":"eur"}}`, "/price/currency", "bad_format"},
		{`{"name":"a","weight":"100000000000000000000"}`, "/weight", "out_of_range"},
		{`{"name":"a","at":"2026-13-01T00:00:00Z"}`, "/at", "bad_format"},
		{`{"name":"a","at":"2026-01-01T00:00:00"}`, "/at", "bad_format"},
		{`[]`, "", "bad_format"}, {`null`, "", "bad_format"}, {`"x"`, "", "bad_format"},
	} {
		rec := b.call(http.MethodPost, "/mgt/v1/widgets", c.body)
		p := refused(t, rec, http.StatusUnprocessableEntity, "validation_failed")
		found := false
		for _, f := range p.Errors {
			found = found || f.Pointer == c.pointer && f.Code == c.code
		}
		require.True(t, found, "%s: want %s at %q, got %+v", c.body, c.code, c.pointer, p.Errors)
	}
	require.Empty(t, b.widgets.rows)
}

func TestDecimalsThatAreNotPlainAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, s := range []string{"1e400", "1E2147483647", strings.Repeat("9", 1_000_00), strings.Repeat("9", 41), "Infinity", "0x10",
		"1_000", " 1", "1 ", "+1", "١٢", "1２", "", "-", ".5", "5.", "01", "--1", "1,5", "1.0000000001"} {
		rec := b.call(http.MethodPost, "/mgt/v1/widgets", `{"name":"a","price":{"amount":"`+s+`","currency":"EUR"}}`)
		p := refused(t, rec, http.StatusUnprocessableEntity, "validation_failed")
		require.Equal(t, "/price/amount", p.Errors[0].Pointer, s)
	}
	for _, s := range []string{"0", "-0", "-1.5", "12.340000000", "99999999999999999999.999999999"} {
		rec := b.call(http.MethodPost, "/mgt/v1/widgets", `{"name":"a","price":{"amount":"`+s+`","currency":"EUR"}}`)
		require.Equal(t, http.StatusCreated, rec.Code, rec.Body.String())
	}
}

func TestABodyIsBoundInSizeTypeAndEncoding(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := `{"name":"a"}`
	refused(t, b.call(http.MethodPost, "/mgt/v1/widgets", `{"name":"`+strings.Repeat("a", 1<<20)+`"}`), 413, "body_too_large")
	exact := body + strings.Repeat(" ", 1<<20-len(body))
	require.Equal(t, http.StatusCreated, b.call(http.MethodPost, "/mgt/v1/widgets", exact).Code)
	for _, kind := range []string{"text/plain", "application/xml", "application/json; charset=latin1", "application/x-www-form-urlencoded", "x", "application/json;;="} {
		refused(t, b.call(http.MethodPost, "/mgt/v1/widgets", body, "Content-Type", kind), 415, "unsupported_media_type")
	}
	refused(t, b.call(http.MethodPost, "/mgt/v1/widgets", body, "Content-Type", ""), 415, "unsupported_media_type")
	refused(t, b.call(http.MethodPost, "/mgt/v1/widgets", body, "Content-Encoding", "gzip"), 415, "unsupported_media_type")
	require.Equal(t, http.StatusCreated, b.call(http.MethodPost, "/mgt/v1/widgets", body, "Content-Type", "application/json; charset=UTF-8").Code)
}

func TestAnOperationWithoutABodyTakesNoneOrAnEmptyObject(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/mgt/v1/widgets/prd_01h455vb4pex5vsknk084sn02q/publish"
	require.Equal(t, http.StatusOK, b.call(http.MethodPost, path, "").Code)
	require.Equal(t, http.StatusOK, b.call(http.MethodPost, path, " { } ").Code)
	refused(t, b.call(http.MethodPost, path, `{"x":1}`), 422, "validation_failed")
	refused(t, b.call(http.MethodPost, path, `{`), 400, "malformed_json")
}

func TestARawOperationSeesEveryByteAndItsOwnBound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := "{\"b\":1, \"a\":1,\"a\":2}\n\xff"
	rec := b.call(http.MethodPost, "/webhooks/scratch", body, "Authorization", "", "Content-Type", "application/octet-stream")
	require.Less(t, rec.Code, 300, rec.Body.String())
	require.Equal(t, body, string(b.widgets.raw))
	refused(t, b.call(http.MethodPost, "/webhooks/scratch", strings.Repeat("x", 65)), 413, "body_too_large")
}
