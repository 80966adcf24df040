package api

import (
	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
)

// pathID reads the id of a path or query parameter.
func pathID(prefix, s string) (uuid.UUID, error) {
	id, err := keys.Decode(prefix, s)
	if err != nil {
		return uuid.Nil, fault.New(fault.Invalid, "invalid_id", "Want an id that begins with %s_.", prefix).Because(err)
	}
	return id, nil
}

// bodyID reads the id at pointer of the body.
func bodyID(prefix, pointer, s string) (uuid.UUID, error) {
	id, err := keys.Decode(prefix, s)
	if err != nil {
		f := fault.New(fault.Invalid, "invalid_id", "Want an id that begins with %s_.", prefix).Because(err)
		f.Fields = []fault.Field{{Pointer: pointer, Code: "bad_format", Detail: f.Detail}}
		return uuid.Nil, f
	}
	return id, nil
}
