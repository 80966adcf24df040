package stripefake

import (
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	invalidRequest   = "invalid_request_error"
	idempotencyError = "idempotency_error"
	cardError        = "card_error"
)

// apiError is Stripe's error object. status is the HTTP status; a validation error is not remembered under its key.
type apiError struct {
	status     int
	validation bool

	Charge        string         `json:"charge,omitempty"`
	Code          string         `json:"code,omitempty"`
	DeclineCode   string         `json:"decline_code,omitempty"`
	DocURL        string         `json:"doc_url,omitempty"`
	Message       string         `json:"message"`
	Param         string         `json:"param,omitempty"`
	PaymentIntent *paymentIntent `json:"payment_intent,omitempty"`
	Type          string         `json:"type"`
}

func (e *apiError) answer() answer {
	if e.Code != "" {
		e.DocURL = "https://stripe.com/docs/error-codes/" + e.Code
	}
	body, err := json.Marshal(map[string]*apiError{"error": e})
	if err != nil {
		panic(err) // plain strings and our own objects always marshal
	}
	return answer{Status: e.status, Body: body}
}

// remembered says whether Stripe keeps the answer under the idempotency key: it does once the call began to execute,
// not when the parameters were refused or the call was turned away.
func (e *apiError) remembered() bool { return !e.validation }

// invalid refuses parameters.
func invalid(code, param, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, validation: true, Type: invalidRequest, Code: code, Param: param,
		Message: fmt.Sprintf(format, args...)}
}

// conflicting refuses a transition that the object's state forbids; Stripe answers 400 there as well.
func conflicting(code, format string, args ...any) *apiError {
	e := invalid(code, "", format, args...)
	e.validation = false
	return e
}

// missing says that an object does not exist: 404 when it is the one addressed, 400 when a parameter names it.
func missing(kind, id, param string) *apiError {
	e := invalid("resource_missing", param, "No such %s: '%s'", kind, id)
	if param == "id" {
		e.status = http.StatusNotFound
	}
	return e
}

func internalError() *apiError {
	return &apiError{status: http.StatusInternalServerError, Type: "api_error",
		Message: "An unknown error occurred."}
}
