package activities

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/durabill/durabill/fault"
)

// retryable is the one table that says whether trying again may help.
func retryable(k fault.Kind) bool {
	switch k {
	case fault.Unavailable, fault.Throttled, fault.Internal:
		return true
	case fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.Payment, fault.NotFound, fault.Conflict, fault.Precondition, fault.TooLarge:
		return false
	}
	return true
}

// broken says that a rule of our own was violated, which no repetition mends: a person has to look. An Internal error without a
// code of its own is merely unknown.
func broken(f *fault.Fault) bool { return f.Kind == fault.Internal && f.Code != "internal" }

// report gives an error to the workflow: its code as type, and whether trying again may help.
func report(err error) error {
	if err == nil {
		return nil
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return err
	}
	f := fault.Of(err)
	return temporal.NewApplicationErrorWithOptions(f.Error(), f.Code, temporal.ApplicationErrorOptions{NonRetryable: !retryable(f.Kind) || broken(f)})
}

// again gives an error to a loop that must go on for the other accounts, whatever this was.
func again(err error) error {
	f := fault.Of(err)
	return temporal.NewApplicationErrorWithOptions(f.Error(), f.Code, temporal.ApplicationErrorOptions{})
}
