package metering

import (
	"maps"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Operation is what an event does with the key that it names.
type Operation string

// An event that names no operation adds.
const (
	OperationAdd    Operation = "add"
	OperationRemove Operation = "remove"
)

// Event is a usage event. Source and ID together name it. Time is when the usage happened, and RecordedAt when it became
// known: at once, if that is not said. Voids and Amends name another event of the same source. A property that is null
// is left out of Properties.
type Event struct {
	Source, ID       string
	Time, RecordedAt time.Time
	Value            Value
	Operation        Operation
	Properties       map[string]string
	Voids, Amends    string
}

// Ref names an event.
type Ref struct{ Source, ID string }

func (e *Event) ref() Ref { return Ref{Source: e.Source, ID: e.ID} }

// corrects names the event that this one is about, if it is a correction.
func (e *Event) corrects() (Ref, bool) {
	switch {
	case e.Voids != "":
		return Ref{Source: e.Source, ID: e.Voids}, true
	case e.Amends != "":
		return Ref{Source: e.Source, ID: e.Amends}, true
	}
	return Ref{}, false
}

func (e *Event) recorded() time.Time {
	if e.RecordedAt.IsZero() {
		return e.Time
	}
	return e.RecordedAt
}

// same says whether two events with one name say the same. When they were recorded is not what they say.
func (e *Event) same(o *Event) bool {
	return e.Time.Equal(o.Time) && e.Value.same(o.Value) && e.operation() == o.operation() && e.Voids == o.Voids &&
		e.Amends == o.Amends && maps.Equal(e.Properties, o.Properties)
}

func (e *Event) operation() Operation {
	if e.Operation == "" {
		return OperationAdd
	}
	return e.Operation
}

// Reason says why an event was not counted.
type Reason string

// The reasons for which an event is rejected.
const (
	ReasonValueMissing    Reason = "value_missing"             // it has no number where the aggregation needs one
	ReasonValueMalformed  Reason = "value_malformed"           // NaN, Inf, an exponent, text, or too many digits
	ReasonKeyMissing      Reason = "key_missing"               // it does not have the property whose values are counted
	ReasonTargetUnknown   Reason = "correction_target_unknown" // it corrects an event that is not there
	ReasonCorrectionCycle Reason = "correction_cycle"          // it corrects itself, by way of others or not
	ReasonFilterFailed    Reason = "filter_failed"             // the expression has no answer for it
)

// Value is the number of an event as it was sent: a number, or why there is none. The zero Value was not sent.
type Value struct {
	number decimal.Decimal
	text   string // as sent, where it is no number
	kind   valueKind
}

type valueKind uint8

const (
	valueMissing valueKind = iota
	valueNumber
	valueMalformed
)

// ParseValue reads a number as events carry it: a plain decimal with at most 20 digits before and after the point. What
// is no such number is kept as what it is: an event with it is rejected when it would count, and spoils no other.
func ParseValue(text string) Value {
	number, err := money.ParseQuantity(text)
	if err != nil {
		return Value{text: text, kind: valueMalformed}
	}
	return Value{number: number, kind: valueNumber}
}

// ValueOf makes a decimal a Value.
func ValueOf(number decimal.Decimal) Value { return Value{number: number, kind: valueNumber} }

// Number gives the number, or why there is none.
func (v Value) Number() (decimal.Decimal, Reason) {
	switch v.kind {
	case valueMissing:
		return decimal.Zero, ReasonValueMissing
	case valueMalformed:
		return decimal.Zero, ReasonValueMalformed
	default:
		return v.number, ""
	}
}

func (v Value) same(o Value) bool {
	return v.kind == o.kind && v.text == o.text && v.number.Equal(o.number)
}
