package activities

import (
	"context"

	"go.temporal.io/sdk/activity"
)

// rowsPerTidy keeps each deletion short enough to stand in nobody's way.
const rowsPerTidy = 1000

// Tidied counts what was deleted.
type Tidied struct {
	Rows int
}

// Tidy deletes, in every realm, messages that were published long ago and stored answers whose time is over.
func (a *Activities) Tidy(ctx context.Context) (Tidied, error) {
	var out Tidied
	realms, err := a.Store.Realms(ctx)
	if err != nil {
		return out, report(err)
	}
	for _, realm := range realms {
		for n := rowsPerTidy; n >= rowsPerTidy; out.Rows += n {
			activity.RecordHeartbeat(ctx, out)
			if n, err = a.Store.Tidy(ctx, a.call(ctx, realm), rowsPerTidy); err != nil {
				return out, report(err)
			}
		}
	}
	return out, nil
}
