package relay

import (
	"context"
	"hash/fnv"
	"sync"

	"github.com/durabill/durabill/models"
)

const (
	lanes    = 4
	laneSize = 256
)

// Direct sends messages as soon as they are committed, from the process that decided them, so that a workflow need not wait
// for a poll. It is a fast path and promises nothing: what it does not take or loses, a Relay sends when the message is due.
// Messages of one workflow go one after the other.
type Direct struct {
	relay Relay
	lanes [lanes]chan models.Outbox
	ctx   context.Context //nolint:containedctx // ends with Close; it belongs to no call
	end   context.CancelFunc
	all   sync.WaitGroup
}

// Direct begins to take messages; Close it.
func (r Relay) Direct() *Direct {
	d := &Direct{relay: r}
	d.ctx, d.end = context.WithCancel(context.Background())
	for i := range d.lanes {
		d.lanes[i] = make(chan models.Outbox, laneSize)
		d.all.Go(func() { d.run(d.lanes[i]) })
	}
	return d
}

// Take never blocks: a full lane says that Temporal is slow, and then messages had better wait in the database.
func (d *Direct) Take(messages []models.Outbox) {
	for _, m := range messages {
		h := fnv.New32a()
		_, _ = h.Write([]byte(m.WorkflowID))
		select {
		case d.lanes[h.Sum32()%lanes] <- m:
		default:
		}
	}
}

// Close lets what is being sent be sent, and leaves the rest to the relays.
func (d *Direct) Close() {
	d.end()
	d.all.Wait()
}

func (d *Direct) run(lane <-chan models.Outbox) {
	for {
		select {
		case <-d.ctx.Done():
			return
		case m := <-lane:
			if d.ctx.Err() == nil {
				d.relay.deliver(context.WithoutCancel(d.ctx), m, 0)
			}
		}
	}
}
