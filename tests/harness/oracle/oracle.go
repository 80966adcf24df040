// Package oracle holds every answer of the API to what it means. A definitive error has had no effect; an ambiguous one has
// had one effect or none, and the same request under the same key ends the doubt; a success is answered the same way however
// often it is asked for. Everything else is a violation.
//
// It knows the public API and what it itself has asked for, and refuses to look behind either: no store, no database. What it
// finds is collected, not asserted, so that tests and a command can both use it.
package oracle

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
)

// Class is what an answer says about the effect.
type Class string

// Busy and Ambiguous both end by asking again; only after Ambiguous may there have been an effect.
const (
	Success   Class = "success"
	Refused   Class = "refused"
	Busy      Class = "busy"
	Ambiguous Class = "ambiguous"
	Unknown   Class = "unclassified"
)

// Answer is one answer of the API; Status is 0 when none came.
type Answer struct {
	Class  Class
	Status int
	Code   string // of a problem
	Body   []byte
	Tag    string // ETag
	Replay bool   // said to be the stored answer of an earlier request
	// Doubted says that an earlier try of the same request may have had the effect.
	Doubted bool
}

// registry is every code that an error may carry, by status. A client switches on codes, so one that is not here is a bug.
var registry = map[int][]string{
	400: {"malformed_json", "invalid_id", "unknown_parameter", "cursor_mismatch", "idempotency_key_required", "invalid_header", "signature_invalid"},
	401: {"invalid_key", "key_expired", "key_revoked", "signature_invalid", "signature_expired", "nonce_replayed"},
	402: {"insufficient_funds", "payment_failed"},
	403: {"realm_mismatch", "scope_missing", "ip_not_allowed", "account_suspended", "account_parked", "feature_not_entitled", "approval_required"},
	404: {"not_found"},
	405: {"method_not_allowed"},
	406: {"not_acceptable"},
	409: {"idempotency_key_reused", "idempotency_in_progress", "already_exists", "state_conflict", "lease_closed", "lease_released",
		"event_conflict", "overlap_conflict", "period_closed", "immutable_resource", "in_use", "clock_busy"},
	410: {"cursor_expired"},
	412: {"version_conflict"},
	413: {"body_too_large"},
	415: {"unsupported_media_type"},
	422: {"validation_failed"},
	428: {"precondition_required"},
}

// busy are codes after which the request may simply be sent again: nothing has happened.
var busy = map[int][]string{
	408: {"request_timeout"},
	409: {"idempotency_in_progress"},
	429: {"rate_limited", "concurrency_limited", "quota_exceeded"},
}

// Classify says what an answer means. A missing answer is ambiguous.
func Classify(res *http.Response, body []byte, err error) Answer {
	if err != nil {
		return Answer{Class: Ambiguous}
	}
	a := Answer{Status: res.StatusCode, Body: body, Class: Unknown, Tag: res.Header.Get("ETag"), Replay: res.Header.Get("Idempotent-Replayed") == "true"}
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if a.Status < http.StatusBadRequest {
		if a.Status >= http.StatusOK && a.Status < http.StatusMultipleChoices && json.Valid(body) {
			a.Class = Success
		}
		return a
	}
	var problem struct {
		Code   string
		Status int
	}
	if media != "application/problem+json" || json.Unmarshal(body, &problem) != nil || problem.Status != a.Status {
		return a
	}
	a.Code = problem.Code
	switch {
	case a.Status == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "":
	case a.Status >= http.StatusInternalServerError && a.Code != "":
		a.Class = Ambiguous
	case slices.Contains(busy[a.Status], a.Code):
		a.Class = Busy
	case slices.Contains(registry[a.Status], a.Code):
		a.Class = Refused
	}
	return a
}
