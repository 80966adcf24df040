package bench

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"
	"github.com/jackc/pgx/v5"
)

// profiled is how many clients the profile is taken with: enough to keep the machine busy, few enough not to queue.
const profiled = 16

// Share is a part of a whole, and what it is.
type Share struct {
	What  string  `json:"what"`
	Share float64 `json:"share"` // of 1
}

// Profile says where the time of pairs goes.
type Profile struct {
	Clients int `json:"clients"`
	// CPU is this process's processor time, client and API together, by the innermost package that is ours or a library's.
	CPU []Share `json:"cpu"`
	// Cores is how much processor this process took, of the machine's cores.
	Cores float64 `json:"cores"`
	// Database is what Postgres's backends were found doing, sampled: working, or waiting for what.
	Database []Share `json:"database"`
	// StatementsPerPair counts round trips to Postgres that a pair takes, transaction brackets included.
	StatementsPerPair float64 `json:"statements_per_pair"`
	// RowsPerPair and BytesPerPair are what a pair writes, by Postgres's own statistics and its log.
	RowsPerPair  float64 `json:"rows_per_pair"`
	BytesPerPair float64 `json:"wal_bytes_per_pair"`
}

func (h *house) profile(ctx context.Context, cfg Config) (Profile, error) {
	say(cfg.Progress, "Profiling %d clients", profiled)
	conn, err := pgx.Connect(ctx, h.url)
	if err != nil {
		return Profile{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	before, err := written(ctx, conn)
	if err != nil {
		return Profile{}, err
	}
	var cpu bytes.Buffer
	if err := pprof.StartCPUProfile(&cpu); err != nil {
		return Profile{}, err
	}
	watched, stop := context.WithCancel(ctx)
	sampled := make(chan map[string]int, 1)
	go func() { sampled <- sample(watched, h.url) }()
	h.statements.Store(0)
	m, err := h.pairs(ctx, profiled, cfg.Each)
	pprof.StopCPUProfile()
	stop()
	states := <-sampled
	if err != nil {
		return Profile{}, err
	}
	after, err := written(ctx, conn)
	if err != nil {
		return Profile{}, err
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "cpu.pprof"), cpu.Bytes(), 0o600); err != nil {
		return Profile{}, err
	}
	pairs := m.rate * cfg.Each.Seconds()
	out := Profile{Clients: profiled, Database: shares(states), RowsPerPair: float64(after.rows-before.rows) / pairs,
		BytesPerPair: float64(after.wal-before.wal) / pairs, StatementsPerPair: float64(h.statements.Load()) / pairs}
	out.CPU, out.Cores, err = byPackage(&cpu)
	return out, err
}

type writes struct{ rows, wal int64 }

// written is how much the database has written so far. The statistics are flushed when a backend rests, so they are a little behind.
func written(ctx context.Context, conn *pgx.Conn) (writes, error) {
	var w writes
	time.Sleep(time.Second)
	err := conn.QueryRow(ctx, `SELECT (SELECT tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = current_database()),
		(pg_current_wal_lsn() - '0/0')::bigint`).Scan(&w.rows, &w.wal)
	return w, err
}

// sample looks at the API's backends many times a second.
func sample(ctx context.Context, url string) map[string]int {
	states := map[string]int{}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return states
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for ctx.Err() == nil {
		rows, err := conn.Query(ctx, `SELECT CASE WHEN state = 'idle' THEN 'idle, in no transaction' WHEN state = 'idle in transaction' THEN 'in a transaction, waiting for the API'
			WHEN wait_event_type IS NULL THEN 'working' ELSE 'waiting for ' || wait_event_type || ': ' || wait_event END
			FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`)
		if err != nil {
			break
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			break
		}
		for _, state := range found {
			states[state]++
		}
		time.Sleep(5 * time.Millisecond)
	}
	return states
}

func shares(counts map[string]int) []Share {
	total := 0
	for _, n := range counts {
		total += n
	}
	out := make([]Share, 0, len(counts))
	for what, n := range counts {
		out = append(out, Share{What: what, Share: float64(n) / float64(total)})
	}
	slices.SortFunc(out, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.What, b.What)) })
	return out
}

// byPackage adds up a CPU profile by the package of the innermost function that is not the runtime's or the standard library's
// plumbing, and says how many cores were busy.
func byPackage(cpu *bytes.Buffer) ([]Share, float64, error) {
	p, err := profile.Parse(cpu)
	if err != nil {
		return nil, 0, err
	}
	counts, total := map[string]int{}, int64(0)
	for _, s := range p.Sample {
		spent := s.Value[1] // nanoseconds
		total += spent
		counts[owner(s)] += int(spent / 1e6)
	}
	return shares(counts), float64(total) / float64(p.DurationNanos), nil
}

func owner(s *profile.Sample) string {
	for _, l := range s.Location {
		for _, line := range l.Line {
			name, _, _ := strings.Cut(line.Function.Name, "[") // type parameters hold paths too
			if host, _, ok := strings.Cut(name, "/"); ok && strings.Contains(host, ".") {
				dir, file := name[:strings.LastIndex(name, "/")+1], name[strings.LastIndex(name, "/")+1:]
				pkg, _, _ := strings.Cut(file, ".")
				return dir + pkg
			}
		}
	}
	return "the runtime and net/http alone"
}
