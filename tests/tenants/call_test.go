package tenants_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// call is one request with every id in place.
type call struct {
	path   map[string]string
	query  map[string]string
	header map[string]string
	body   map[string]any
	raw    string // instead of body

	own string // an id field of the caller's own choosing, which may be the same in two realms

	// refusal is how another realm's id is answered where that is not 404 not_found, and why.
	refusal int
	code    string
	because string
}

// get reads a field; empty when the call does not carry it.
func (c call) get(field string) string {
	in, name, _ := strings.Cut(field, " ")
	switch in {
	case "path":
		return c.path[name]
	case "query":
		return c.query[name]
	case "header":
		return c.header[name]
	}
	name, list := strings.CutSuffix(strings.TrimPrefix(name, "/"), "/*")
	if list {
		values, _ := c.body[name].([]string)
		if len(values) == 0 {
			return ""
		}
		return values[0]
	}
	value, _ := c.body[name].(string)
	return value
}

// with gives the call with one field replaced.
func (c call) with(field, value string) call {
	if c.header == nil {
		c.header = map[string]string{}
	}
	in, name, _ := strings.Cut(field, " ")
	c.path, c.query, c.header, c.body = maps.Clone(c.path), maps.Clone(c.query), maps.Clone(c.header), maps.Clone(c.body)
	switch in {
	case "path":
		c.path[name] = value
	case "query":
		c.query[name] = value
	case "header":
		c.header[name] = value
	default:
		name, list := strings.CutSuffix(strings.TrimPrefix(name, "/"), "/*")
		if list {
			c.body[name] = []string{value}
		} else {
			c.body[name] = value
		}
	}
	return c
}

func (c call) target(t *testing.T, r route) string {
	t.Helper()
	target := r.Path
	for name, value := range c.path {
		target = strings.ReplaceAll(target, "{"+name+"}", url.PathEscape(value))
	}
	require.NotContains(t, target, "{", "%s: a part of the path is not filled in", r.name())
	query := url.Values{}
	for name, value := range c.query {
		query.Set(name, value)
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target
}

// answered is what came back.
type answered struct {
	status int
	code   string
	body   map[string]any
	text   string
	etag   string
	header http.Header
}

func (a answered) str(path ...string) string {
	var at any = a.body
	for _, name := range path {
		inner, _ := at.(map[string]any)
		at = inner[name]
	}
	s, _ := at.(string)
	return s
}

// first gives a string of the first row of a list.
func (a answered) first(name string) string {
	rows, _ := a.body["data"].([]any)
	if len(rows) == 0 {
		return ""
	}
	row, _ := rows[0].(map[string]any)
	s, _ := row[name].(string)
	return s
}
