package api

import (
	"net/http"

	"github.com/durabill/durabill/fault"
)

// kindStatus is the default status of each kind of fault.
var kindStatus = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.Payment:         http.StatusPaymentRequired,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Precondition:    http.StatusPreconditionFailed,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Throttled:       http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// codeStatus holds the codes whose status is not their kind's.
var codeStatus = map[string]int{
	"malformed_json":           http.StatusBadRequest,
	"invalid_id":               http.StatusBadRequest,
	"unknown_parameter":        http.StatusBadRequest,
	"cursor_mismatch":          http.StatusBadRequest,
	"idempotency_key_required": http.StatusBadRequest,
	"invalid_header":           http.StatusBadRequest,
	"signature_invalid":        http.StatusBadRequest, // of a provider's delivery, which carries no key of ours
	"method_not_allowed":       http.StatusMethodNotAllowed,
	"not_acceptable":           http.StatusNotAcceptable,
	"request_timeout":          http.StatusRequestTimeout,
	"cursor_expired":           http.StatusGone,
	"unsupported_media_type":   http.StatusUnsupportedMediaType,
	"precondition_required":    http.StatusPreconditionRequired,
	"provider_error":           http.StatusBadGateway,
	"timeout":                  http.StatusGatewayTimeout,
}

// retryable lists the codes after which the same request may succeed without any change. internal and timeout are
// not among them: they are ambiguous, which is a different promise.
var retryable = map[string]bool{
	"idempotency_in_progress": true,
	"rate_limited":            true,
	"concurrency_limited":     true,
	"provider_error":          true,
	"unavailable":             true,
	"overloaded":              true,
	"request_timeout":         true,
}

func statusOf(f *fault.Fault) int {
	if status, ok := codeStatus[f.Code]; ok {
		return status
	}
	return kindStatus[f.Kind]
}

// retryAfter gives seconds, or 0 for no header.
func retryAfter(p *Problem) int {
	if p.Retryable || p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		return 1
	}
	return 0
}
