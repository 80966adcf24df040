package oracle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/harness/oracle"
)

// shelf is an API with one thing on it, which a test makes lie.
type shelf struct {
	name          string
	version, rows int
	answered      map[string]string // by key

	tries                                                   int
	takesStale, forgetsKeys, forgetsRow, movesOn, misspells bool
	refuses                                                 func(*shelf) // and does this all the same
	cuts                                                    func(*shelf) // does this, and cuts the first try's connection
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/audit-log"):
		fmt.Fprintf(w, `{"data":[%s],"page":{}}`, strings.TrimSuffix(strings.Repeat("{},", s.rows), ","))
	default:
		s.change(w, r)
	}
}

func (s *shelf) show(w http.ResponseWriter) {
	w.Header().Set("ETag", fmt.Sprintf(`"v%d"`, s.version))
	fmt.Fprintf(w, `{"name":%q}`, s.name)
}

func (s *shelf) change(w http.ResponseWriter, r *http.Request) {
	s.tries++
	key := r.Header.Get("Idempotency-Key")
	if s.tries == 1 && s.cuts != nil {
		s.cuts(s)
		cut(w, r)
		return
	}
	if before, ok := s.answered[key]; ok && key != "" && !s.forgetsKeys {
		fmt.Fprint(w, before)
		return
	}
	if s.refuses != nil {
		s.refuses(s)
		problem(http.StatusConflict, "state_conflict")(w, r)
		return
	}
	if m := r.Header.Get("If-Match"); m != "" && m != fmt.Sprintf(`"v%d"`, s.version) && !s.takesStale {
		problem(http.StatusPreconditionFailed, "version_conflict")(w, r)
		return
	}
	var want struct{ Name string }
	_ = json.NewDecoder(r.Body).Decode(&want) // a test's own body
	s.to(want.Name)
	s.show(w)
	s.answered[key] = fmt.Sprintf(`{"name":%q}`, s.name)
	if s.movesOn {
		s.name = "another"
	}
}

func (s *shelf) to(name string) {
	s.name, s.version = name, s.version+1
	if s.misspells {
		s.name += "?"
	}
	if !s.forgetsRow {
		s.rows++
	}
}

func TestEveryBreachOfWhatAChangeMeansIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shelf  shelf
		key    string
		match  string // that of now, if empty
		fails  bool
		breach string
	}{
		"a change and its repeat":                          {},
		"a change under a key and its repeat":              {key: "k"},
		"a stale If-Match":                                 {match: `"v1"`, fails: true},
		"a refusal":                                        {shelf: shelf{refuses: func(*shelf) {}}, fails: true},
		"a cut after the effect":                           {shelf: shelf{cuts: func(s *shelf) { s.to("new") }}},
		"a cut before the effect":                          {shelf: shelf{cuts: func(*shelf) {}}},
		"a cut, no effect on record, and a refused repeat": {shelf: shelf{cuts: func(s *shelf) { s.version++ }}, breach: "went from 2 to 2"},
		"a cut after an effect that nobody asked for":      {shelf: shelf{cuts: func(s *shelf) { s.to("old") }}, breach: "its name is not"},
		"a stale If-Match that is taken":                   {shelf: shelf{takesStale: true}, match: `"v1"`, fails: true, breach: "cannot be"},
		"an If-Match that is taken twice":                  {shelf: shelf{takesStale: true}, breach: "when repeated"},
		"a key that is taken twice":                        {shelf: shelf{forgetsKeys: true, takesStale: true}, key: "k", breach: "went from 2 to 4"},
		"a change that is not on record":                   {shelf: shelf{forgetsRow: true}, breach: "went from 2 to 2"},
		"a change on record twice":                         {shelf: shelf{cuts: func(s *shelf) { s.to("new"); s.rows++ }}, breach: "went from 2 to 4"},
		"a change that does not last":                      {shelf: shelf{movesOn: true}, breach: "and it reads"},
		"a change of something else":                       {shelf: shelf{misspells: true}, breach: "its name is not"},
		"a version that jumps":                             {shelf: shelf{cuts: func(s *shelf) { s.to("new"); s.version++ }}, breach: "its tag went"},
		"a refusal of what must be taken":                  {shelf: shelf{refuses: func(*shelf) {}}, breach: "cannot be"},
		"a refusal with an effect":                         {shelf: shelf{refuses: func(s *shelf) { s.name = "new" }}, fails: true, breach: "it has changed"},
		"a refusal on record":                              {shelf: shelf{refuses: func(s *shelf) { s.rows++ }}, fails: true, breach: "went from 2 to 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.shelf
			s.name, s.version, s.rows, s.answered = "first", 2, 2, map[string]string{}
			server := httptest.NewServer(&s)
			t.Cleanup(server.Close)
			client := &oracle.Client{Base: func() string { return server.URL }, HTTP: server.Client(), Pause: time.Millisecond}
			match := c.match
			if match == "" {
				match = `"v2"`
			}
			_, err := client.Change(t.Context(), oracle.Change{Object: "thing", Fails: c.fails,
				Op: oracle.Op{Name: "change", Method: http.MethodPatch, Path: "/thing", Key: c.key, Match: match, Body: map[string]any{"name": "new"}},
				Read: func(ctx context.Context) (oracle.State, error) {
					return oracle.State{Tag: fmt.Sprintf(`"v%d"`, s.version), Body: []byte(fmt.Sprintf(`{"name":%q}`, s.name))}, nil
				}})
			require.NoError(t, err)
			said := strings.Join(client.Record().Violations, "\n")
			if c.breach == "" {
				require.Empty(t, said)
			} else {
				require.Contains(t, said, c.breach)
			}
		})
	}
}
