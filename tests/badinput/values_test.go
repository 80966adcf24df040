package badinput

import (
	"strconv"
	"strings"
)

// value is something to put where something else is expected.
type value struct {
	name  string
	json  any    // in a body; nil where it cannot stand in one
	text  string // in a path, query or header
	plain bool   // text may stand there
	never bool   // no place takes it, whatever the document says of the place
	empty bool   // as a filter it is no mistake, and matches nothing
}

// written is a text that can be sent in every way.
func written(name, text string) value { return value{name: name, json: text, text: text, plain: true} }

func spelled(names ...string) []value {
	out := make([]value, 0, len(names))
	for _, text := range names {
		name := text
		if len(name) > 40 {
			name = name[:40] + "…"
		}
		out = append(out, written(name, text))
	}
	return out
}

// hostile is a text that no column can hold or no program should see; it stands in JSON only.
func hostile(name, json string) value { return value{name: name, json: raw(json), never: true} }

// kinds are values of every JSON type, for places that expect another.
var kinds = []value{
	{name: "null", json: raw("null")}, {name: "true", json: true}, {name: "number", json: raw("7")}, {name: "fraction", json: raw("1.5")},
	{name: "text", json: "text", text: "text"}, {name: "array", json: []any{}}, {name: "nested array", json: []any{[]any{"x"}}}, {name: "object", json: object{}},
	{name: "object with a field", json: object{"a": 1}},
}

// numbers are group 1, as texts: where decimals stand, and where programs parse numbers.
var numbers = append(spelled("1e400", "1E2147483647", strings.Repeat("9", 40), strings.Repeat("9", 41), "-1", "-0", "0", "0.0000000001",
	"0.000000000000000000001", "NaN", "-nan", "Infinity", "-Infinity", "0x10", "1_000", " 1", "1 ", "+1", "١٢٣", "１２", "9223372036854775808",
	"9223372036854775807", "9007199254740993", "1.0", ".5", "5.", "00", "1,5", "--1", "1e3", "99999999999999999999.999999999", "100000000000000000000",
	"0.00000000000000000001", "-99999999999999999999"),
	written("a hundred thousand digits", strings.Repeat("9", 100_000)),
	value{name: "a million digits", json: strings.Repeat("9", 1_000_000)},
	value{name: "a JSON number", json: raw("12")}, value{name: "a JSON fraction", json: raw("12.5")},
	value{name: "a JSON number beyond floats", json: raw("1e400")})

// integers are group 1 as JSON numbers.
var integers = []value{
	{name: "-1", json: raw("-1"), text: "-1", plain: true}, {name: "-0", json: raw("-0"), text: "-0", plain: true}, {name: "0", json: raw("0"), text: "0", plain: true},
	{name: "1.0", json: raw("1.0"), text: "1.0", plain: true}, {name: "1e0", json: raw("1e0"), text: "1e0", plain: true},
	{name: "2^63", json: raw("9223372036854775808"), text: "9223372036854775808", plain: true},
	{name: "2^63-1", json: raw("9223372036854775807"), text: "9223372036854775807", plain: true},
	{name: "2^31", json: raw("2147483648"), text: "2147483648", plain: true},
	{name: "2^53+1", json: raw("9007199254740993"), text: "9007199254740993", plain: true},
	{name: "1e400", json: raw("1e400"), text: "1e400", plain: true}, {name: "a thousand digits", json: raw(strings.Repeat("9", 1000)), text: strings.Repeat("9", 1000), plain: true},
	{name: "a text of digits", json: "1"}, {name: "abc", text: "abc", plain: true}, {name: "empty", text: "", plain: true}, {name: "201", json: raw("201"), text: "201", plain: true},
	{name: " 1", text: " 1", plain: true}, {name: "0x1", text: "0x1", plain: true}, {name: "1_0", text: "1_0", plain: true},
}

// strange are group 2.
var strange = append([]value{
	written("empty", ""), written("a space", " "), written("one character", "x"), written("right-to-left override", "a\u202ecba"),
	written("zero width", "a\u200bb\ufeff"), written("composed", "caf\u00e9"), written("decomposed", "cafe\u0301"),
	written("emoji", "👩‍👩‍👧‍👦"), written("dots", "../../etc/passwd"), written("percent NUL", "%00"), written("line break", "a\r\nX-Injected: 1"),
	written("formula", "=cmd|' /C calc'!A0"), written("plus formula", "+1+1"), written("at formula", "@SUM(1)"),
	written("SQL or", "' OR 1=1--"), written("SQL drop", "x';DROP TABLE realms;--"), written("SQL parameter", "$1"), written("format", "%s%n%d"),
	written("question mark", "?"), written("order by", "id; select pg_sleep(3)"), written("JSON path", "$..*"), written("template", "{{7*7}}${7*7}"),
	written("HTML", "<script>alert(1)</script>"), written("backslash", `\`), written("quote", `"`), written("like", "%_%"), written("escape", "\x1b[31m"),
	written("twenty thousand characters", strings.Repeat("a", 20_000)), written("five thousand wide characters", strings.Repeat("界", 5_000)),
	{name: "a megabyte", json: strings.Repeat("a", 1<<20)},
	hostile("NUL", `"a\u0000b"`), hostile("a raw NUL", "\"a\x00b\""), hostile("invalid UTF-8", "\"a\xff\""), hostile("an overlong slash", "\"\xc0\xaf\""),
	hostile("half a surrogate pair", `"\ud800"`), hostile("the other half", `"\udc00x"`), hostile("a raw control character", "\"a\x01b\""),
	{name: "a NUL in a parameter", text: "a\x00b", plain: true, never: true}, {name: "bytes in a parameter", text: "\xff\xfe", plain: true, never: true},
}, kinds...)

// instants are group 5.
var instants = append(spelled("0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z",
	"2026-01-30T24:00:00Z", "2026-06-30T23:59:60Z", "2026-01-30T00:00:00", "2026-01-30T00:00:00+14:00", "2026-01-30T00:00:00-23:59",
	"2026-01-30T00:00:00+24:00", "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2028-02-29T00:00:00Z", "2026-01-31T00:00:00Z", "2026-13-01T00:00:00Z",
	"2026-01-30", "2026-01-30 00:00:00Z", "2026-01-30T00:00:00z", "20260130T000000Z", "1769731200", "2126-01-01T00:00:00Z", "1926-01-01T00:00:00Z",
	"2026-02-04T23:05:01Z", "2025-12-20T00:00:00Z", "2026-03-29T02:30:00+01:00", "2026-10-25T02:30:00+02:00", "2026-01-30T00:00:00.123456789Z",
	"2026-01-30T00:00:00,5Z", "2026-01-30T00:00:00.Z", "0000-00-00T00:00:00Z", "now", "infinity", "-infinity", "epoch", "", "2026-1-3T0:0:0Z",
	"294277-01-01T00:00:00Z", "2026-01-30T00:00:00.000000000000000000000000000001Z"),
	value{name: "a JSON number", json: raw("1769731200")}, value{name: "null", json: raw("null")}, value{name: "an object", json: object{}},
	value{name: "NUL", json: raw(`"2026-01-30T00:00:00Z\u0000"`), never: true})

// identifiers are group 4 for a place that expects an id like sample; absent ids are well formed and name nothing here.
func identifiers(sample string, foreign map[string]string) []value {
	prefix := sample[:max(strings.LastIndexByte(sample, '_'), 0)]
	out := spelled("", "x", prefix+"_", prefix+"_01", prefix, prefix+"_8zzzzzzzzzzzzzzzzzzzzzzzzz", prefix+"_0000000000000000000000000u",
		"pfx_01h455vb4pex5vsknk084sn02q", strings.ToUpper(sample), sample+"0", sample+" ", " "+sample, "01890a5d-ac96-774b-bcce-b302099a8057",
		"00000000-0000-0000-0000-000000000000", "' OR 1=1--", sample+"/x", "/"+sample, sample+";x", "..", ".", sample+"%2f", "*", sample+"\n")
	formed := len(out)
	out = append(out, written("an id that names nothing", prefix+"_01h455vb4pex5vsknk084sn02q"),
		written("nil", prefix+"_00000000000000000000000000"), written("max", prefix+"_7zzzzzzzzzzzzzzzzzzzzzzzzz"),
		written("a random one", prefix+"_3h455vb4pex5vsknk084sn02qg"))
	if id := foreign[prefix]; id != "" {
		out = append(out, written("an id of another realm", id))
	}
	for i := range out {
		out[i].never, out[i].empty = true, i >= formed
	}
	for other, id := range foreign {
		if other != prefix {
			v := written("an id of another kind", id)
			v.never = prefix != ""
			out = append(out, v)
		}
	}
	return append(out, hostile("NUL", `"`+prefix+`_\u0000"`), value{name: "null", json: raw("null")}, value{name: "number", json: raw("1")},
		value{name: "list", json: []any{sample}}, value{name: "object", json: object{"id": sample}})
}

// links are for places that expect a URL.
var links = spelled("", "x", "javascript:alert(1)", "//evil.example", "https://", "https://exa mple.com", "https://example.com/\r\nX-Injected: 1",
	"data:text/html,<script>", "file:///etc/passwd", "https://user:password@example.com/", "http://169.254.169.254/latest/meta-data", "HTTPS://EXAMPLE.COM",
	"https://example.com/"+strings.Repeat("a", 3000), "https://[::1", "https://example.com:99999/", "https://例え.jp/", "mailto:a@example.com", "/relative")

// stamps are for the headers that take a text of a fixed form.
var stamps = append(spelled("", " ", "a b", "é", "<script>", "a;b", "a,b", "x", "\t", strings.Repeat("k", 64), strings.Repeat("k", 65), strings.Repeat("k", 255), strings.Repeat("k", 256)),
	value{name: "bytes", text: "\xff", plain: true})

// tags are for If-Match.
var tags = spelled("", "*", "v1", `"1"`, `W/"v1"`, `"v1", "v2"`, `"v01"`, `"v-1"`, `"v99999999999999999999"`, `"v2147483648"`, `"v9"`, `"v1`, "x", `"v1 "`)

// bodies are group 3: whole bodies that are no request, whatever the operation.
func bodies(valid []byte) []value {
	text := string(valid)
	inside := strings.TrimPrefix(text, "{")
	return []value{
		{name: "nothing", text: ""}, {name: "white space", text: "  \n"}, {name: "garbage", text: "{"}, {name: "trailing garbage", text: text + " x"},
		{name: "two documents", text: text + text}, {name: "BOM", text: "\ufeff" + text}, {name: "line comment", text: "// c\n" + text},
		{name: "comment", text: "/* c */" + text}, {name: "list", text: "[" + text + "]"}, {name: "empty list", text: "[]"}, {name: "text", text: `"x"`},
		{name: "number", text: "1"}, {name: "null", text: "null"}, {name: "true", text: "true"}, {name: "deep lists", text: strings.Repeat("[", 10_001)},
		{name: "deep closed lists", text: strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)},
		{name: "deep objects", text: strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001)},
		{name: "deep field", text: `{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "," + inside},
		{name: "a hundred thousand keys", text: manyKeys()}, {name: "ten megabytes", text: `{"a":"` + strings.Repeat("a", 10<<20) + `"}`},
		{name: "single quotes", text: strings.ReplaceAll(text, `"`, `'`)}, {name: "trailing comma", text: strings.TrimSuffix(text, "}") + ",}"},
		{name: "unfinished", text: text[:len(text)-1]}, {name: "UTF-16", text: "\xff\xfe{\x00}\x00"}, {name: "form", text: "a=1&b=2"}, {name: "XML", text: "<a/>"},
		{name: "NaN", text: `{"a":NaN}`}, {name: "prototype", text: `{"__proto__":{"a":1},` + inside}, {name: "a megabyte of spaces and more", text: text + strings.Repeat(" ", 1<<20)},
	}
}

func manyKeys() string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range 100_000 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strconv.Itoa(i) + `":0`)
	}
	b.WriteByte('}')
	return b.String()
}
