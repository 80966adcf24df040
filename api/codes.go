package api

import (
	"net/http"
	"slices"

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
	"delivery_too_large":       http.StatusBadRequest,
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
	"clock_busy":              true,
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

// codes is the registry of what a problem's code may be; callers switch on them, so one that is here stays.
var codes = []string{
	"account_closed", "account_parked", "account_suspended", "already_exists", "amount_malformed", "amount_not_minor",
	"amount_out_of_range", "body_too_large", "boundary_out_of_range", "clock_busy", "currency_mismatch", "currency_unknown",
	"cursor_mismatch", "decimal_malformed", "delivery_too_large", "feature_not_entitled", "idempotency_in_progress",
	"idempotency_key_required", "idempotency_key_reused", "immutable_resource", "in_use", "insufficient_funds", "internal",
	"invalid_header", "invalid_id", "invalid_key", "ip_not_allowed", "key_expired", "key_revoked", "lease_closed",
	"lease_released", "malformed_json", "method_not_allowed", "moment_malformed", "negative_total", "not_acceptable",
	"not_found", "out_of_range", "outcome_unknown", "overlap_conflict", "payment_processing", "precondition_required",
	"price_missing", "price_not_cumulative", "price_not_in_model", "provider_auth", "provider_card_error", "provider_error",
	"provider_id_missing", "provider_idempotency_error", "provider_invalid_request", "provider_key_missing",
	"provider_key_too_long", "provider_mismatch", "provider_not_configured", "provider_throttled", "quantity_above_blocks",
	"quantity_negative", "quota_exceeded", "realm_mismatch", "request_timeout", "scope_missing", "signature_invalid",
	"state_conflict", "timeout", "too_many_movements", "unavailable", "unknown_invariant", "unknown_meter",
	"unknown_parameter", "unsupported_media_type", "validation_failed", "version_conflict",
}

// fieldCodes is the registry of what the code of one wrong place may be.
var fieldCodes = []string{
	"aggregation_unknown", "bad_format", "bad_scale", "combination_incomplete", "currency_mismatch", "currency_unknown",
	"decimal_malformed", "duplicate", "duplicate_key", "exactly_one", "field_not_allowed", "mode_unknown", "model_unknown",
	"nan", "not_found", "op_unknown", "out_of_order", "out_of_range", "price_missing", "price_not_in_model",
	"quantity_negative", "rank_unknown", "required", "tier_empty", "tier_not_open", "tier_open", "too_long",
	"too_many_decimals", "unit_unknown", "unknown_asset", "unknown_field", "unknown_meter", "version_unknown",
	"window_invalid", "zone_unknown",
	"expression_invalid", "not_a_boundary", "rounding_unknown", "window_unknown",
}

// innerCodes is the registry of what breaks a rule of our own. On the wire it is internal; a workflow's failure and the reason for
// which an account is parked name it.
var innerCodes = []string{
	"bad_scale", "currency_mismatch", "invariant_violated", "nothing_to_post", "out_of_range", "posting_unbalanced",
	"provider_answer_unreadable", "provider_params_unreadable", "unknown_ledger_account",
}

// InnerCodes lists the codes of faults whose kind is Internal.
func InnerCodes() []string { return slices.Clone(innerCodes) }

// Codes lists what a problem's code may be.
func Codes() []string { return slices.Clone(codes) }

// FieldCodes lists what the code of one wrong place may be.
func FieldCodes() []string { return slices.Clone(fieldCodes) }
