package worker

import "context"

// Relay lets tests run one without workers.
func Relay(ctx context.Context, cfg Config) { relay{cfg}.run(ctx) }
