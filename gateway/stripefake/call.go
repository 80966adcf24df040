package stripefake

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through a handler. A handler first reads all its parameters, which records the first
// wrong one, then asks done, and only then changes anything.
type call struct {
	s         *Server
	st        *state
	r         *http.Request
	form      url.Values
	used      map[string]bool
	err       *apiError
	fault     Fault
	now       time.Time
	key       string // idempotency key
	requestID string
}

func (c *call) id() string { return c.r.PathValue("id") }

func (c *call) fail(e *apiError) {
	if c.err == nil {
		c.err = e
	}
}

// done refuses a wrong parameter, and one that no reader asked for: Stripe does too, and ignoring it would hide that
// its effect is missing here.
func (c *call) done() *apiError {
	if c.err != nil {
		return c.err
	}
	for name := range c.form {
		if !c.used[name] && !strings.HasPrefix(name, "expand[") {
			return invalid("parameter_unknown", name, "Received unknown parameter: %s", name)
		}
	}
	return nil
}

func (c *call) has(name string) bool { return c.form.Has(name) }

func (c *call) str(name string) string {
	c.used[name] = true
	return c.form.Get(name)
}

// opt gives nil for an absent or empty parameter, which Stripe renders as null.
func (c *call) opt(name string) *string {
	if v := c.str(name); v != "" {
		return &v
	}
	return nil
}

func (c *call) need(name string) string {
	v := c.str(name)
	if v == "" {
		c.fail(invalid("parameter_missing", name, "Missing required param: %s.", name))
	}
	return v
}

func (c *call) int(name string) int64 {
	v := c.str(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		c.fail(invalid("parameter_invalid_integer", name, "Invalid integer: %s", v))
	}
	return n
}

func (c *call) bool(name string) bool {
	v := c.str(name)
	if v != "" && v != "true" && v != "false" {
		c.fail(invalid("", name, "Invalid boolean: %s", v))
	}
	return v == "true"
}

// oneOf reads an enumerated parameter; the first choice is its default.
func (c *call) oneOf(name string, choices ...string) string {
	v := c.str(name)
	if v == "" {
		return choices[0]
	}
	for _, choice := range choices {
		if v == choice {
			return v
		}
	}
	c.fail(invalid("", name, "Invalid %s: must be one of %s", name, strings.Join(choices, ", ")))
	return v
}

func (c *call) currency(name string) string {
	v := strings.ToLower(c.need(name))
	if v != "" && len(v) != 3 {
		c.fail(invalid("", name, "Invalid currency: %s.", v))
	}
	return v
}

// metadata reads name[key]=value within Stripe's bounds.
func (c *call) metadata(name string) map[string]string {
	out := map[string]string{}
	for k := range c.form {
		inner, ok := strings.CutPrefix(k, name+"[")
		if !ok || !strings.HasSuffix(inner, "]") {
			continue
		}
		inner = strings.TrimSuffix(inner, "]")
		v := c.str(k)
		if len(inner) > 40 || len(v) > 500 {
			c.fail(invalid("", k, "Metadata keys may have 40 characters, values 500."))
		}
		out[inner] = v
	}
	if len(out) > 50 {
		c.fail(invalid("", name, "Metadata may have at most 50 keys."))
	}
	return out
}

// list reads name[0], name[1] …
func (c *call) list(name string) []string {
	var out []string
	for i := 0; ; i++ {
		k := name + "[" + strconv.Itoa(i) + "]"
		if !c.has(k) {
			return out
		}
		out = append(out, c.str(k))
	}
}
