package badinput

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// mutation spoils one place of a valid request.
type mutation struct {
	place  string // as a problem's pointer would name it; "body" for the body as a whole
	format string // what the document says of the place
	value  value
	change func(*request)
}

func (m mutation) String() string { return m.place + " = " + m.value.name }

// mutations puts every value that makes sense, or is sure to make none, at every place of the operation.
func mutations(o operation, base request, foreign map[string]string) []mutation {
	out := parameters(o, base, foreign)
	if o.Body != nil {
		w := walk{foreign: foreign}
		w.at(o.Body, base.body, nil)
		out = append(out, w.out...)
		for _, v := range bodies(encode(base.body)) {
			out = append(out, whole(v))
		}
		out = append(out, mediaTypes()...)
	} else if !o.Raw && o.Method != "GET" && o.Method != "DELETE" {
		for _, v := range []value{{name: "a field", text: `{"a":1}`}, {name: "garbage", text: "{"}, {name: "list", text: "[]"}, {name: "null", text: "null"}} {
			out = append(out, whole(v))
		}
	}
	if o.Raw {
		for _, v := range bodies([]byte(`{"a":1}`)) {
			out = append(out, whole(v))
		}
	}
	return out
}

func whole(v value) mutation {
	v.never = true
	text := v.text
	return mutation{place: "body", value: v, change: func(r *request) { r.raw, r.body = []byte(text), nil }}
}

func mediaTypes() []mutation {
	var out []mutation
	for _, kind := range []string{absent, "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
		"application/json; charset=utf-16", "application/json;;=", "*/*", "json", "application/jsonx", "application/cloudevents+json"} {
		out = append(out, header("Content-Type", value{name: kind, text: kind, never: true}))
	}
	for _, encoding := range []string{"gzip", "br", "deflate, gzip", "x"} {
		out = append(out, header("Content-Encoding", value{name: encoding, text: encoding, never: true}))
	}
	return append(out, header("Accept", value{name: "text/html", text: "text/html", never: true}),
		header("Accept", value{name: "a;q", text: "a;q", never: true}))
}

func header(name string, v value) mutation {
	return mutation{place: "@" + name, value: v, change: func(r *request) { r.header = with(r.header, name, v.text) }}
}

func with(m texts, name, value string) texts {
	m = maps.Clone(m)
	if m == nil {
		m = texts{}
	}
	m[name] = value
	return m
}

// parameters spoils path, query and headers.
func parameters(o operation, base request, foreign map[string]string) []mutation {
	var out []mutation
	for _, p := range o.Params {
		for _, v := range forSchema(p.Schema.Value, p.Name, sampleOf(base, p), foreign) {
			if !v.plain {
				continue
			}
			format := formatOf(p.Schema.Value, p.Name)
			switch p.In {
			case "path":
				v.never = v.never || v.text != base.path[p.Name]
				out = append(out, mutation{"{" + p.Name + "}", format, v, func(r *request) { r.path = with(r.path, p.Name, v.text) }})
			case "query":
				v.never = v.never && !v.empty
				out = append(out, mutation{"?" + p.Name, format, v, func(r *request) { r.query = with(r.query, p.Name, v.text) }})
			case "header":
				if sendable(v.text) {
					m := header(p.Name, v)
					m.format = format
					out = append(out, m)
				}
			}
		}
		if p.In == "header" && p.Required {
			out = append(out, header(p.Name, value{name: "absent", text: absent, never: true}))
		}
	}
	for name, text := range (texts{"nmae": "x", "sort": "name; DROP TABLE realms", "LIMIT": "1", "limit[]": "1", "\xff": "1", "": "1"}) {
		out = append(out, mutation{place: "?" + name, value: value{name: "an unknown parameter", never: true},
			change: func(r *request) { r.query = with(r.query, name, text) }})
	}
	return out
}

// sendable says whether net/http would carry a header's value.
func sendable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func sampleOf(base request, p *openapi3.Parameter) string {
	for _, m := range []texts{base.path, base.query, base.header} {
		if m[p.Name] != "" {
			return m[p.Name]
		}
	}
	return ""
}

// walk goes through a body beside its schema.
type walk struct {
	foreign map[string]string
	out     []mutation
}

func (w *walk) at(s *openapi3.Schema, sample any, path []string) {
	switch {
	case s.Type.Is("object") && sample != nil:
		w.object(s, sample, path)
	case s.Type.Is("array"):
		items, _ := sample.([]any)
		if len(items) == 0 {
			return
		}
		many := make([]any, 2000)
		for i := range many {
			many[i] = items[0]
		}
		w.put(path, s, value{name: "two thousand items", json: many, never: s.MaxItems == nil || *s.MaxItems < uint64(len(many))})
		w.put(path, s, value{name: "an item twice", json: []any{items[0], items[0]}})
		w.leaf(s.Items.Value, items[0], append(slices.Clone(path), "0"))
	}
}

func (w *walk) object(s *openapi3.Schema, sample any, path []string) {
	have, _ := sample.(object)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		here := append(slices.Clone(path), name)
		w.leaf(s.Properties[name].Value, have[name], here)
		if have[name] == nil {
			continue
		}
		w.change(here, "", value{name: "left out", never: slices.Contains(s.Required, name)}, func(o object) { delete(o, name) })
		w.change(path, "", value{name: "another case of " + name, never: true}, func(o object) { o[strings.ToUpper(name)] = o[name] })
		w.change(here, "", value{name: "twice", never: true}, func(o object) {
			o[name] = raw(string(encode(o[name])) + `,"` + name + `":` + string(encode(o[name])))
		})
	}
	w.change(append(slices.Clone(path), "unknown"), "", value{name: "an unknown field", never: s.AdditionalProperties.Schema == nil},
		func(o object) { o["unknown"] = "x" })
	if s.AdditionalProperties.Schema != nil {
		for _, v := range append(slices.Clone(strange), numbers...) {
			w.put(append(slices.Clone(path), "team"), s.AdditionalProperties.Schema.Value, v)
		}
		for _, key := range []string{"", "a\u0000b", strings.Repeat("k", 10_000), "ключ", "a/b~c"} {
			w.change(path, "label", value{name: "a key of " + strconv.Quote(key[:min(len(key), 12)]), never: strings.Contains(key, "\x00")},
				func(o object) { o[key] = "x" })
		}
	}
}

func (w *walk) leaf(s *openapi3.Schema, sample any, path []string) {
	text, _ := sample.(string)
	for _, v := range forSchema(s, nameOf(path), text, w.foreign) {
		if v.json != nil {
			w.put(path, s, v)
		}
	}
	w.at(s, sample, path)
}

func (w *walk) put(path []string, s *openapi3.Schema, v value) {
	w.out = append(w.out, mutation{"/" + strings.Join(path, "/"), formatOf(s, nameOf(path)), v,
		func(r *request) { r.body = replaced(r.body, path, func(any) any { return v.json }) }})
}

// nameOf names what stands at path; an item of meter_ids is a meter_id.
func nameOf(path []string) string {
	name := path[len(path)-1]
	if _, err := strconv.Atoi(name); err == nil && len(path) > 1 {
		return strings.TrimSuffix(path[len(path)-2], "s")
	}
	return name
}

// change edits the object that holds the last name of path, or the one at path where the pointer is the object's.
func (w *walk) change(path []string, format string, v value, edit func(object)) {
	parent := path
	if v.name == "left out" || v.name == "twice" || v.name == "an unknown field" {
		parent = path[:len(path)-1]
	}
	pointer := ""
	if len(path) > 0 {
		pointer = "/" + strings.Join(path, "/")
	}
	w.out = append(w.out, mutation{pointer, format, v, func(r *request) {
		r.body = replaced(r.body, parent, func(old any) any {
			o := maps.Clone(old.(object))
			edit(o)
			return o
		})
	}})
}

// replaced copies a body on the way to the place that it changes.
func replaced(v any, path []string, change func(any) any) any {
	if len(path) == 0 {
		return change(v)
	}
	switch t := v.(type) {
	case object:
		out := maps.Clone(t)
		out[path[0]] = replaced(t[path[0]], path[1:], change)
		return out
	case []any:
		out := slices.Clone(t)
		i, _ := strconv.Atoi(path[0])
		out[i] = replaced(t[i], path[1:], change)
		return out
	}
	return change(v)
}

// forSchema chooses the values for a place by what the document expects there.
func forSchema(s *openapi3.Schema, name, sample string, foreign map[string]string) []value {
	switch name {
	case "X-Request-Id", "Idempotency-Key":
		return stamps
	case "If-Match":
		return tags
	}
	switch formatOf(s, name) {
	case "integer":
		return append(slices.Clone(integers), kinds...)
	case "id":
		return append(identifiers(sample, foreign), strange...)
	case "decimal":
		return append(slices.Clone(numbers), strange...)
	case "date-time":
		return append(slices.Clone(instants), strange...)
	case "uri":
		return append(slices.Clone(links), strange...)
	case "text":
		out := append(slices.Clone(strange), spelled("1e400", "NaN", "0x10", " 1")...)
		if s.MaxLength != nil {
			out = append(out, written("one more than the most", strings.Repeat("a", int(*s.MaxLength)+1)), written("the most", strings.Repeat("a", int(*s.MaxLength))))
		}
		return out
	}
	return kinds
}

func formatOf(s *openapi3.Schema, name string) string {
	switch {
	case s.Type.Is("integer"):
		return "integer"
	case !s.Type.Is("string"):
		return "other"
	case s.Format == "name": // the caller's own, of something in the same body
		return "text"
	case name != "principal_id" && name != "object_id" && name != "source_id" && (name == "id" || strings.HasSuffix(name, "_id")):
		return "id"
	case s.Format != "":
		return s.Format
	}
	return "text"
}
