package cases_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unheard lists what an adapter drops without a reason given.
func (s suite) unheard(t *testing.T, v vector) []string {
	t.Helper()
	return slices.DeleteFunc(dropped(t, v, s.ask), func(field string) bool { return s.silent[field] != "" || s.silent[v.ID+" "+field] != "" })
}

// dropped lists what an adapter neither asks nor compares: the fields of a case which may be absent or have
// another value, and it puts the same questions. An adapter that cannot do with that panics, which is as good as another question.
func dropped(t *testing.T, v vector, ask func(vector) []question) []string {
	t.Helper()
	whole := askedOf(v, ask)
	var out []string
	for _, path := range leaves(object{"inputs": v.Inputs, "expected": v.Expected}, nil) {
		matters := slices.ContainsFunc([]func(object, string){absent, changed}, func(alter func(object, string)) bool {
			raw, err := json.Marshal(v)
			require.NoError(t, err)
			other := decode[vector](t, raw)
			altered(object{"inputs": other.Inputs, "expected": other.Expected}, path, alter)
			return askedOf(other, ask) != whole
		})
		if !matters {
			out = append(out, strings.Trim(fmt.Sprint(path), "[]"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// askedOf is the questions as text. Maps print with sorted keys; the questions of one case come in any order.
func askedOf(v vector, ask func(vector) []question) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprint("panic: ", p)
		}
	}()
	var out []string
	for _, q := range ask(v) {
		out = append(out, fmt.Sprint(q.path, q.body, q.want))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

// leaves are the paths to all fields of the objects in doc. What stands for nothing, null, is no field.
func leaves(doc any, under []any) [][]any {
	var out [][]any
	switch d := doc.(type) {
	case object:
		for name, value := range d {
			path := append(slices.Clone(under), name)
			if value == nil {
				continue
			}
			if below := leaves(value, path); len(below) > 0 {
				out = append(out, below...)
			} else {
				out = append(out, path)
			}
		}
	case []any:
		for i, value := range d {
			out = append(out, leaves(value, append(slices.Clone(under), i))...)
		}
	}
	return out
}

func altered(doc any, path []any, alter func(in object, name string)) {
	for _, step := range path[:len(path)-1] {
		if i, ok := step.(int); ok {
			doc = doc.([]any)[i]
		} else {
			doc = doc.(object)[step.(string)]
		}
	}
	alter(doc.(object), path[len(path)-1].(string))
}

func absent(in object, name string) { delete(in, name) }

func changed(in object, name string) {
	switch value := in[name].(type) {
	case string:
		in[name] = "9" + value
	case json.Number:
		in[name] = "9" + value
	case bool:
		in[name] = !value
	default:
		in[name] = []any{value}
	}
}

func TestACaseThatSaysMoreThanItsAdapterKnowsIsFound(t *testing.T) {
	t.Parallel()
	s := suite{ask: askPeriods, silent: localRepeats}
	v := vector{ID: "invented", Topic: "next_boundary", Inputs: object{"anchor": "2024-01-31T00:00:00Z", "anchor_local": "2024-01-31T00:00:00+0000",
		"mode": "anniversary"}, Expected: object{"next_boundary": "2024-02-29T00:00:00Z"}}
	require.Empty(t, s.unheard(t, v))
	v.Inputs["leap_days"], v.Expected["next_holiday"] = "skipped", "2024-03-01"
	require.Equal(t, []string{"expected next_holiday", "inputs leap_days"}, s.unheard(t, v))
}
