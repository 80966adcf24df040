package devenv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// TemporalConfig says how to run the Temporal server.
type TemporalConfig struct {
	Binary      string // from BuildDevstack
	PostgresURL string // server and role that may create databases
	Database    string // default durabill_temporal; visibility goes to a second one beside it
	Port        int    // 0: a free one
	UIPort      int    // 0: no Web UI
	Namespace   string // default "default"
	Retention   time.Duration
	LogFile     string // where the server's own output goes

	detached bool // outlives this process
}

// Endpoint is where a Temporal server is.
type Endpoint struct {
	HostPort  string `json:"host_port"`
	UIURL     string `json:"ui_url"` // empty without a Web UI
	Namespace string `json:"namespace"`
}

// Temporal is a running server. It ends with this process, also when this process is killed.
type Temporal struct {
	Endpoint

	pid   int
	alive *os.File // the server stops when this pipe closes
	ended chan struct{}
}

const (
	temporalStartsWithin = 90 * time.Second
	temporalStopsWithin  = 10 * time.Second
)

// StartTemporal runs the server and returns when it answers and its namespace and search attributes exist. ctx bounds
// the start only. The server runs in a process group of its own: Ctrl-C reaches it through Stop, after its clients.
func StartTemporal(ctx context.Context, cfg TemporalConfig) (*Temporal, error) {
	cfg = cfg.withDefaults()
	if err := cfg.checkPorts(); err != nil {
		return nil, err
	}
	ready := cfg.LogFile + ".ready"
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	t := &Temporal{Endpoint: Endpoint{Namespace: cfg.Namespace}, ended: make(chan struct{})}
	if err := t.launch(cfg, ready); err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, temporalStartsWithin)
	defer cancel()
	for {
		if line, err := os.ReadFile(filepath.Clean(ready)); err == nil {
			t.HostPort, t.UIURL = parseReady(string(line))
			return t, nil
		}
		select {
		case <-t.ended:
			return nil, fmt.Errorf("the Temporal server ended while starting:\n%s", lastLines(cfg.LogFile, 10))
		case <-ctx.Done():
			_ = t.Stop(context.WithoutCancel(ctx))
			return nil, fmt.Errorf("the Temporal server was not ready in time: %w\n%s", ctx.Err(), lastLines(cfg.LogFile, 10))
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// Done is closed when the server has ended, for whatever reason.
func (t *Temporal) Done() <-chan struct{} { return t.ended }

// Stop ends the server. Its state is in Postgres: the next start continues every workflow.
func (t *Temporal) Stop(ctx context.Context) error {
	if t.alive != nil {
		_ = t.alive.Close()
	}
	return endProcess(ctx, t.pid, devstackProgram, temporalStopsWithin)
}

// Kill ends the server by SIGKILL and returns when it is gone. Its state is in Postgres.
func (t *Temporal) Kill() error {
	if err := syscall.Kill(t.pid, syscall.SIGKILL); err != nil {
		return err
	}
	<-t.ended
	return nil
}

func (c TemporalConfig) withDefaults() TemporalConfig {
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	if c.Database == "" {
		c.Database = "durabill_temporal"
	}
	if c.Retention == 0 {
		c.Retention = 72 * time.Hour
	}
	if c.LogFile == "" {
		c.LogFile = filepath.Join(os.TempDir(), devstackProgram+"-"+strconv.Itoa(os.Getpid())+".log")
	}
	return c
}

// checkPorts names a taken port before a process is started that could only say it in its log.
func (c TemporalConfig) checkPorts() error {
	for what, port := range map[string]int{"the Temporal server": c.Port, "the Temporal Web UI": c.UIPort} {
		if port != 0 && !portIsFree(port) {
			return fmt.Errorf("port %d for %s is taken by another program", port, what)
		}
	}
	return nil
}

func (t *Temporal) launch(cfg TemporalConfig, ready string) error {
	log, err := os.Create(cfg.LogFile)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	args := []string{
		"--postgres-url", cfg.PostgresURL, "--database", cfg.Database, "--namespace", cfg.Namespace,
		"--port", strconv.Itoa(cfg.Port), "--ui-port", strconv.Itoa(cfg.UIPort),
		"--retention", cfg.Retention.String(), "--ready-file", ready,
	}
	cmd := exec.Command(cfg.Binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cfg.detached {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	} else {
		read, write, err := os.Pipe()
		if err != nil {
			return err
		}
		defer func() { _ = read.Close() }()
		cmd.Stdin, t.alive = read, write
		cmd.Args = append(cmd.Args, "--exit-with-stdin")
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t.pid = cmd.Process.Pid
	go func() {
		_ = cmd.Wait()
		close(t.ended)
	}()
	return nil
}

// parseReady reads `ready frontend=127.0.0.1:7233 ui=http://127.0.0.1:8233`.
func parseReady(line string) (hostPort, uiURL string) {
	for _, field := range strings.Fields(line) {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "frontend":
			hostPort = value
		case "ui":
			uiURL = value
		}
	}
	return hostPort, uiURL
}

// answers reports whether something accepts connections there.
func (e Endpoint) answers(ctx context.Context) bool {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", e.HostPort)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
