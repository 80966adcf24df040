package badinput

import (
	"regexp"
	"slices"
	"strings"
)

// freeText are the fields that hold whatever a person or another system writes: any text that is well formed and short enough.
var freeText = []string{"name", "principal_id", "source_ref", "unit", "email", "labels", "team", "object_id", "actor"}

// pages are the links that a browser may be sent to.
var pages = []string{"http://169.254.169.254/latest/meta-data", "HTTPS://EXAMPLE.COM", "https://例え.jp/", "https://example.com:99999/"}

// codes are the fields that hold one. A meter or a feature may have been made by a spoilt request that was legal.
var codes = []string{"code", "source_kind", "meter_code", "feature_code"}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_.:-]{0,62}$`)

// allowed names the rule by which a spoilt request was nevertheless legal, or gives "". The document has allowed it already:
// types, lengths, forms and enumerations are its to say.
func allowed(o operation, m mutation) string {
	name := m.place[strings.LastIndexAny(m.place, "/?@{")+1:]
	switch {
	case m.place == "@X-Request-Id":
		return "a request id that is no good is replaced"
	case m.place == "@Prefer" && !strings.Contains(strings.ToLower(m.value.text), "wait"):
		return "a preference that we do not know is ignored (RFC 7240)"
	case m.place == "@Idempotency-Key":
		return "any visible characters are a key"
	case m.place == "@X-Principal-Id", m.place == "@X-Billing-Account-Id":
		return "the body or the query names the account, and the header is not asked"
	case m.value.name == "left out":
		return "an optional field may be absent"
	case m.place == "/labels" || m.value.name == "an unknown field" || strings.HasPrefix(m.value.name, "a key of"):
		return "labels are the caller's own"
	case m.place == "@If-Match" && (m.value.text == "*" || strings.Contains(m.value.text, `"v1", `)):
		return "any version, or a list that holds the one there is"
	case m.place == "@If-Match" && strings.TrimSpace(m.value.text) == "":
		return "an empty condition is none, where one is not required"
	case m.value.name == "an item twice", m.value.name == "array":
		return "a list within its bounds"
	case m.value.name == "true":
		return "a truth"
	case strings.HasPrefix(m.place, "/terms/") && (o.ID == "createPlan" || o.ID == "updatePlan"):
		return "a draft may be unfinished; publishing it checks its terms"
	case o.Reads && m.format == "text":
		return "a filter may match nothing"
	case strings.HasPrefix(o.ID, "compute") && m.value.name == "object":
		return "an object none of whose fields is required"
	case strings.HasPrefix(o.ID, "compute") && m.format == "text":
		return "a computation is about the caller's own words, and keeps none"
	case m.format == "text" && slices.Contains(freeText, name):
		return "free text is kept as it was sent"
	case m.format == "text" && slices.Contains(codes, name) && codeForm.MatchString(m.value.text):
		return "a code"
	case m.format == "uri" && slices.Contains(pages, m.value.text):
		return "a page's address, which only the customer's browser will open"
	case o.ID == "authorize" && m.format == "text", strings.HasPrefix(m.place, "/feature_codes/"):
		return "a feature or meter that nobody has is denied, and that is an answer"
	case o.Reads && m.value.empty:
		return "a filter may match nothing"
	case m.format == "date-time":
		return "an instant of RFC 3339, which the store has not refused for its time"
	case m.format == "decimal":
		return "a plain decimal, which the store has not refused for its sign or size"
	case m.format == "integer":
		return "a number within its bounds"
	}
	return ""
}
