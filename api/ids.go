package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
)

// pathID reads the id of the path; every path that has one calls it id.
func pathID(prefix, s string) (uuid.UUID, error) { return idAt(prefix, "{id}", s) }

// bodyID reads the id at pointer of the body.
func bodyID(prefix, pointer, s string) (uuid.UUID, error) { return idAt(prefix, pointer, s) }

// filterID reads the optional id of a query parameter. One that names nothing in the realm is not found, as it is in a path.
func (b base) filterID(ctx context.Context, prefix, name, s string) (*uuid.UUID, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // no filter
	}
	id, err := idAt(prefix, "?"+name, s)
	if err != nil {
		return nil, err
	}
	return &id, b.store.Know(ctx, callOf(ctx), prefix, id)
}

func idAt(prefix, pointer, s string) (uuid.UUID, error) {
	id, err := keys.Decode(prefix, s)
	if err != nil {
		f := fault.New(fault.Invalid, "invalid_id", "Want an id that begins with %s_.", prefix).Because(err)
		f.Fields = []fault.Field{{Pointer: pointer, Code: "bad_format", Detail: f.Detail}}
		return uuid.Nil, f
	}
	return id, nil
}
