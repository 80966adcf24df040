package stage

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// unfinished lists everything that somebody has still to do, whoever's it is.
const unfinished = `
SELECT topic || ' ' || id FROM dispatch
UNION ALL SELECT 'stripe event ' || id || ' is ' || status FROM stripe_inbox WHERE status IN ('received', 'dead')
UNION ALL SELECT 'provider call ' || key || ' is ' || status FROM provider_calls WHERE status IN ('sent', 'unknown')
UNION ALL SELECT 'operation ' || kind || ' ' || id FROM operations WHERE status = 'running'
UNION ALL SELECT 'workflow ' || workflow_id || ' is ' || status FROM waits WHERE status <> 'waiting'`

// Rest waits until nothing is left to do: every event is delivered and every row that announces work is gone. Its error
// lists what is left.
func (s *Stage) Rest(ctx context.Context) error {
	var left []string
	err := until(ctx, "no rest", func() (bool, error) {
		if err := s.Fake.Drain(ctx); err != nil {
			return false, err
		}
		var err error
		left, err = s.Left(ctx)
		return len(left) == 0, err
	})
	if err != nil && len(left) > 0 {
		err = fmt.Errorf("%w\nleft:\n%s", err, strings.Join(left, "\n"))
	}
	return err
}

// Left lists what is still to do.
func (s *Stage) Left(ctx context.Context) ([]string, error) { return s.lines(ctx, unfinished) }

// Verify checks the product's invariants and lists every violation.
func (s *Stage) Verify(ctx context.Context) ([]string, error) {
	reports, err := s.Store.VerifyRealms(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range reports {
		for _, f := range r.Findings {
			for _, v := range f.Violations {
				out = append(out, fmt.Sprintf("%s %s: %s: %s", r.RealmCode, f.ID, v.Key, v.Detail))
			}
		}
	}
	return out, nil
}

// lines reads one column of text as the schema's owner, whom row level security does not bind.
func (s *Stage) lines(ctx context.Context, query string) ([]string, error) {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
