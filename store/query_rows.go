package store

import (
	"github.com/google/uuid"
)

// ids gathers the ids that rows name, each once.
func ids[R any](rows []R, of func(R) uuid.UUID) []uuid.UUID {
	seen, out := map[uuid.UUID]bool{}, []uuid.UUID{}
	for _, r := range rows {
		if id := of(r); id != uuid.Nil && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// keyed reads the rows whose column has one of the values, in one query, by key.
func keyed[R any](t *tx, column string, values []uuid.UUID, key func(R) uuid.UUID) (map[uuid.UUID]R, error) {
	out := make(map[uuid.UUID]R, len(values))
	if len(values) == 0 {
		return out, nil
	}
	var rows []R
	if err := t.Where(column+" IN ?", values).Find(&rows).Error; err != nil {
		return nil, err
	}
	for _, r := range rows {
		out[key(r)] = r
	}
	return out, nil
}

func present(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
