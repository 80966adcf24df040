package stripefake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// state is everything the fake knows; it is what the state file holds.
type state struct {
	Counters   map[string]int64       `json:"counters"`
	Endpoints  map[string]string      `json:"endpoints"` // secret by URL
	Cards      map[string]card        `json:"cards"`     // by customer
	Keys       map[string]*remembered `json:"keys"`
	Customers  table[*customer]       `json:"customers"`
	Products   table[*product]        `json:"products"`
	Prices     table[*price]          `json:"prices"`
	Invoices   table[*invoice]        `json:"invoices"`
	Items      table[*item]           `json:"invoiceitems"`
	Sessions   table[*session]        `json:"checkout_sessions"`
	Purchases  map[string][]*lineItem `json:"checkout_line_items"` // by session
	Intended   map[string]intended    `json:"checkout_intended"`   // by session
	Intents    table[*paymentIntent]  `json:"payment_intents"`
	Charges    table[*charge]         `json:"charges"`
	Events     table[*event]          `json:"events"`
	Deliveries table[*delivery]       `json:"deliveries"`
}

// row is an object with an id.
type row interface{ key() string }

// table keeps objects in the order they were made.
type table[T row] struct {
	rows []T
	byID map[string]T
}

func (t *table[T]) add(v T) T {
	if t.byID == nil {
		t.byID = map[string]T{}
	}
	t.rows, t.byID[v.key()] = append(t.rows, v), v
	return v
}

func (t *table[T]) get(id string) (T, bool) {
	v, ok := t.byID[id]
	return v, ok
}

// newest gives the rows that match, as Stripe lists them: the latest first.
func (t *table[T]) newest(match func(T) bool) []T {
	var out []T
	for _, v := range slices.Backward(t.rows) {
		if match(v) {
			out = append(out, v)
		}
	}
	return out
}

func (t table[T]) MarshalJSON() ([]byte, error) { return json.Marshal(t.rows) }

func (t *table[T]) UnmarshalJSON(b []byte) error {
	var rows []T
	if err := json.Unmarshal(b, &rows); err != nil {
		return err
	}
	for _, v := range rows {
		t.add(v)
	}
	return nil
}

// next makes an id: a prefix and a counter, so that the same calls give the same ids.
func (st *state) next(prefix string) string {
	st.Counters[prefix]++
	return fmt.Sprintf("%s_fake%08d", prefix, st.Counters[prefix])
}

// find gives any object by its id, for expand.
func (st *state) find(id string) (any, bool) {
	prefix, _, _ := strings.Cut(id, "_")
	switch prefix {
	case "cus":
		return st.Customers.get(id)
	case "prod":
		return st.Products.get(id)
	case "price":
		return st.Prices.get(id)
	case "in":
		return st.Invoices.get(id)
	case "ii":
		return st.Items.get(id)
	case "cs":
		return st.Sessions.get(id)
	case "pi":
		return st.Intents.get(id)
	case "ch":
		return st.Charges.get(id)
	default:
		return nil, false
	}
}

func load(path string) (*state, error) {
	st := &state{Counters: map[string]int64{}, Endpoints: map[string]string{}, Cards: map[string]card{}, Keys: map[string]*remembered{},
		Purchases: map[string][]*lineItem{}, Intended: map[string]intended{}}
	if path == "" {
		return st, nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, st); err != nil {
		return nil, fmt.Errorf("stripefake: state file %s: %w", path, err)
	}
	return st, nil
}

// save writes the whole state beside the file and renames it: a killed process leaves the old state or the new one.
func (s *Server) save() {
	if s.opts.StateFile == "" {
		return
	}
	now := s.opts.Clock()
	maps.DeleteFunc(s.st.Keys, func(_ string, k *remembered) bool { return now.Sub(k.At) >= keyLife })
	b, err := json.Marshal(s.st)
	if err == nil {
		tmp := s.opts.StateFile + ".tmp"
		if err = os.WriteFile(tmp, b, 0o600); err == nil {
			err = os.Rename(tmp, s.opts.StateFile)
		}
	}
	s.saveErr = errors.Join(s.saveErr, err)
}
