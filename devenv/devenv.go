// Package devenv sets up what Durabill runs on, on a machine that has nothing: a private Postgres cluster and the
// Temporal server of devstack/. `durabill dev` and the tests use it.
//
// It owns finding or installing Postgres binaries, clusters in folders of their own, the build of devstack, both
// servers' lives, and the pair of servers that all test packages of a checkout share. Everything listens on loopback
// only and is found again by folder, so that a second start reuses what runs or continues what was killed.
// It refuses business logic, schemas and data: it hands out addresses and knows nothing about who uses them.
package devenv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const modulePath = "github.com/durabill/durabill"

// Root gives the folder of the checkout that holds the working directory.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a checkout of %s", start, modulePath)
		}
	}
}

// CacheDir makes and gives a folder below the checkout's git-ignored .cache, by its real path: checkouts whose .cache is a
// link to one folder share its servers.
func CacheDir(name string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".cache", name)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the Postgres user must be able to pass through
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// say writes one progress line; progress that cannot be shown stops nothing.
func say(progress io.Writer, format string, args ...any) {
	if progress != nil {
		_, _ = fmt.Fprintf(progress, format+"\n", args...)
	}
}

// lastLines is what an error message shows of a log file.
func lastLines(path string, n int) string {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "(no log)"
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
