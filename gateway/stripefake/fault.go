package stripefake

import "net/http"

// Fault is something that goes wrong with one request.
type Fault string

// The faults a request can meet.
const (
	NoFault             Fault = ""
	TimeoutAfterSuccess Fault = "timeout_after_success" // the effect is had, the answer never comes
	ResetAfterSuccess   Fault = "reset_after"           // the effect is had, the connection breaks
	ErrorAfterSuccess   Fault = "500_after_success"     // the effect is had, and the key replays a 500
	ResetBefore         Fault = "reset_before"
	ErrorNoEffect       Fault = "500_no_effect"
	Throttled           Fault = "429"
	Decline             Fault = "decline" // the card is declined in this request, whatever its behaviour
)

// before gives the answer of a fault that keeps the call from executing; nil with stop breaks the connection.
func (f Fault) before() (a *answer, stop bool) {
	switch f {
	case ResetBefore:
		return nil, true
	case ErrorNoEffect:
		a := internalError().answer()
		return &a, true
	case Throttled:
		e := apiError{status: http.StatusTooManyRequests, Type: invalidRequest, Code: "rate_limit", Message: "Too many requests."}
		a := e.answer()
		return &a, true
	default:
		return nil, false
	}
}
