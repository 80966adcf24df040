package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/durabill/durabill/devenv"
)

// peer is Postgres's own benchmark on the same cluster, in a database of its own.
type peer struct {
	program, url, script, version string
}

// scale gives pgbench ten branches and a million accounts, so that its clients seldom meet.
const scale = "10"

func newPeer(ctx context.Context, cluster *devenv.Cluster) (*peer, error) {
	p := &peer{url: cluster.URL("bench_peer")}
	var err error
	if p.program, err = findPgbench(ctx); err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, cluster.URL("postgres"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&p.version); err != nil {
		return nil, err
	}
	if err := recreate(ctx, cluster, "bench_peer"); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, p.program, "--quiet", "--initialize", "--scale", scale, p.url).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	return p, p.prepareInsert(ctx)
}

// prepareInsert makes the table of the single-row insert: a usage report in miniature, with a key of its own.
func (p *peer) prepareInsert(ctx context.Context) error {
	own, err := pgx.Connect(ctx, p.url)
	if err != nil {
		return err
	}
	defer func() { _ = own.Close(ctx) }()
	if _, err := own.Exec(ctx, `CREATE TABLE single (id bigserial PRIMARY KEY, account bigint NOT NULL, quantity numeric NOT NULL,
		at timestamptz NOT NULL DEFAULT clock_timestamp())`); err != nil {
		return err
	}
	f, err := os.CreateTemp("", "durabill-insert-*.sql")
	if err != nil {
		return err
	}
	p.script = f.Name()
	if _, err := f.WriteString("\\set account random(1, 10000)\nINSERT INTO single (account, quantity) VALUES (:account, 1.5);\n"); err != nil {
		return err
	}
	return f.Close()
}

// findPgbench looks beside the server, and where systems put clients.
func findPgbench(ctx context.Context) (string, error) {
	bin, err := devenv.FindPostgres(ctx, 0)
	if err != nil {
		return "", err
	}
	beside := filepath.Join(bin.Bin, "pgbench")
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	return exec.LookPath("pgbench")
}

func (p *peer) simpleUpdate(ctx context.Context, clients int, each time.Duration) (measurement, error) {
	return p.run(ctx, clients, each, "--skip-some-updates")
}

func (p *peer) insert(ctx context.Context, clients int, each time.Duration) (measurement, error) {
	return p.run(ctx, clients, each, "--file", p.script)
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

func (p *peer) run(ctx context.Context, clients int, each time.Duration, kind ...string) (measurement, error) {
	log, err := os.MkdirTemp("", "durabill-bench-*")
	if err != nil {
		return measurement{}, err
	}
	defer func() { _ = os.RemoveAll(log) }()
	args := append([]string{"--no-vacuum", "--protocol=prepared", "--client", strconv.Itoa(clients), "--jobs", strconv.Itoa(min(clients, 2)),
		"--time", strconv.Itoa(int(each.Seconds())), "--log", "--log-prefix", filepath.Join(log, "tx")}, kind...)
	out, err := exec.CommandContext(ctx, p.program, append(args, p.url)...).CombinedOutput()
	if err != nil {
		return measurement{}, fmt.Errorf("%w: %s", err, out)
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return measurement{}, fmt.Errorf("no rate in %q", out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		return measurement{}, err
	}
	samples, err := latencies(log)
	if err != nil {
		return measurement{}, err
	}
	return measurement{rate: rate, p50: quantile(samples, 0.5), p99: quantile(samples, 0.99)}, nil
}

// latencies reads pgbench's logs: the third field of a line is a transaction's microseconds.
func latencies(dir string) ([]time.Duration, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 3 {
				continue
			}
			us, err := strconv.ParseInt(fields[2], 10, 64)
			if err != nil {
				return nil, err
			}
			all = append(all, time.Duration(us)*time.Microsecond)
		}
	}
	slices.Sort(all)
	return all, nil
}
