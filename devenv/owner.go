package devenv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// rootlessHome holds the clusters of a root user whose own folders the server's user cannot enter.
const rootlessHome = "/var/lib/durabill"

// owner is the user a server runs as. Postgres refuses to run as root.
type owner struct {
	uid, gid uint32
	switched bool // the caller is root and hands the server to another user
}

func serverOwner() (owner, error) {
	if os.Geteuid() != 0 {
		return owner{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return owner{uid: uint32(uid), gid: uint32(gid), switched: true}, nil
		}
	}
	return owner{}, fmt.Errorf("running as root, Postgres needs another user to run as: create one named postgres")
}

func (o owner) attributes() *syscall.SysProcAttr {
	if !o.switched {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: o.uid, Gid: o.gid}}
}

// place gives the folder a cluster for dir really lives in: dir, or for root one outside when a parent of dir (say
// /root) lets nobody else pass. The choice depends on dir alone, so the next start finds it.
func (o owner) place(dir string, progress io.Writer) (string, error) {
	if !o.switched || o.mayReach(filepath.Dir(dir)) {
		return dir, nil
	}
	sum := sha256.Sum256([]byte(dir))
	outside := filepath.Join(rootlessHome, filepath.Base(dir)+"-"+hex.EncodeToString(sum[:4]))
	if !o.mayReach(filepath.Dir(rootlessHome)) {
		return "", fmt.Errorf("postgres runs as user id %d, who can enter neither %s nor %s", o.uid, dir, rootlessHome)
	}
	say(progress, "Postgres does not run as root and its user cannot enter %s: its data goes to %s", filepath.Dir(dir), outside)
	return outside, nil
}

func (o owner) mayReach(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !o.mayPass(info) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (o owner) mayPass(info os.FileInfo) bool {
	need := os.FileMode(0o001)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case stat.Uid == o.uid:
			need = 0o100
		case stat.Gid == o.gid:
			need = 0o010
		}
	}
	return info.Mode().Perm()&need != 0
}

// prepare makes the folder and gives it to the server's user.
func (o owner) prepare(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // the server's user must pass through
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if o.switched {
		return os.Chown(dir, int(o.uid), int(o.gid))
	}
	return nil
}
