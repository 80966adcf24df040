package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/fault"
)

// Codes of the faults this package returns for an answer of the provider.
const (
	CodeInvalidRequest   = "provider_invalid_request"   // definitive; of kind NotFound when the object does not exist
	CodeIdempotencyError = "provider_idempotency_error" // definitive: the key was used with other parameters
	CodeAuth             = "provider_auth"              // definitive: an operator must look at the API key
	CodeCardError        = "provider_card_error"        // definitive: a card refused outside PayInvoice
	CodeThrottled        = "provider_throttled"         // nothing was done
	CodeError            = "provider_error"             // 5xx, network, time-out: see Ambiguous
)

// callError is the cause inside a fault. It keeps what operators need and drops what the SDK's error text carries
// beyond that: client secrets and card details.
type callError struct {
	op        string
	status    int
	kind      string
	code      string
	message   string
	requestID string
	ambiguous bool
	replayed  bool
	transport error
}

func (e *callError) Error() string {
	if e.transport != nil {
		return fmt.Sprintf("%s: %v", e.op, e.transport)
	}
	return fmt.Sprintf("%s: stripe answered %d %s %s: %s (request %s)", e.op, e.status, e.kind, e.code, e.message, e.requestID)
}

func (e *callError) Unwrap() error { return e.transport }

// Ambiguous reports whether the call may have had its effect although it failed: ask again with the same key, or
// look the object up, and block every other attempt meanwhile. Reads are never ambiguous.
func Ambiguous(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.ambiguous
}

// Refused reports whether the provider has looked at the call and will not do it: it had no effect and never will have, and
// only a call under another key can. A refusal of our credentials says nothing about the call.
func Refused(err error) bool {
	if err == nil {
		return false
	}
	f := fault.Of(err)
	switch f.Kind {
	case fault.Unavailable, fault.Throttled, fault.Internal:
		return false
	default:
		return f.Code != CodeAuth && f.Code != CodeIdempotencyError
	}
}

// Doomed reports whether the provider keeps a failure of its own under the key and will repeat it for as long as it knows the
// key. The call is over and may have had its effect: look for it, and only if it is not there use another key.
func Doomed(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.replayed && e.status >= http.StatusInternalServerError
}

// ProviderCode gives Stripe's own error code, or "".
func ProviderCode(err error) string {
	var e *callError
	if errors.As(err, &e) {
		return e.code
	}
	return ""
}

// failed translates the SDK's error of a write, readFailed that of a read.
func failed(op string, err error) error     { return translate(op, err, true) }
func readFailed(op string, err error) error { return translate(op, err, false) }

func translate(op string, err error, effect bool) error {
	if err == nil {
		return nil
	}
	var se *stripe.Error
	if !errors.As(err, &se) {
		cause := &callError{op: op, transport: err, ambiguous: effect && !neverSent(err)}
		return fault.New(fault.Unavailable, CodeError, "The payment provider could not be reached.").Because(cause)
	}
	cause := &callError{op: op, status: se.HTTPStatusCode, kind: string(se.Type), code: string(se.Code),
		message: se.Msg, requestID: se.RequestID}
	if se.LastResponse != nil {
		cause.replayed = se.LastResponse.Header.Get("Idempotent-Replayed") == "true"
	}
	f := answered(se)
	// That includes a key in use: another try with it is still running, and its outcome is not known yet.
	cause.ambiguous = effect && f.Code == CodeError
	return f.Because(cause)
}

// answered is the one table from Stripe's error answers to ours.
func answered(se *stripe.Error) *fault.Fault {
	switch {
	case se.HTTPStatusCode == http.StatusTooManyRequests:
		return fault.New(fault.Unavailable, CodeThrottled, "The payment provider asks us to slow down.")
	case se.HTTPStatusCode == http.StatusConflict, se.Code == stripe.ErrorCodeIdempotencyKeyInUse:
		return fault.New(fault.Unavailable, CodeError, "The payment provider is still busy with the same request.")
	case se.HTTPStatusCode >= http.StatusInternalServerError:
		return fault.New(fault.Unavailable, CodeError, "The payment provider failed.")
	case se.Type == stripe.ErrorTypeCard:
		return fault.New(fault.Payment, CodeCardError, "The card was declined.")
	case se.Type == stripe.ErrorTypeIdempotency:
		return fault.New(fault.Conflict, CodeIdempotencyError, "The idempotency key was used with other parameters.")
	case se.HTTPStatusCode == http.StatusUnauthorized, se.HTTPStatusCode == http.StatusForbidden:
		return fault.New(fault.Forbidden, CodeAuth, "The payment provider refused our credentials.")
	case se.HTTPStatusCode == http.StatusNotFound:
		return fault.New(fault.NotFound, CodeInvalidRequest, "The payment provider does not know the object.")
	case se.HTTPStatusCode >= http.StatusBadRequest:
		return fault.New(fault.Invalid, CodeInvalidRequest, "The payment provider refused the request.")
	default:
		return fault.New(fault.Unavailable, CodeError, "The payment provider answered something unexpected.")
	}
}

// neverSent recognises failures from before the first byte left: no connection, no effect.
func neverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns)
}
