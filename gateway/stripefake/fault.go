package stripefake

import "net/http"

// Fault is something that goes wrong with one request.
type Fault string

// The faults a request can meet. After one that keeps the call from executing, the key is free; after one that has its effect, or
// is stored, the key replays.
const (
	NoFault             Fault = ""
	TimeoutAfterSuccess Fault = "timeout_after_success" // the effect is had, the answer never comes
	ResetAfterSuccess   Fault = "reset_after"           // the effect is had, the connection breaks
	ErrorAfterSuccess   Fault = "500_after_success"     // the effect is had, and the key replays a 500
	TruncatedJSON       Fault = "truncated_json"        // the effect is had, the answer is half of its JSON
	SlowBody            Fault = "slow_body"             // the effect is had, the answer begins and does not end
	ResetBefore         Fault = "reset_before"
	ErrorNoEffect       Fault = "500_no_effect"
	ErrorStored         Fault = "500_stored" // no effect, and the key replays a 500
	Refuse              Fault = "400"
	KeyInUse            Fault = "409_in_use"
	Throttled           Fault = "429"
	LockTimeout         Fault = "lock_timeout"
	Decline             Fault = "decline" // the card is declined in this request, whatever its behaviour
)

// before gives the answer of a fault that keeps the call from executing; nil with stop breaks the connection.
func (f Fault) before() (a *answer, stop bool) {
	var e *apiError
	switch f {
	case ResetBefore:
		return nil, true
	case ErrorNoEffect, ErrorStored:
		e = internalError()
	case Refuse:
		e = invalid("parameter_invalid", "", "A parameter is refused.")
	case KeyInUse:
		e = keyInUse()
	case Throttled:
		e = &apiError{status: http.StatusTooManyRequests, Type: invalidRequest, Code: "rate_limit", Message: "Too many requests."}
	case LockTimeout:
		e = &apiError{status: http.StatusTooManyRequests, Type: invalidRequest, Code: "lock_timeout",
			Message: "This object cannot be accessed right now because another API request or Stripe process is currently accessing it."}
	default:
		return nil, false
	}
	out := e.answer()
	return &out, true
}
