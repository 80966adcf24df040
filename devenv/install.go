package devenv

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// createClusterConf stops Debian's package from making and starting a cluster of its own: this one is private.
const createClusterConf = "/etc/postgresql-common/createcluster.conf"

func installPostgres(ctx context.Context, progress io.Writer) error {
	if _, err := os.Stat(createClusterConf); os.IsNotExist(err) {
		if err := os.MkdirAll(filepath.Dir(createClusterConf), 0o755); err != nil { //nolint:gosec // as the package makes it
			return err
		}
		if err := os.WriteFile(createClusterConf, []byte("create_main_cluster = false\n"), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	for _, args := range [][]string{
		{"update"},
		{"install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "postgresql"},
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		say(progress, "Installing Postgres: apt-get %s", args[0])
		if err := runWithProgress(cmd, progress, "apt-get "+args[0], nil); err != nil {
			return err
		}
	}
	return nil
}

// progressEvery is how often a long step says that it still runs.
const progressEvery = 10 * time.Second

// runWithProgress runs cmd and says every few seconds that it does; status, if given, adds how far it is. The end of
// the output is part of the error.
func runWithProgress(cmd *exec.Cmd, progress io.Writer, what string, status func() string) error {
	var output bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &output
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &output
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	start := time.Now()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				tail := output.Bytes()
				return fmt.Errorf("%s: %w\n%s", what, err, tail[max(0, len(tail)-2000):])
			}
			return nil
		case <-tick.C:
			detail := ""
			if status != nil {
				detail = ", " + status()
			}
			say(progress, "  %s: %s%s", what, time.Since(start).Round(time.Second), detail)
		}
	}
}
