package gate

// Reasons of a denial: stable words that callers branch on. Those with a dot are hint families of the API too.
const (
	ReasonSuspended       = "account_suspended"
	ReasonParked          = "account_parked"
	ReasonClosed          = "account_closed"
	ReasonStatusUnknown   = "account_status_unknown"
	ReasonFeatureUnknown  = "feature_unknown"
	ReasonNotEntitled     = "feature_not_entitled"
	ReasonQuantityInvalid = "quantity_invalid"
	ReasonMeterNotAllowed = "feature.meter_not_allowed"
	ReasonNotConfigured   = "pricing.not_configured"
	ReasonShortfall       = "funding.shortfall"
)

// Hint families of the API. A family without a rule here is given by the part that knows its facts (leases, rate
// windows, quotas, budgets, contracts).
const (
	HintQuotaRemaining      = "quota.remaining"
	HintRateLimit           = "rate.limit"
	HintFundingShortfall    = ReasonShortfall
	HintBudgetShortfall     = "budget.shortfall"
	HintBudgetLowHeadroom   = "budget.low_headroom"
	HintMeterNotAllowed     = ReasonMeterNotAllowed
	HintWindowNotFound      = "policy.window_not_found"
	HintNotConfigured       = ReasonNotConfigured
	HintPricingChanged      = "pricing.changed"
	HintMeterPriceMissing   = "pricing.meter_price_missing"
	HintContractTermInvalid = "pricing.contract_term_invalid"
	HintLeaseExpired        = "lease.expired"
	HintLeaseClosedAtCommit = "lease.closed_at_commit"
)

var details = map[string]string{
	ReasonSuspended:       "The account is suspended.",
	ReasonParked:          "The account is parked until an operator has looked at it.",
	ReasonClosed:          "The account is closed.",
	ReasonStatusUnknown:   "The account's status allows no usage.",
	ReasonFeatureUnknown:  "There is no such feature in the account's pricing model.",
	ReasonNotEntitled:     "No plan of the account entitles it to this feature.",
	ReasonQuantityInvalid: "A quantity must not be negative.",
	ReasonMeterNotAllowed: "The feature does not use this meter.",
	ReasonNotConfigured:   "The meter has no price that can be used.",
	ReasonShortfall:       "The credits do not cover the estimate.",
}

func meterHint(reason, meter string) Hint {
	return Hint{Type: reason, Detail: details[reason], Data: map[string]string{"meter": meter}}
}
