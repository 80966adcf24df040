package badinput

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/durabill/durabill/api"
)

const largestProblem = 64 << 10

// problem is what a refusal must look like.
type problem struct {
	Type, Title, Detail, Instance, Code string
	Status                              int
	RequestID                           string `json:"request_id"`
	Retryable                           *bool
	Errors                              []struct{ Pointer, Code, Detail string }
	Hints                               []any
}

// insides are texts that only our insides have; none may be in an answer to anyone.
var insides = []string{"SQLSTATE", "pq:", "pgx", "gorm", "SELECT ", "INSERT ", "UPDATE ", "violates", "constraint", "relation \"", "column \"", "goroutine ",
	".go:", "panic", "runtime error", "postgres://", "reflect.", "json:", "strconv.", webhookSecret}

// namedByCode holds the codes that name their place themselves.
var namedByCode = map[string]string{
	"realm_mismatch": "@X-Realm-Id", "idempotency_key_required": "@Idempotency-Key", "cursor_mismatch": "?cursor", "signature_invalid": "@Stripe-Signature",
	"unsupported_media_type": "@Content-", "not_acceptable": "@Accept",
}

// judged says what is wrong with the answer to a mutation.
func (s *scene) judged(o operation, m mutation, a answer) []string {
	var wrong []string
	must := m.value.never
	note := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s %s: %d: %s: %s", o.ID, m, a.status, fmt.Sprintf(format, args...), bytes.TrimSpace(a.body[:min(len(a.body), 400)])))
	}
	switch {
	case a.late:
		note("no answer in %s", patience)
		return wrong
	case a.status >= 500 || a.status >= 300 && a.status < 400:
		note("not a definitive answer")
		return wrong
	case a.status < 300 && must:
		note("accepted")
		return wrong
	case a.status < 300:
		if allowed(o, m) == "" {
			note("accepted by no rule")
		}
		return wrong
	}
	for _, secret := range append(slices.Clone(insides), s.key, string(s.secret)) {
		if bytes.Contains(a.body, []byte(secret)) {
			note("shows %q", secret)
		}
	}
	if len(a.body) > largestProblem {
		note("%d bytes of problem", len(a.body))
		return wrong
	}
	var p problem
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil || a.header.Get("Content-Type") != "application/problem+json" || p.Status != a.status || p.RequestID == "" ||
		p.Detail == "" || p.Retryable == nil || p.Errors == nil || p.Hints == nil {
		note("no well-formed problem (%v)", err)
		return wrong
	}
	if !slices.Contains(api.Codes(), p.Code) {
		note("the code %s is not registered", p.Code)
	}
	pointed(o, m, p, note)
	return wrong
}

// pointed checks the places that a problem names.
func pointed(o operation, m mutation, p problem, note func(string, ...any)) {
	named := strings.HasPrefix(m.place, namedByCode[p.Code]) && namedByCode[p.Code] != ""
	for _, e := range p.Errors {
		if !slices.Contains(api.FieldCodes(), e.Code) {
			note("the field code %s is not registered", e.Code)
		}
		known := o.has(e.Pointer) || e.Code == "unknown_field" || e.Code == "duplicate_key" || p.Code == "malformed_json"
		if !known {
			note("points at %q, which is no place of the request", e.Pointer)
		}
		named = named || e.Pointer == m.place || strings.HasPrefix(e.Pointer, m.place+"/") || strings.EqualFold(e.Pointer, m.place) ||
			strings.HasPrefix(e.Pointer, m.place) && m.place == ""
	}
	switch {
	case named, p.Code == "body_too_large", p.Code == "not_found" && p.Status == 404, m.place == "body" && len(p.Errors)+len(p.Code) > 0, p.Code == "method_not_allowed":
	case p.Code == "validation_failed" && len(p.Errors) == 0:
		note("validation_failed without a place")
	case m.value.never:
		note("does not name %s", m.place)
	}
}
