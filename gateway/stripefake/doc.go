// Package stripefake is a stateful Stripe that speaks HTTP, for demos, tests and chaos runs.
//
// It owns the behaviour our gateway depends on, in API version 2023-10-16: object state machines with Stripe's error
// shapes, an idempotency layer that replays and refuses as Stripe's does, cursor pagination, events, and signed
// webhook delivery that retries until it is answered with 2xx. Ids come from counters, so a run can be repeated. One
// lock serialises requests, so each is atomic. With a state file it survives a restart: the file is written before the
// answer leaves.
//
// It refuses parameters it does not implement instead of ignoring them, so a call it accepts has had its whole effect.
// It differs from Stripe where a test needs it to: a customer has a card from the start (POST /_fake/customers/{id}/card
// changes how it behaves), nothing advances by itself, a draft must be finalised before it is paid, and an invoice of a
// negative total is refused. Routes under /_fake/ steer it and do not exist at Stripe.
package stripefake
