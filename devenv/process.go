package devenv

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// runsProgram reports whether pid is a live process of this program: a pid from a file may belong to another by now.
func runsProgram(pid int, program string) bool {
	if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	command, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		command, err = exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
		if err != nil {
			return false
		}
	}
	name, _, _ := strings.Cut(strings.ReplaceAll(string(command), "\x00", " "), " ")
	return strings.HasPrefix(filepath.Base(name), program)
}

// endProcess asks pid to stop and kills it when it has not after the grace.
func endProcess(ctx context.Context, pid int, program string, grace time.Duration) error {
	if !runsProgram(pid, program) {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	deadline := time.Now().Add(grace)
	for runsProgram(pid, program) {
		if time.Now().After(deadline) {
			return syscall.Kill(pid, syscall.SIGKILL)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
