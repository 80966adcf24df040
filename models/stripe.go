package models

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// StripeEndpoint is where one realm's events arrive. The first secret is the present one; behind it may be the one that it
// replaces, accepted until OldSecretUntil, or for as long as nobody has set that.
type StripeEndpoint struct {
	Row
	Secrets        []string `gorm:"serializer:json;type:jsonb"`
	OldSecretUntil *time.Time
	Livemode       bool
	SweptTo        *time.Time // the newest event, by the provider's stamp, up to which its list has been compared with the inbox
	Version        int64
	Times
}

// Accepted gives the secrets that a delivery may be signed with now.
func (e StripeEndpoint) Accepted(now time.Time) []string {
	if len(e.Secrets) > 1 && e.OldSecretUntil != nil && !now.Before(*e.OldSecretUntil) {
		return e.Secrets[:1]
	}
	return e.Secrets
}

// Roll puts a new secret in front and keeps the present one, and no older one, until an instant; it says whether it was new.
func (e *StripeEndpoint) Roll(secret string, until time.Time) bool {
	if len(e.Secrets) > 0 && e.Secrets[0] == secret {
		return false
	}
	next := []string{secret}
	if len(e.Secrets) > 0 {
		next = append(next, e.Secrets[0])
	}
	e.Secrets, e.OldSecretUntil = next, &until
	e.Version++
	return true
}

// InboxStatus is what became of a provider event.
type InboxStatus string

// Dead events ran out of attempts and wait for an operator.
const (
	InboxReceived InboxStatus = "received"
	InboxDone     InboxStatus = "done"
	InboxIgnored  InboxStatus = "ignored"
	InboxDead     InboxStatus = "dead"
)

// InboxEvent is one verified event, once, whatever the number of its deliveries.
type InboxEvent struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	ID               string    `gorm:"primaryKey"`
	EndpointID       uuid.UUID `gorm:"type:uuid"`
	Type             string
	ObjectID         string
	ObjectType       string
	APIVersion       string
	Payload          json.RawMessage `gorm:"type:json"`
	Status           InboxStatus
	Reason           string
	Deliveries       int
	BillingAccountID *uuid.UUID `gorm:"type:uuid"`
	FinishedAt       *time.Time
	Times
}

// TableName keeps the provider in the name.
func (InboxEvent) TableName() string { return "stripe_inbox" }

var inboxMoves = map[InboxStatus][]InboxStatus{
	InboxReceived: {InboxDone, InboxIgnored, InboxDead},
	InboxDead:     {InboxReceived},
}

// Finish ends the event's processing.
func (e *InboxEvent) Finish(to InboxStatus, reason string, now time.Time) error {
	if err := move("inbox event", inboxMoves, e.Status, to); err != nil {
		return err
	}
	e.Status, e.Reason, e.FinishedAt = to, reason, &now
	return nil
}

// CallStatus is what is known of a write to the provider.
type CallStatus string

// Sent and unknown calls keep a test clock from resting.
const (
	CallSent      CallStatus = "sent"
	CallUnknown   CallStatus = "unknown"
	CallSucceeded CallStatus = "succeeded"
	CallFailed    CallStatus = "failed"
)

// VerbPay is an attempt to be paid.
const VerbPay = "invoice.pay"

// ProviderCall is written before the request leaves. It is made anew, as the next generation under another key, only when the
// present one is known to have had no effect.
type ProviderCall struct {
	RealmID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	Key              string    `gorm:"primaryKey"`
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Verb             string
	ObjectRef        string
	Generation       int
	Params           json.RawMessage `gorm:"type:json"` // of this generation; a repeat sends these, not what rows say by then
	ParamsHash       []byte
	FirstSentAt      time.Time // of this generation, in real time
	Status           CallStatus
	ResultRef        string
	Times
}

// keyTrusted is for how long a key is sent again: Stripe may forget it after a day, and would then take a repeat for a new call.
const keyTrusted = 23 * time.Hour

// Outlived reports that the key must not be sent any more: what became of the call has to be looked up.
func (c ProviderCall) Outlived(now time.Time) bool { return now.Sub(c.FirstSentAt) >= keyTrusted }

// Renew begins the next generation.
func (c *ProviderCall) Renew(params json.RawMessage, hash []byte, now time.Time) {
	c.Generation++
	c.Params, c.ParamsHash, c.FirstSentAt = params, hash, now
	c.Status, c.ResultRef = CallSent, ""
}

// ProviderEffect says that a provider object has had its effect here.
type ProviderEffect struct {
	RealmID             uuid.UUID  `gorm:"type:uuid;primaryKey"`
	Provider            string     `gorm:"primaryKey"`
	ObjectID            string     `gorm:"primaryKey"`
	Effect              string     `gorm:"primaryKey"`
	LedgerTransactionID *uuid.UUID `gorm:"type:uuid"`
	Times
}

// CheckoutStatus is where a purchase is.
type CheckoutStatus string

// Pending has no provider session yet.
const (
	CheckoutPending  CheckoutStatus = "pending"
	CheckoutOpen     CheckoutStatus = "open"
	CheckoutComplete CheckoutStatus = "complete"
	CheckoutExpired  CheckoutStatus = "expired"
)

var checkoutMoves = map[CheckoutStatus][]CheckoutStatus{
	CheckoutPending: {CheckoutOpen, CheckoutComplete, CheckoutExpired},
	CheckoutOpen:    {CheckoutComplete, CheckoutExpired},
	CheckoutExpired: {CheckoutComplete}, // the provider says of itself that it was paid: the money has come in
}

// CheckoutSession is a credit purchase as it was offered.
type CheckoutSession struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Asset            money.Asset
	Quantity         decimal.Decimal
	Amount           decimal.Decimal
	Currency         money.Asset
	Status           CheckoutStatus
	StripeSession    string
	URL              string     `gorm:"column:url"`
	SuccessURL       string     `gorm:"column:success_url"`
	CancelURL        string     `gorm:"column:cancel_url"`
	LotID            *uuid.UUID `gorm:"type:uuid"`
	Version          int64
	Times
}

// openedVersion is the first version after the one that was written down before the provider was asked.
const openedVersion = 2

// AsOpened is the session as the answer to its buyer shows it, whatever has become of it since.
func (c CheckoutSession) AsOpened() CheckoutSession {
	c.Status, c.LotID, c.Version = CheckoutOpen, nil, openedVersion
	return c
}

// To moves the session's status.
func (c *CheckoutSession) To(s CheckoutStatus) error {
	if err := move("checkout session", checkoutMoves, c.Status, s); err != nil {
		return err
	}
	c.Status = s
	c.Version++
	return nil
}
