package gateway

import (
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/durabill/durabill/billing/money"
)

// Stripe writes currency codes in lower case, we write them as ISO 4217 does.

func asset(c stripe.Currency) money.Asset { return money.Asset(strings.ToUpper(string(c))) }

func lower(a money.Asset) string { return strings.ToLower(string(a)) }
