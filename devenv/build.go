package devenv

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
)

const (
	devstackProgram = "durabill-devstack"
	// devstackPackages is what `go list -deps` counts, rounded: only the progress lines use it.
	devstackPackages = 1800
)

// BuildDevstack builds the Temporal server of devstack/ into the checkout's .cache and gives the binary. The name
// carries a hash of the sources, so an unchanged server is built once; the first build downloads 240 MB and takes minutes.
func BuildDevstack(ctx context.Context, progress io.Writer) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, "devstack")
	key, err := sourceKey(source)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", source, err)
	}
	cache, err := CacheDir("devstack")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(cache, devstackProgram+"-"+key)
	release, err := lockFile(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer release()
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	say(progress, "Building the Temporal server (the first time takes minutes)")
	if err := buildModule(ctx, source, binary+".new", progress); err != nil {
		return "", err
	}
	removeOthers(cache)
	return binary, os.Rename(binary+".new", binary)
}

// removeOthers deletes the binaries of older sources: each has 150 MB. A running server keeps its open file.
func removeOthers(cache string) {
	old, _ := filepath.Glob(filepath.Join(cache, devstackProgram+"-*"))
	for _, path := range old {
		if !strings.HasSuffix(path, ".new") {
			_ = os.Remove(path)
		}
	}
}

func sourceKey(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("no source files: %w", os.ErrNotExist)
	}
	hash := sha256.New()
	_, _ = fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(file), len(data), data)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12], nil
}

// buildModule uses the flags of `go vet` and `go test`, so that the three share what they compile.
func buildModule(ctx context.Context, source, binary string, progress io.Writer) error {
	goTool, err := findGo()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, goTool, "build", "-v", "-ldflags=-s -w", "-o", binary, ".")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "GOWORK=off")
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stderr = write
	var done atomic.Int64
	var latest atomic.Value
	tail := make(chan string, 1)
	go followBuild(read, &done, &latest, tail)
	err = runWithProgress(cmd, progress, "building the Temporal server", func() string {
		name, _ := latest.Load().(string)
		return fmt.Sprintf("%d of about %d packages, %s", done.Load(), devstackPackages, name)
	})
	_ = write.Close()
	said := <-tail
	if err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	return nil
}

// followBuild counts what `go build -v` says and keeps its last lines for an error message.
func followBuild(r io.ReadCloser, done *atomic.Int64, latest *atomic.Value, tail chan<- string) {
	defer func() { _ = r.Close() }()
	var lines []string
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line := strings.TrimPrefix(scanner.Text(), "go: ")
		if !strings.HasPrefix(line, "downloading ") {
			done.Add(1)
		}
		latest.Store(line)
		if lines = append(lines, line); len(lines) > 15 {
			lines = lines[1:]
		}
	}
	tail <- strings.Join(lines, "\n")
}

func findGo() (string, error) {
	if path, err := exec.LookPath("go"); err == nil {
		return path, nil
	}
	path := "/usr/local/go/bin/go"
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the go tool is not on PATH: it builds the Temporal server")
	}
	return path, nil
}
