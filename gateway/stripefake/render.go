package stripefake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// render writes a result as JSON, with the references the request asked to expand.
func (c *call) render(v any) (answer, *apiError) {
	body, err := json.Marshal(v)
	if err != nil {
		return answer{}, internalError()
	}
	if paths := c.list("expand"); len(paths) > 0 {
		expanded, refused := c.expand(body, paths)
		if refused != nil {
			return answer{}, refused
		}
		body = expanded
	}
	return answer{Status: http.StatusOK, Body: body}, nil
}

func (c *call) expand(body []byte, paths []string) ([]byte, *apiError) {
	doc, err := decode(body)
	if err != nil {
		return nil, internalError()
	}
	for _, path := range paths {
		if !c.expandPath(doc, strings.Split(path, ".")) {
			return nil, invalid("", "expand", "This property cannot be expanded (%s).", path)
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return nil, internalError()
	}
	return out, nil
}

// expandPath replaces the id at the end of a path by its object, in every element on the way.
func (c *call) expandPath(node any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch n := node.(type) {
	case []any:
		for _, element := range n {
			if !c.expandPath(element, path) {
				return false
			}
		}
		return true
	case map[string]any:
		value, ok := n[path[0]]
		if !ok {
			return false
		}
		if id, isID := value.(string); isID {
			object, found := c.st.find(id)
			if !found {
				return false
			}
			raw, err := json.Marshal(object)
			if err != nil {
				return false
			}
			if value, err = decode(raw); err != nil {
				return false
			}
			n[path[0]] = value
		}
		return value == nil || c.expandPath(value, path[1:])
	default:
		return false
	}
}

// decode keeps numbers as they are written.
func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// page is Stripe's list object.
type page[T any] struct {
	Object     string `json:"object"`
	Data       []T    `json:"data"`
	HasMore    bool   `json:"has_more"`
	TotalCount *int   `json:"total_count,omitempty"`
	URL        string `json:"url"`
}

// cursor is what a list request asks for.
type cursor struct {
	limit         int64
	after, before string
}

// cursor reads the list parameters.
func (c *call) cursor() cursor {
	cur := cursor{limit: 10, after: c.str("starting_after"), before: c.str("ending_before")}
	if c.has("limit") {
		cur.limit = c.int("limit")
		if cur.limit < 1 || cur.limit > 100 {
			c.fail(invalid("", "limit", "limit must be between 1 and 100"))
		}
	}
	if cur.after != "" && cur.before != "" {
		c.fail(invalid("", "ending_before", "starting_after and ending_before may not be used together"))
	}
	return cur
}

// paged cuts a page out of rows that are in listing order.
func paged[T row](c *call, rows []T, cur cursor) (any, *apiError) {
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	at := func(id, param string) (int, *apiError) {
		for i, v := range rows {
			if v.key() == id {
				return i, nil
			}
		}
		return 0, missing("object", id, param)
	}
	limit := int(cur.limit)
	from, to, more := 0, min(limit, len(rows)), len(rows) > limit
	switch {
	case cur.after != "":
		i, refused := at(cur.after, "starting_after")
		if refused != nil {
			return nil, refused
		}
		from, to = i+1, min(i+1+limit, len(rows))
		more = to < len(rows)
	case cur.before != "":
		i, refused := at(cur.before, "ending_before")
		if refused != nil {
			return nil, refused
		}
		from, to = max(0, i-limit), i
		more = from > 0
	}
	return page[T]{Object: "list", Data: append([]T{}, rows[from:to]...), HasMore: more, URL: c.r.URL.Path}, nil
}
