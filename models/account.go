package models

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// AccountStatus says whether an account may spend.
type AccountStatus string

// Parked is our own brake: a safety bound or an unexpected error stopped the account until an operator looks.
const (
	AccountActive    AccountStatus = "active"
	AccountSuspended AccountStatus = "suspended"
	AccountParked    AccountStatus = "parked"
	AccountClosed    AccountStatus = "closed"
)

// BillingMode says whether usage is metered and owed.
type BillingMode string

// Unlimited accounts are rated at zero due; self-hosted ones are not metered at all.
const (
	SaaS       BillingMode = "saas"
	SelfHosted BillingMode = "self_hosted"
	Unlimited  BillingMode = "unlimited"
)

// BillingAccount is one payer: the caller's principal, mapped once and for ever.
type BillingAccount struct {
	Row
	PrincipalID    string
	Name           string
	Email          string
	PricingModelID uuid.UUID `gorm:"type:uuid"`
	Timezone       string
	Currency       *money.Asset
	Status         AccountStatus
	BillingMode    BillingMode
	TestClockID    *uuid.UUID `gorm:"type:uuid"`
	TermsVersion   int64
	StripeCustomer string
	ParkedReason   string
	Version        int64
	Times
}

var accountMoves = map[AccountStatus][]AccountStatus{
	AccountActive:    {AccountSuspended, AccountParked, AccountClosed},
	AccountSuspended: {AccountActive, AccountParked, AccountClosed},
	AccountParked:    {AccountActive},
}

// Park stops the account with a reason an operator can read.
func (a *BillingAccount) Park(reason string) error {
	if a.Status == AccountParked {
		return nil
	}
	if err := move("billing account", accountMoves, a.Status, AccountParked); err != nil {
		return err
	}
	a.Status, a.ParkedReason = AccountParked, reason
	a.Version++
	return nil
}

// AccountFunds is what an account can spend in one asset: available + held = posted − pending.
type AccountFunds struct {
	RealmID          uuid.UUID   `gorm:"type:uuid;primaryKey"`
	BillingAccountID uuid.UUID   `gorm:"type:uuid;primaryKey"`
	Asset            money.Asset `gorm:"primaryKey"`
	Available        decimal.Decimal
	Held             decimal.Decimal
	Version          int64
}
