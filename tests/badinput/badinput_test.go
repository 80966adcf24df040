package badinput

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// most is how many requests an operation gets, unless BADINPUT=all asks for all there are.
const most = 200

func TestEveryOperationHasAFixtureThatSucceeds(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, o := range s.doc.operations {
		require.Contains(t, s.fixtures, o.ID, "an operation needs a valid request in fixtures_test.go")
		s.answered(o.ID)
	}
	require.Len(t, s.fixtures, len(s.doc.operations), "a fixture of an operation that is gone")
	require.Empty(t, s.Sound())
}

func TestABadValueAnywhereIsRefusedSoonWithItsPlaceAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("BADINPUT_SEED"); text != "" {
		_, err := fmt.Sscan(text, &seed)
		require.NoError(t, err)
	}
	t.Logf("BADINPUT_SEED=%d", seed)
	for _, o := range s.doc.operations {
		t.Run(o.ID, func(t *testing.T) { s.abuse(t, o, seed) })
	}
	require.Empty(t, s.Sound())
}

// abuse sends an operation's mutations: in a row between two digests those that can only be refused or only read, the others one
// by one, each on a request of its own.
func (s *scene) abuse(t *testing.T, o operation, seed uint64) {
	base := s.fixtures[o.ID](s)
	var row, single []mutation
	for _, m := range sampled(o, mutations(o, base, s.foreign), seed) {
		b, ok := s.build(o, spoilt(base, m))
		if !ok {
			continue // no client could send it
		}
		m.value.never = m.value.never || !s.doc.fits(b.req, b.body)
		if m.value.never || o.Reads {
			row = append(row, m)
		} else {
			single = append(single, m)
		}
	}
	before := s.digest()
	var wrong []string
	for _, m := range row {
		wrong = append(wrong, s.judged(o, m, s.try(o, m, base))...)
	}
	if tables := changed(before, s.digest()); len(tables) > 0 {
		wrong = append(wrong, fmt.Sprintf("%s: refused and changed %v: %s", o.ID, tables, s.culprit(o, row, base)))
	}
	wrong = append(wrong, s.oneByOne(o, single)...)
	for _, text := range wrong {
		t.Error(text)
	}
	t.Logf("%d that must be refused or only read, %d that may be legal", len(row), len(single))
}

func spoilt(r request, m mutation) request {
	m.change(&r)
	return r
}

func (s *scene) try(o operation, m mutation, base request) answer {
	b, _ := s.build(o, spoilt(base, m))
	return s.send(b)
}

// oneByOne sends mutations that may be legal, each on a fixture of its own; those that were refused are sent again between two
// digests.
func (s *scene) oneByOne(o operation, single []mutation) []string {
	var wrong []string
	var again []func() string
	for _, m := range single {
		a := s.try(o, m, s.fixtures[o.ID](s))
		wrong = append(wrong, s.judged(o, m, a)...)
		if a.status < 300 {
			continue
		}
		base := s.fixtures[o.ID](s)
		again = append(again, func() string {
			if b := s.try(o, m, base); b.status < 300 {
				return fmt.Sprintf("%s %s: refused with %d and then accepted: %s", o.ID, m, a.status, a.body)
			}
			return ""
		})
	}
	before := s.digest()
	for _, send := range again {
		if text := send(); text != "" {
			wrong = append(wrong, text)
		}
	}
	if tables := changed(before, s.digest()); len(tables) > 0 {
		wrong = append(wrong, fmt.Sprintf("%s: one of %d that were refused changed %v", o.ID, len(again), tables))
	}
	return wrong
}

// culprit finds the first request of a row that changes rows.
func (s *scene) culprit(o operation, row []mutation, base request) string {
	for _, m := range row {
		before := s.digest()
		a := s.try(o, m, base)
		if tables := changed(before, s.digest()); len(tables) > 0 {
			return fmt.Sprintf("%s answered %d and changed %v", m, a.status, tables)
		}
	}
	return "not one by itself"
}

// sampled chooses by seed which mutations are sent, the same for the same seed.
func sampled(o operation, all []mutation, seed uint64) []mutation {
	if strings.EqualFold(os.Getenv("BADINPUT"), "all") || len(all) <= most {
		return all
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(o.ID))
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:most]
}
