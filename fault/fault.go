// Package fault is the vocabulary of everything that may go wrong.
//
// A Fault carries a Kind, which decides how callers and retries treat it, and a Code, a stable snake_case word
// that API clients and tests depend on. Anything that is not a Fault is Internal: its text is logged, and never
// leaves the process. The package refuses to know HTTP, Temporal or SQL; api/problem.go and activities/errors.go
// each hold the one table that translates a Kind.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of refusal a Fault is.
type Kind uint8

// Every Kind but Unavailable and Internal is definitive: nothing was changed, and nothing will be.
const (
	Internal        Kind = iota // a bug or an unknown error; the outcome is ambiguous
	Invalid                     // the request's form or values are wrong
	Unauthenticated             // nobody we know
	Forbidden                   // known, but not allowed
	Payment                     // funds or a payment are missing
	NotFound                    // no such object in this realm
	Conflict                    // the object's state or a unique key forbids it
	Precondition                // If-Match or a required precondition failed
	TooLarge                    // over a size bound
	Throttled                   // too many requests; try later
	Unavailable                 // a part we need does not answer; try later
)

// String gives the Kind's name for logs.
func (k Kind) String() string {
	names := [...]string{"internal", "invalid", "unauthenticated", "forbidden", "payment", "not_found", "conflict",
		"precondition", "too_large", "throttled", "unavailable"}
	if int(k) < len(names) {
		return names[k]
	}
	return "internal"
}

// Field is one wrong place of a request body: an RFC 6901 pointer, a stable code and a sentence.
type Field struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Fault is an error with a Kind and a stable Code. Detail is written for the caller: no SQL, secrets or other tenants.
type Fault struct {
	Kind   Kind
	Code   string
	Detail string
	Fields []Field
	cause  error
}

// New makes a Fault; detail is a fmt format when args are given.
func New(kind Kind, code, detail string, args ...any) *Fault {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Fault{Kind: kind, Code: code, Detail: detail}
}

// At makes an Invalid fault with code validation_failed that points at one field.
func At(pointer, code, detail string, args ...any) *Fault {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Fault{Kind: Invalid, Code: "validation_failed", Detail: "The request has invalid fields.",
		Fields: []Field{{Pointer: pointer, Code: code, Detail: detail}}}
}

// Because returns a copy that wraps cause; the cause is for logs only.
func (f *Fault) Because(cause error) *Fault {
	c := *f
	c.cause = cause
	return &c
}

func (f *Fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.Code, f.Detail, f.cause)
	}
	return f.Code + ": " + f.Detail
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.cause }

// Of finds the Fault in an error chain, or makes an Internal one around it. Of(nil) is nil.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Kind: Internal, Code: "internal", Detail: "Something went wrong on our side.", cause: err}
}

// Is reports whether err carries a Fault with this code.
func Is(err error, code string) bool {
	var f *Fault
	return errors.As(err, &f) && f.Code == code
}
