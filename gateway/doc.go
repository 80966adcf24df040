// Package gateway is the only door to Stripe, and the only importer of its SDK.
//
// It owns the translation between our values and Stripe API version 2023-10-16: our own types go in and come out,
// amounts are money.Amount and become minor units here and nowhere else, and every error is a fault whose kind says
// whether it is definitive. Every write carries the caller's idempotency key; a write without one is refused, because
// the SDK would invent a random key and a retry would then charge twice. A declined card is a result, not an error.
//
// It refuses to retry on its own behalf in workers, to remember anything, to decide what an answer means for an
// account, to hold a key in a package variable, and to return an SDK type.
package gateway
