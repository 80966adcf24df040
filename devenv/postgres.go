package devenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// MinPostgres is the oldest major version that Durabill's schema runs on.
const MinPostgres = 15

// Postgres is a folder of server binaries.
type Postgres struct {
	Bin   string
	Major int
}

var errNoPostgres = errors.New("no Postgres server binaries found")

// FindPostgres looks for server binaries: on PATH, where pg_config points, and where distributions put them. With
// major 0 the newest wins; a cluster that exists needs its own major version.
func FindPostgres(ctx context.Context, major int) (Postgres, error) {
	best := Postgres{}
	for _, dir := range postgresDirs(ctx) {
		found, err := postgresIn(ctx, dir)
		if err != nil || found.Major < MinPostgres || (major != 0 && found.Major != major) {
			continue
		}
		if found.Major > best.Major {
			best = found
		}
	}
	if best.Major == 0 {
		return best, errNoPostgres
	}
	return best, nil
}

// FindOrInstallPostgres finds server binaries, or installs them where apt and root are at hand. Elsewhere its error
// says what to type.
func FindOrInstallPostgres(ctx context.Context, major int, progress io.Writer) (Postgres, error) {
	found, err := FindPostgres(ctx, major)
	if err == nil {
		return found, nil
	}
	if major != 0 {
		return found, fmt.Errorf("this cluster was made by Postgres %d and that version's binaries are gone: %s", major, howToInstall(major))
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return found, fmt.Errorf("Postgres %d or newer is needed and was not found: %s. "+
			"Or point DURABILL_DATABASE_URL at a server of yours", MinPostgres, howToInstall(0))
	}
	if err := installPostgres(ctx, progress); err != nil {
		return found, fmt.Errorf("install Postgres by apt: %w (%s)", err, howToInstall(0))
	}
	if found, err = FindPostgres(ctx, 0); err != nil {
		return found, fmt.Errorf("apt installed a Postgres, but none of version %d or newer: this distribution is too old", MinPostgres)
	}
	return found, nil
}

func postgresDirs(ctx context.Context) []string {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",              // Debian, Ubuntu
		"/usr/pgsql-*/bin",                       // Red Hat, by PGDG
		"/usr/libexec/postgresql*",               // Alpine
		"/opt/homebrew/opt/postgresql*/bin",      // Homebrew on Apple silicon
		"/usr/local/opt/postgresql*/bin",         // Homebrew on Intel
		"/Library/PostgreSQL/*/bin",              // EDB installer
		"/Applications/Postgres.app/*/*/*/bin",   // Postgres.app
		"/usr/local/pgsql/bin", "/opt/local/bin", // from source, MacPorts
	} {
		matches, _ := filepath.Glob(pattern)
		dirs = append(dirs, matches...)
	}
	return dirs
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func postgresIn(ctx context.Context, dir string) (Postgres, error) {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			return Postgres{}, errNoPostgres
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Postgres{}, err
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return Postgres{}, errNoPostgres
	}
	major, err := strconv.Atoi(string(match[1]))
	return Postgres{Bin: dir, Major: major}, err
}

func howToInstall(major int) string {
	version := ""
	if major != 0 {
		version = "-" + strconv.Itoa(major)
	}
	if runtime.GOOS == "darwin" {
		return "run `brew install postgresql@" + strconv.Itoa(max(major, 17)) + "`"
	}
	if _, err := exec.LookPath("apt-get"); err == nil {
		return "run `sudo apt-get update && sudo apt-get install -y postgresql" + version + "`"
	}
	if _, err := exec.LookPath("dnf"); err == nil {
		return "run `sudo dnf install -y postgresql-server`"
	}
	return "install the package that holds initdb, pg_ctl and postgres"
}
