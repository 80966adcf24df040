//go:build faults

package fault

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Faults is the environment variable that tells a process where to end: points with the number of the time they are
// reached ("store.claimed" or "store.claimed:3", several by commas), and with "seed=7,p=0.001" also any point by chance.
const Faults = "DURABILL_FAULTS"

var armed = sync.OnceValue(func() *faults {
	f, err := parse(os.Getenv(Faults))
	if err != nil {
		panic(err) // a run whose faults are not the ones that were asked for proves nothing
	}
	return f
})

// Point says on standard error when a point is reached for the first time, and ends the process, as kill -9 would, when
// that is what was asked for.
func Point(name string) {
	f := armed()
	if f == nil {
		return
	}
	times, fatal := f.reach(name)
	if times == 1 {
		fmt.Fprintf(os.Stderr, "fault: reached %s\n", name)
	}
	if !fatal {
		return
	}
	fmt.Fprintf(os.Stderr, "fault: killed at %s (%d)\n", name, times)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way; nothing may happen any more
}

// faults is what was asked for and how often each point was reached.
type faults struct {
	mu      sync.Mutex
	at      map[string]int
	reached map[string]int
	chance  float64 // a probability
	rand    *rand.Rand
}

// reach counts and says whether this is the end. Within one process the draws follow the order in which points are reached.
func (f *faults) reach(name string) (times int, fatal bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reached[name]++
	times = f.reached[name]
	return times, f.at[name] == times || f.chance > 0 && f.rand.Float64() < f.chance
}

// parse gives nil for an empty text: nothing was asked for.
func parse(text string) (*faults, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // nothing asked for, nothing wrong
	}
	f := &faults{at: map[string]int{}, reached: map[string]int{}}
	var seed uint64
	var err error
	for _, part := range strings.Split(text, ",") {
		name, value, named := strings.Cut(part, "=")
		switch {
		case named && name == "seed":
			seed, err = strconv.ParseUint(value, 10, 64)
		case named && name == "p":
			f.chance, err = strconv.ParseFloat(value, 64)
		case named:
			err = fmt.Errorf("unknown setting %q", name)
		default:
			err = f.arm(part)
		}
		if err != nil {
			return nil, fmt.Errorf("%s=%q: %w", Faults, text, err)
		}
	}
	f.rand = rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // must be repeatable
	return f, nil
}

func (f *faults) arm(part string) error {
	name, count, counted := strings.Cut(part, ":")
	if !slices.Contains(Points(), name) {
		return fmt.Errorf("unknown point %q", name)
	}
	f.at[name] = 1
	if !counted {
		return nil
	}
	n, err := strconv.Atoi(count)
	if err == nil && n < 1 {
		err = fmt.Errorf("%d is not a count", n)
	}
	f.at[name] = n
	return err
}
