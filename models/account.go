package models

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
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
	ParkedFrom     AccountStatus // what it was before it was parked, and is again after
	Version        int64
	Times
}

var accountMoves = map[AccountStatus][]AccountStatus{
	AccountActive:    {AccountSuspended, AccountParked, AccountClosed},
	AccountSuspended: {AccountActive, AccountParked, AccountClosed},
	AccountParked:    {AccountActive, AccountSuspended, AccountClosed},
}

// Park stops the account with a reason an operator can read.
func (a *BillingAccount) Park(reason string) error {
	if a.Status == AccountParked || a.Status == AccountClosed {
		return nil // what is closed has nothing left to stop
	}
	from := a.Status
	if err := a.to(AccountParked); err != nil {
		return err
	}
	a.ParkedReason, a.ParkedFrom = reason, from
	return nil
}

// Suspend stops the account by an operator's decision; one that is parked is suspended when it is un-parked.
func (a *BillingAccount) Suspend() error {
	if a.Status == AccountParked && a.ParkedFrom == AccountActive {
		a.ParkedFrom = AccountSuspended
		a.Version++
		return nil
	}
	if a.Status == AccountParked {
		return move("billing account", accountMoves, AccountSuspended, AccountSuspended)
	}
	return a.to(AccountSuspended)
}

// Resume lets a suspended account spend again.
func (a *BillingAccount) Resume() error {
	if a.Status == AccountParked {
		return fault.New(fault.Conflict, "state_conflict", "The account is parked: look at %q and un-park it.", a.ParkedReason)
	}
	return a.to(AccountActive)
}

// Unpark makes a parked account what it was before; whoever does it has looked at the reason.
func (a *BillingAccount) Unpark() error {
	if a.Status != AccountParked {
		return fault.New(fault.Conflict, "state_conflict", "The account is %s, not parked.", a.Status)
	}
	if err := a.to(a.ParkedFrom); err != nil {
		return err
	}
	a.ParkedReason, a.ParkedFrom = "", ""
	return nil
}

// Close ends the account for good: nothing is billed, collected or granted any more.
func (a *BillingAccount) Close() error {
	if err := a.to(AccountClosed); err != nil {
		return err
	}
	a.ParkedReason, a.ParkedFrom = "", ""
	return nil
}

func (a *BillingAccount) to(s AccountStatus) error {
	if err := move("billing account", accountMoves, a.Status, s); err != nil {
		return err
	}
	a.Status = s
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
