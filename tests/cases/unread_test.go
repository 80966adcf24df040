package cases_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// unread gives the fields of a case that change neither what is asked nor what is expected, whatever they say: an adapter that
// does not know a field would otherwise let the case pass without it.
func (s suite) unread(t *testing.T, v vector) []string {
	t.Helper()
	as := s.asks(t, v)
	var out []string
	for _, side := range []string{"inputs", "expected"} {
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		whole := decode[object](t, raw)
		root := whole[side].(object)
		for name := range root {
			if s.unasked[v.Topic+"/"+name] != "" {
				continue
			}
			eachLeaf(root, name, name, func(path string, set func(any), old any) {
				set("?")
				changed, err := json.Marshal(whole)
				require.NoError(t, err)
				set(old)
				if s.asks(t, decode[vector](t, changed)) == as {
					out = append(out, side+"/"+path)
				}
			})
		}
	}
	return out
}

// eachLeaf visits what stands at a key and is no object or list. What is null says nothing.
func eachLeaf(in object, key, path string, visit func(path string, set func(any), old any)) {
	switch value := in[key].(type) {
	case nil:
	case object:
		for name := range value {
			eachLeaf(value, name, path+"/"+name, visit)
		}
	case []any:
		for i, entry := range value {
			at := fmt.Sprintf("%s/%d", path, i)
			if o, is := entry.(object); is {
				for name := range o {
					eachLeaf(o, name, at+"/"+name, visit)
				}
				continue
			}
			visit(at, func(to any) { value[i] = to }, entry)
		}
	default:
		visit(path, func(to any) { in[key] = to }, value)
	}
}

// asks is all that is asked of a case, as text. An adapter that cannot ask it at all has read it.
func (s suite) asks(t *testing.T, v vector) (text string) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	var all []any
	for _, q := range s.ask(v) {
		all = append(all, []any{q.path, q.body, q.want})
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func TestWhatAnAdapterDropsIsNamed(t *testing.T) {
	t.Parallel()
	s := suite{ask: func(v vector) []question {
		return []question{{path: "/", body: renamed(v.Inputs, map[string]string{"quantity": "quantity"}), want: expected(v, map[string]string{"amount": "/amount"})}}
	}, unasked: map[string]string{"any/currency": "of no matter"}}
	v := vector{Topic: "any", Inputs: object{"quantity": "1", "currency": "EUR", "minimum": nil, "tiers": []any{object{"up_to": "5"}}},
		Expected: object{"amount": "2", "tier": "1"}}
	require.ElementsMatch(t, []string{"inputs/tiers/0/up_to", "expected/tier"}, s.unread(t, v))
}
