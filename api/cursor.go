package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/durabill/durabill/fault"
)

var errCursor = fault.New(fault.Invalid, "cursor_mismatch", "This cursor belongs to another list, filter or realm.")

// Position is the last row a page showed: its sort key, and its id to break ties. Rows after it are the next page,
// however many were inserted meanwhile.
type Position struct {
	Sort string    `json:"s,omitempty"`
	ID   uuid.UUID `json:"i"`
}

// cursors seals positions. A cursor is bound to realm, route and filters: it works only where it came from.
type cursors struct{ key []byte }

func newCursors(deps Deps) cursors { return cursors{key: deps.CursorKey} }

type sealed struct {
	Position
	Bound []byte `json:"b"`
}

func (c cursors) seal(realm uuid.UUID, route, query string, at Position) (string, error) {
	payload, err := json.Marshal(sealed{Position: at, Bound: binding(realm, route, query)})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(c.sum(payload), payload...)), nil
}

func (c cursors) open(realm uuid.UUID, route, query, cursor string) (Position, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	// The decoder skips line breaks, so that one cursor would have many spellings.
	if err != nil || len(raw) <= sha256.Size || base64.RawURLEncoding.EncodeToString(raw) != cursor {
		return Position{}, errCursor
	}
	mac, payload := raw[:sha256.Size], raw[sha256.Size:]
	if !hmac.Equal(mac, c.sum(payload)) {
		return Position{}, errCursor
	}
	var s sealed
	if err := json.Unmarshal(payload, &s); err != nil || !hmac.Equal(s.Bound, binding(realm, route, query)) {
		return Position{}, errCursor
	}
	return s.Position, nil
}

func (c cursors) sum(payload []byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte("cursor\x00"))
	mac.Write(payload)
	return mac.Sum(nil)
}

func binding(realm uuid.UUID, route, query string) []byte {
	h := sha256.New()
	for _, part := range []string{realm.String(), route, query} {
		writePart(h, []byte(part))
	}
	return h.Sum(nil)[:16]
}

// boundQuery is the part of a query that a cursor is bound to: all filters, in one order, without the page itself.
func boundQuery(q url.Values) string {
	bound := url.Values{}
	for name, values := range q {
		if name == "limit" || name == "cursor" {
			continue
		}
		bound[name] = slices.Sorted(slices.Values(values))
	}
	return bound.Encode()
}
