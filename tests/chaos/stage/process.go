package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// process is an api or a worker that is started again and again under one name, with one address and one log.
type process struct {
	name string
	file string // its log; its pid is beside it
	args []string
	env  []string

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd is gone
	from  int64         // where cmd's part of the log begins
}

// End is how a process came to its end.
type End struct {
	Killed bool   // by SIGKILL, its own or ours; otherwise it stopped by itself
	Point  string // the crash point it died at, by its log; empty if none
}

func (p *process) start(binary, faults string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return fmt.Errorf("%s runs already", p.name)
	}
	log, err := os.OpenFile(p.file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	info, err := log.Stat()
	if err != nil {
		return err
	}
	p.from = info.Size()
	cmd := exec.Command(binary, p.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(slices.Clone(p.env), "DURABILL_FAULTS="+faults)
	// A group of its own: Ctrl-C ends the test first, and the test ends it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	return os.WriteFile(strings.TrimSuffix(p.file, ".log")+".pid", []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
}

func (p *process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil
	}
	if err := syscall.Kill(p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-p.ended
	return nil
}

var killedAt = regexp.MustCompile(`(?m)^fault: killed at (\S+) `)

// end waits until the process is gone and says how it went.
func (p *process) end(ctx context.Context) (End, error) {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	p.mu.Unlock()
	select {
	case <-ctx.Done():
		return End{}, fmt.Errorf("%s is still alive: %w", p.name, ctx.Err())
	case <-ended:
	}
	said, err := p.said()
	if err != nil {
		return End{}, err
	}
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	e := End{Killed: status.Signaled() && status.Signal() == syscall.SIGKILL}
	if m := killedAt.FindSubmatch(said); m != nil {
		e.Point = string(m[1])
	}
	return e, nil
}

// said is what the present run of the process has logged.
func (p *process) said() ([]byte, error) {
	log, err := os.ReadFile(p.file)
	if err != nil {
		return nil, err
	}
	return log[min(p.from, int64(len(log))):], nil
}

// serves says whether the process is up; one that was killed on its way there is no error, one that gave up is.
func (p *process) serves() (bool, error) {
	said, err := p.said()
	if err != nil || bytes.Contains(said, []byte("msg=serving")) {
		return err == nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return false, nil
	}
	if status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return true, nil
	}
	return false, fmt.Errorf("%s stopped while starting:\n%s", p.name, lastLines(said, 10))
}

func lastLines(log []byte, n int) []byte {
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}

func (s *Stage) newProcess(kind string, n int, env ...string) *process {
	name := fmt.Sprintf("%s-%d", kind, n)
	return &process{name: name, file: filepath.Join(s.dir, name+".log"), args: []string{kind}, env: append(slices.Clone(s.env), env...)}
}
