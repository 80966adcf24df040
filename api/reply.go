package api

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// One is the output of a read or an unkeyed write of a single T.
type One[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

// tagged is an output that may have a version.
type tagged interface{ tag() string }

func (o *One[T]) tag() string { return o.ETag }

// Reply is the output of an idempotent write. It is either fresh, or the stored answer of the first time, byte for
// byte.
type Reply[T any] struct {
	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Replayed string `header:"Idempotent-Replayed"`
	Applied  string `header:"Preference-Applied"`
	Body     Body[T]
}

// Stored is an answer as the store keeps it beside the effect, and gives it back on a replay.
type Stored struct {
	Status   int
	Location string
	ETag     string
	Body     []byte
}

// Body is T, or the bytes T was once written as.
type Body[T any] struct {
	raw json.RawMessage
}

// Schema is huma's way to ask how the type looks in JSON: exactly as T does.
func (Body[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// MarshalJSON writes the bytes as they are.
func (b Body[T]) MarshalJSON() ([]byte, error) { return b.raw, nil }

// answer renders value once; the store keeps these bytes in the transaction of the effect, and reply sends the same.
func answer[T any](status int, location string, value T) (Stored, error) {
	var buf bytes.Buffer
	if err := newEncoder(&buf).Encode(value); err != nil {
		return Stored{}, err
	}
	return Stored{Status: status, Location: location, Body: bytes.TrimRight(buf.Bytes(), "\n")}, nil
}

// reply sends a stored answer; replayed says that the effect is of an earlier request.
func reply[T any](s Stored, replayed bool) *Reply[T] {
	out := &Reply[T]{Status: s.Status, Location: s.Location, ETag: s.ETag, Body: Body[T]{raw: s.Body}}
	if replayed {
		out.Replayed = "true"
	}
	return out
}
