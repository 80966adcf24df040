package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Maybe is an object that may be null on the wire; huma knows null for simple types only.
type Maybe[T any] struct{ value *T }

// just is an object that is there.
func just[T any](v T) Maybe[T] { return Maybe[T]{value: &v} }

// Schema is huma's way to ask how the type looks in JSON.
func (Maybe[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

// MarshalJSON writes the object, or null.
func (m Maybe[T]) MarshalJSON() ([]byte, error) { return json.Marshal(m.value) }
