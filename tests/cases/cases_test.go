package cases_test

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/harness/system"
)

//go:embed testdata
var files embed.FS

type object = map[string]any

// vector is a case as its file has it. Numbers are json.Number.
type vector struct {
	ID       string `json:"id"`
	Topic    string `json:"topic"`
	Inputs   object `json:"inputs"`
	Expected object `json:"expected"`
}

// question is a case in the endpoint's words, and where in the answer what is expected must stand: by JSON pointer.
type question struct {
	path string
	body object
	want object
}

// suite is a file of cases and how they are asked. A case in skipped, by id, names the row of policies.md it contradicts.
type suite struct {
	file    string
	count   int
	ask     func(vector) []question
	skipped map[string]string
	unasked map[string]string // topic/name of what a case says beside its question, and why; nil where names are not held to be read
	// silent are the fields of cases, or of one by its id, that nothing is asked by, and why. With it every other field must
	// matter to what is asked or compared: a case that says more than its adapter knows fails.
	silent map[string]string
}

// play asks every case of the file and prints how many were asked and which were not.
func (s suite) play(t *testing.T) {
	t.Helper()
	vectors := load(t, s.file)
	require.Len(t, vectors, s.count)
	sys := system.Start(t)
	run := 0
	for _, v := range vectors {
		if reason, skip := s.skipped[v.ID]; skip {
			t.Logf("skipped %s: %s", v.ID, reason)
			continue
		}
		run++
		t.Run(v.ID, func(t *testing.T) {
			questions := s.ask(v)
			require.NotEmpty(t, questions, "no adapter asks a case of topic %s with %v", v.Topic, v.Inputs)
			if s.unasked != nil {
				require.Empty(t, s.unread(t, v), "the adapter drops what the case says")
			}
			if s.silent != nil {
				require.Empty(t, s.unheard(t, v), "no adapter asks by these fields of the case")
			}
			asked := false
			for _, q := range questions {
				answer := post(t, sys, q.path, q.body)
				for pointer, want := range q.want {
					asked = true
					got, found := at(answer, pointer)
					require.True(t, found, "nothing at %s of %v", pointer, answer)
					require.True(t, same(want, got), "%s: want %v, got %v, of %v", pointer, want, got, answer)
				}
			}
			require.True(t, asked, "the case expects nothing")
		})
	}
	require.Equal(t, s.count, run+len(s.skipped), "a skipped case that the file does not have")
	t.Logf("%s: %d run, %d skipped", s.file, run, len(s.skipped))
}

func load(t *testing.T, file string) []vector {
	t.Helper()
	raw, err := files.ReadFile("testdata/" + file)
	require.NoError(t, err)
	return decode[struct {
		Cases []vector `json:"cases"`
	}](t, raw).Cases
}

func post(t *testing.T, sys *system.Running, path string, body object) any {
	t.Helper()
	var raw json.RawMessage
	require.NoError(t, sys.Post(t.Context(), path, "", body, &raw), body)
	return decode[any](t, raw)
}

// decode keeps every number as it is written.
func decode[T any](t *testing.T, raw []byte) T {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out T
	require.NoError(t, dec.Decode(&out))
	return out
}

// at follows a JSON pointer; a step key=value is the member of a list that has it.
func at(doc any, pointer string) (any, bool) {
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch d := doc.(type) {
		case object:
			next, found := d[step]
			if !found {
				return nil, false
			}
			doc = next
		case []any:
			if key, value, named := strings.Cut(step, "="); named {
				if doc = member(d, key, value); doc == nil {
					return nil, false
				}
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(d) {
				return nil, false
			}
			doc = d[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

func member(list []any, key, value string) any {
	for _, m := range list {
		if o, ok := m.(object); ok && o[key] == value {
			return o
		}
	}
	return nil
}

// same compares what a case expects with what was answered: decimals by value, whether written as number or as text, and
// everything else as it is written.
func same(want, got any) bool {
	if list, ok := want.([]any); ok {
		other, ok := got.([]any)
		return ok && slices.EqualFunc(list, other, same)
	}
	a, errA := decimal.NewFromString(fmt.Sprint(want))
	b, errB := decimal.NewFromString(fmt.Sprint(got))
	if errA == nil && errB == nil {
		return a.Equal(b)
	}
	return fmt.Sprint(want) == fmt.Sprint(got)
}

// renamed copies the inputs that are there under the endpoint's names.
func renamed(in object, names map[string]string) object {
	out := object{}
	for from, to := range names {
		if value, there := in[from]; there && value != nil {
			out[to] = value
		}
	}
	return out
}

// expected gives the pointers of what the case expects and the test knows a place for.
func expected(v vector, places map[string]string) object {
	out := object{}
	for name, value := range v.Expected {
		if pointer, known := places[name]; known {
			out[pointer] = value
		}
	}
	return out
}
