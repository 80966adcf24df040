// Package stage runs Durabill the way it is run by those who depend on it, so that it can be killed: api and worker as
// separate processes of a binary built with crash points (tag faults), on a Postgres cluster and a Temporal server of their
// own.
//
// A Ground owns the two servers and the binary; a Stage owns one installation on them: a database, a Temporal namespace, a
// fake Stripe in the caller's process (it stands for a provider that does not go down with us), and the processes, each with
// a fixed address so that it comes back where it was. Both own every process they start, end it by its pid, and clear away
// what a killed predecessor left. The package knows how to break things, to mend them and to say what is in the books; it
// refuses to decide what must be in them, and what to do meanwhile: that is for the tests and for whoever drives a load.
package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/durabill/durabill/devenv"
)

// connections is for several stages, and for the Temporal server.
const connections = 400

// Ground is a Postgres cluster that keeps what it has committed, a Temporal server whose state is in it, and the binary.
type Ground struct {
	Binary string // built with crash points

	home, dir    string
	devstack     string
	postgresPort int
	temporalPort int
	progress     io.Writer

	mu       sync.Mutex // guards what follows, and lets one database be made at a time
	cluster  *devenv.Cluster
	temporal *devenv.Temporal
	stages   int
}

// Open builds what has to be built and starts both servers. Progress may be nil.
func Open(ctx context.Context, progress io.Writer) (*Ground, error) {
	home, err := devenv.CacheDir("chaos")
	if err != nil {
		return nil, err
	}
	if err := clearLeft(ctx, home); err != nil {
		return nil, fmt.Errorf("clear what an earlier run left: %w", err)
	}
	g := &Ground{home: home, progress: progress}
	return g, g.open(ctx, func() error {
		if g.devstack, err = devenv.BuildDevstack(ctx, g.progress); err != nil {
			return err
		}
		g.Binary, err = Build(ctx, g.dir, "faults")
		return err
	})
}

// Another is a ground with servers of its own and the same binary, for what takes servers away while others need theirs. It
// must be closed before this one.
func (g *Ground) Another(ctx context.Context) (*Ground, error) {
	other := &Ground{home: g.home, progress: g.progress, devstack: g.devstack, Binary: g.Binary}
	return other, other.open(ctx, func() error { return nil })
}

var opened atomic.Int64

// open closes again what it cannot open to the end.
func (g *Ground) open(ctx context.Context, build func() error) error {
	g.dir = filepath.Join(g.home, fmt.Sprintf("%d-%d", os.Getpid(), opened.Add(1)))
	if err := os.Mkdir(g.dir, 0o755); err != nil { //nolint:gosec // the database's own user has to pass through
		return err
	}
	err := build()
	if err == nil {
		err = g.start(ctx)
	}
	if err != nil {
		err = errors.Join(err, g.Close(context.WithoutCancel(ctx)))
	}
	return err
}

func (g *Ground) start(ctx context.Context) error {
	var err error
	if g.postgresPort, err = quietPort(); err != nil {
		return err
	}
	if g.temporalPort, err = quietPort(); err != nil {
		return err
	}
	if err := g.StartPostgres(ctx); err != nil {
		return err
	}
	return g.StartTemporal(ctx)
}

// Build makes the product's binary in dir and gives its path; tags may be empty.
func Build(ctx context.Context, dir, tags string) (string, error) {
	root, err := devenv.Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "durabill-"+tags)
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-o", binary, "./cmd/durabill")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build with tags %q: %w\n%s", tags, err, out)
	}
	return binary, nil
}

// Close ends both servers and deletes everything. The stages must be closed before.
func (g *Ground) Close(ctx context.Context) error {
	var errs []error
	if g.temporal != nil {
		errs = append(errs, g.temporal.Stop(ctx))
	}
	errs = append(errs, devenv.RemoveCluster(ctx, g.postgresDir()), os.RemoveAll(g.dir))
	return errors.Join(errs...)
}

// StopPostgres ends the server at once, without a checkpoint and without a word to its clients.
func (g *Ground) StopPostgres(ctx context.Context) error { return g.cluster.Crash(ctx) }

// StartPostgres starts the server where it was, and returns when it has recovered.
func (g *Ground) StartPostgres(ctx context.Context) error {
	c, err := devenv.StartCluster(ctx, devenv.ClusterConfig{Dir: g.postgresDir(), Port: g.postgresPort, Durable: true,
		MaxConnections: connections, Progress: g.progress})
	g.cluster = c
	return err
}

// KillTemporal ends the server by SIGKILL.
func (g *Ground) KillTemporal() error { return g.temporal.Kill() }

// StartTemporal starts the server where it was; it needs Postgres.
func (g *Ground) StartTemporal(ctx context.Context) error {
	t, err := devenv.StartTemporal(ctx, devenv.TemporalConfig{Binary: g.devstack, PostgresURL: g.cluster.URL("postgres"),
		Port: g.temporalPort, LogFile: filepath.Join(g.dir, "temporal.log")})
	if err == nil {
		g.temporal = t
	}
	return err
}

func (g *Ground) postgresDir() string { return filepath.Join(g.dir, "postgres") }

// clearLeft ends and deletes what belongs to test processes that are gone.
func clearLeft(ctx context.Context, home string) error {
	left, err := os.ReadDir(home)
	if err != nil {
		return err
	}
	for _, entry := range left {
		owner, _, _ := strings.Cut(entry.Name(), "-")
		pid, err := strconv.Atoi(owner)
		if err != nil || pid != os.Getpid() && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		dir := filepath.Join(home, entry.Name())
		endLeft(dir)
		if err := errors.Join(devenv.RemoveCluster(ctx, filepath.Join(dir, "postgres")), os.RemoveAll(dir)); err != nil {
			return err
		}
	}
	return nil
}

// endLeft ends processes of a binary below dir. Their pids are on file; one that was given to another program since is
// told by its command line.
func endLeft(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*.pid"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(string(text))
		if err != nil || pid <= 0 {
			continue
		}
		command, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
		if err == nil && strings.HasPrefix(string(command), dir+string(filepath.Separator)) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// Ports below the range from which systems take the ports of outgoing connections: while a process is down, no client's
// connection may take the address that it comes back to.
const lowestPort, ports = 20_000, 12_000

var lastPort = struct {
	sync.Mutex
	n int
}{n: os.Getpid() * 17 % ports}

func quietPort() (int, error) {
	lastPort.Lock()
	defer lastPort.Unlock()
	for range ports {
		lastPort.n = (lastPort.n + 1) % ports
		port := lowestPort + lastPort.n
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, errors.New("no free port")
}

// until asks again and again until the answer is yes, an error, or too late.
func until(ctx context.Context, what string, ask func() (bool, error)) error {
	for {
		done, err := ask()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
