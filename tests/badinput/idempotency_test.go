package badinput

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// crowd is how many send the same request at once.
const crowd = 50

// keyed is a request under a key of its own.
func (s *scene) keyed(r request, key string) request {
	r.header = with(r.header, "Idempotency-Key", key)
	return r
}

// another gives a request of the same operation that the key of r must not be used for: other usage where keys are per account or
// lease, else another object.
func (s *scene) another(o operation, r request) request {
	if body, ok := r.body.(object); ok && body["meters"] != nil {
		r.body = replaced(r.body, []string{"meters"}, func(any) any { return meters("2") })
		return r
	}
	return s.fixtures[o.ID](s)
}

func (s *scene) ask(o operation, r request) answer {
	s.t.Helper()
	b, ok := s.build(o, r)
	require.True(s.t, ok)
	return s.send(b)
}

func (s *scene) code(a answer) string {
	s.t.Helper()
	var p problem
	require.NoError(s.t, json.Unmarshal(a.body, &p), "%s", a.body)
	return p.Code
}

func TestAKeyIsForOneRequestAndAnErrorDoesNotUseItUp(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, o := range s.doc.operations {
		if !o.Keyed {
			continue
		}
		require.Contains(t, s.fixtures, o.ID, "an operation needs a valid request in fixtures_test.go")
		r := s.keyed(s.fixtures[o.ID](s), s.fresh("key-"))
		if o.Body != nil {
			wrong := r
			wrong.body = object{"unknown": 1}
			require.Equal(t, http.StatusUnprocessableEntity, s.ask(o, wrong).status, o.ID)
		}
		first := s.ask(o, r)
		require.Less(t, first.status, 300, "%s: %s", o.ID, first.body)
		other := s.keyed(s.another(o, r), r.header["Idempotency-Key"])
		before := s.digest()
		reused := s.ask(o, other)
		require.Equal(t, http.StatusConflict, reused.status, "%s: %s", o.ID, reused.body)
		require.Equal(t, "idempotency_key_reused", s.code(reused), o.ID)
		again := s.ask(o, r)
		require.Equal(t, first.status, again.status, "%s: %s", o.ID, again.body)
		require.Equal(t, "true", again.header.Get("Idempotent-Replayed"), o.ID)
		if o.ID != "createServiceKey" && o.ID != "rotateServiceKey" { // its secret is told once
			require.Equal(t, string(first.body), string(again.body), o.ID)
		}
		require.Empty(t, changed(before, s.digest()), o.ID)
	}
}

func TestACrowdUnderOneKeyHasOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, id := range []string{"authorize", "commit", "recordUsage", "createMeter", "createPlanAssignment", "createCheckoutSession", "publishPlan", "suspendBillingAccount"} {
		o := s.operation(id)
		r := s.keyed(s.fixtures[id](s), s.fresh("key-"))
		b, ok := s.build(o, r)
		require.True(t, ok)
		answers := make([]answer, crowd)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = s.send(b) })
		}
		all.Wait()
		told := s.ask(o, r)
		require.Less(t, told.status, 300, "%s: %s", id, told.body)
		settled := s.digest()
		for _, a := range answers {
			if a.status == http.StatusConflict {
				require.Equal(t, "idempotency_in_progress", s.code(a), id)
				continue
			}
			require.Equal(t, told.status, a.status, "%s: %s", id, a.body)
			require.Equal(t, string(told.body), string(a.body), id)
		}
		require.Equal(t, told.body, s.ask(o, r).body, id)
		require.Empty(t, changed(settled, s.digest()), id)
	}
}
