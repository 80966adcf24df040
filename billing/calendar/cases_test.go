package calendar_test

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/calendar"
)

//go:embed testdata/periods.json
var periodCases []byte

// periodCase checks what it has: the period that contains At, or the boundaries from the anchor on.
type periodCase struct {
	ID         string        `json:"id"`
	Zone       string        `json:"zone"`
	Unit       calendar.Unit `json:"unit"`
	Count      int           `json:"count"`
	Anchor     time.Time     `json:"anchor"`
	At         *time.Time    `json:"at"`
	Index      *int          `json:"index"`
	Start      *time.Time    `json:"start"`
	End        *time.Time    `json:"end"`
	Hours      string        `json:"hours"`
	Boundaries []time.Time   `json:"boundaries"`
}

func TestTheSharedPeriodCasesHold(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases   []periodCase      `json:"cases"`
		Skipped map[string]string `json:"skipped"`
	}
	require.NoError(t, json.Unmarshal(periodCases, &file))
	require.Len(t, file.Cases, 36)
	for id, reason := range file.Skipped {
		t.Logf("skipped %s: %s", id, reason)
	}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

func (c periodCase) check(t *testing.T) {
	a := calendar.Anchor{At: c.Anchor, Zone: c.Zone, Cadence: calendar.Cadence{Unit: c.Unit, Count: c.Count}}
	for k, want := range c.Boundaries {
		got, err := a.Boundary(k)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	if c.At == nil {
		require.NotEmpty(t, c.Boundaries)
		return
	}
	k, err := a.Index(*c.At)
	require.NoError(t, err)
	p, err := a.Period(k)
	require.NoError(t, err)
	if c.Index != nil {
		require.Equal(t, *c.Index, k)
	}
	if c.Start != nil {
		require.Equal(t, *c.Start, p.Start)
	}
	if c.End != nil {
		require.Equal(t, *c.End, p.End)
	}
	if c.Hours != "" {
		require.Equal(t, c.Hours, strconv.FormatFloat(p.Duration().Hours(), 'f', -1, 64))
	}
}
