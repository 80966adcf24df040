package devenv

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
	"time"

	"github.com/jackc/pgx/v5"
)

// maxSocketPath is what the smallest supported platform's sockaddr_un holds.
const maxSocketPath = 100

// ClusterConfig says where a private cluster lives and how careful it is.
type ClusterConfig struct {
	Dir            string
	Port           int  // 0: the one it had before, or a free one
	Durable        bool // false: faster, and lost when the machine crashes; for tests
	MaxConnections int
	Progress       io.Writer
}

// Cluster is a running private Postgres server. It outlives this process unless it is stopped.
type Cluster struct {
	Dir    string // where the data really lives; see StartCluster
	Port   int
	Reused bool // it ran already

	bin   Postgres
	owner owner
}

// StartCluster starts the cluster of cfg.Dir, made by initdb if it is not there, or finds it running. As root the data
// may live elsewhere than asked, since the server runs as another user. Loopback clients are trusted as any role.
func StartCluster(ctx context.Context, cfg ClusterConfig) (*Cluster, error) {
	who, err := serverOwner()
	if err != nil {
		return nil, err
	}
	asked, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	dir, err := who.place(asked, cfg.Progress)
	if err != nil {
		return nil, err
	}
	if err := who.prepare(dir); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", dir, err)
	}
	release, err := lockFile(ctx, dir+".lock")
	if err != nil {
		return nil, err
	}
	defer release()

	c := &Cluster{Dir: dir, owner: who}
	if c.bin, err = FindOrInstallPostgres(ctx, c.madeBy(), cfg.Progress); err != nil {
		return nil, err
	}
	// The package may have brought the user postgres, who was not there when the folder was given away.
	if c.owner, err = serverOwner(); err != nil {
		return nil, err
	}
	if err := c.owner.prepare(dir); err != nil {
		return nil, err
	}
	if err := c.create(ctx, cfg.Progress); err != nil {
		return nil, err
	}
	if c.findRunning(ctx) {
		return c, nil
	}
	return c, c.launch(ctx, cfg)
}

// URL is the address of one database of the cluster, as its superuser.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.Port, database)
}

// LogFile is the server's own log.
func (c *Cluster) LogFile() string { return filepath.Join(c.Dir, "server.log") }

// Stop ends the server without waiting for its clients. The data stays.
func (c *Cluster) Stop(ctx context.Context) error {
	if err := c.run(ctx, "pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", c.data()); err != nil && c.running(ctx) {
		return err
	}
	return nil
}

// Crash ends the server as a power cut would: no checkpoint, every connection dropped. What was committed is found again by
// recovery at the next start, if the cluster is Durable.
func (c *Cluster) Crash(ctx context.Context) error {
	return c.run(ctx, "pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", c.data())
}

func (c *Cluster) data() string { return filepath.Join(c.Dir, "data") }

// madeBy is the major version the cluster's files belong to, or 0 when there are none.
func (c *Cluster) madeBy() int {
	text, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return major
}

// create runs initdb beside the final place and renames, so that a killed initdb leaves nothing that looks finished.
func (c *Cluster) create(ctx context.Context, progress io.Writer) error {
	if c.madeBy() != 0 {
		return nil
	}
	say(progress, "Creating a Postgres %d cluster in %s", c.bin.Major, c.Dir)
	unfinished := c.data() + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	// Locale C sorts and compares the same on every machine.
	if err := c.run(ctx, "initdb", "-D", unfinished, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"); err != nil {
		return err
	}
	return os.Rename(unfinished, c.data())
}

// findRunning reports whether the cluster serves already. A pid file left by a killed server, whose pid another
// program may have by now, is removed: Postgres would refuse to start over it.
func (c *Cluster) findRunning(ctx context.Context) bool {
	pidFile := filepath.Join(c.data(), "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(lines[0]))
	if !runsProgram(pid, "postgres") {
		_ = os.Remove(pidFile)
		return false
	}
	if len(lines) > 3 {
		c.Port, _ = strconv.Atoi(strings.TrimSpace(lines[3]))
	}
	c.Reused = c.Port != 0 && c.answers(ctx)
	return c.Reused
}

func (c *Cluster) running(ctx context.Context) bool {
	return c.run(ctx, "pg_ctl", "status", "-D", c.data()) == nil
}

// launch starts the server. A free port can be lost to another program before Postgres binds it, so it tries again.
func (c *Cluster) launch(ctx context.Context, cfg ClusterConfig) error {
	for attempt := 1; ; attempt++ {
		port, err := c.choosePort(cfg.Port, attempt)
		if err != nil {
			return err
		}
		_ = os.Remove(c.LogFile())
		c.Port = port
		err = c.run(ctx, "pg_ctl", "start", "-w", "-s", "-t", "120", "-D", c.data(), "-l", c.LogFile(), "-o", c.settings(cfg))
		if err == nil && c.answers(ctx) {
			return os.WriteFile(filepath.Join(c.Dir, "port"), []byte(strconv.Itoa(port)), 0o600)
		}
		if cfg.Port != 0 || attempt == 3 || ctx.Err() != nil {
			return fmt.Errorf("start Postgres in %s on port %d: %w\n%s", c.Dir, port, err, lastLines(c.LogFile(), 10))
		}
	}
}

func (c *Cluster) choosePort(asked, attempt int) (int, error) {
	if asked == 0 && attempt == 1 {
		text, _ := os.ReadFile(filepath.Join(c.Dir, "port"))
		if before, err := strconv.Atoi(string(text)); err == nil && portIsFree(before) {
			return before, nil
		}
	}
	if asked != 0 && !portIsFree(asked) {
		return 0, fmt.Errorf("port %d for Postgres is taken by another program", asked)
	}
	if asked != 0 {
		return asked, nil
	}
	return freePort()
}

func (c *Cluster) settings(cfg ClusterConfig) string {
	values := []string{
		"port=" + strconv.Itoa(c.Port), "listen_addresses=127.0.0.1",
		"max_connections=" + strconv.Itoa(max(cfg.MaxConnections, 100)),
		"log_min_messages=warning", "log_checkpoints=off", "jit=off",
	}
	socket := c.Dir
	if len(socket) > maxSocketPath-len("/.s.PGSQL.65535") {
		socket = ""
	}
	values = append(values, "unix_socket_directories="+socket)
	if !cfg.Durable {
		values = append(values, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "checkpoint_timeout=30min")
	}
	var b strings.Builder
	for _, v := range values {
		// pg_ctl hands this to a shell.
		b.WriteString("-c '" + strings.ReplaceAll(v, "'", `'\''`) + "' ")
	}
	return b.String()
}

func (c *Cluster) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin.Bin, program), args...)
	cmd.Dir = c.Dir // the caller's folder may be closed to the server's user
	cmd.SysProcAttr = c.owner.attributes()
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PG") && !strings.HasPrefix(entry, "LC_") && !strings.HasPrefix(entry, "LANG") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// answers waits until the server accepts a connection; it may still be recovering.
func (c *Cluster) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			_ = conn.Close(ctx)
			return true
		}
		var refused *net.OpError
		if errors.As(err, &refused) && !c.running(ctx) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func portIsFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
