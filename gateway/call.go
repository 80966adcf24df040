package gateway

import (
	"context"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// maxKey is Stripe's bound on an idempotency key.
const maxKey = 255

// write starts the parameters of a call that has an effect. The key is checked before anything is sent.
func write(ctx context.Context, key string) (stripe.Params, error) {
	switch {
	case key == "":
		return stripe.Params{}, fault.New(fault.Invalid, "provider_key_missing", "A write to the provider needs an idempotency key.")
	case len(key) > maxKey:
		return stripe.Params{}, fault.New(fault.Invalid, "provider_key_too_long", "The idempotency key is longer than 255 characters.")
	}
	return stripe.Params{Context: ctx, IdempotencyKey: stripe.String(key)}, nil
}

// read starts the parameters of a call without effect.
func read(ctx context.Context) stripe.Params { return stripe.Params{Context: ctx} }

// needID stops an empty id here: the SDK would drop it from the path and ask for the whole list instead.
func needID(id string) error {
	if id == "" {
		return fault.New(fault.Invalid, "provider_id_missing", "The provider's object id is empty.")
	}
	return nil
}

// optional leaves an empty string out of a request.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// amount reads minor units in a currency as Stripe spells it (lower case).
func amount(minor int64, currency stripe.Currency) (money.Amount, error) {
	a, err := money.FromMinor(minor, asset(currency))
	if err != nil {
		return money.Amount{}, fault.New(fault.Internal, "provider_answer_unreadable",
			"The provider answered in a currency we do not know.").Because(err)
	}
	return a, nil
}

// at reads Unix seconds; zero means that it did not happen.
func at(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Stripe writes currency codes in lower case, we write them as ISO 4217 does.

func asset(c stripe.Currency) money.Asset { return money.Asset(strings.ToUpper(string(c))) }

func lower(a money.Asset) string { return strings.ToLower(string(a)) }
