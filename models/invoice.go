package models

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// InvoiceStatus is where an invoice is between draft and done.
type InvoiceStatus string

// An uncollectible invoice may still be paid.
const (
	InvoiceDraft         InvoiceStatus = "draft"
	InvoiceOpen          InvoiceStatus = "open"
	InvoicePaid          InvoiceStatus = "paid"
	InvoiceVoid          InvoiceStatus = "void"
	InvoiceUncollectible InvoiceStatus = "uncollectible"
)

var invoiceMoves = map[InvoiceStatus][]InvoiceStatus{
	InvoiceDraft:         {InvoiceOpen, InvoiceVoid},
	InvoiceOpen:          {InvoicePaid, InvoiceVoid, InvoiceUncollectible},
	InvoiceUncollectible: {InvoicePaid},
}

// CollectionStatus is how getting an invoice paid is going.
type CollectionStatus string

// Unknown means that a payment was asked for and the answer is missing: nothing else may be tried until it is known.
const (
	CollectionNone       CollectionStatus = "none"
	CollectionDue        CollectionStatus = "due"
	CollectionCollecting CollectionStatus = "collecting"
	CollectionUnknown    CollectionStatus = "unknown"
	CollectionFailed     CollectionStatus = "failed"
	CollectionCarried    CollectionStatus = "carried"
)

// Invoice is what an account owes at a boundary, in one currency, to one billing entity.
type Invoice struct {
	Row
	BillingAccountID uuid.UUID `gorm:"type:uuid"`
	Number           *string
	Currency         money.Asset
	BillingEntity    string
	BoundaryAt       time.Time
	FinalizeAt       time.Time
	Status           InvoiceStatus
	Collection       CollectionStatus
	CollectBy        Collection
	Subtotal         decimal.Decimal
	Tax              decimal.Decimal
	Total            decimal.Decimal
	Rounding         decimal.Decimal
	AppliedCredits   decimal.Decimal // account credit that paid for part of the total
	CarriedIn        decimal.Decimal // what invoices too small to be collected alone still owe, collected with this one
	CarriedTo        *uuid.UUID      `gorm:"type:uuid"` // the invoice this one is collected with
	StripeInvoice    string
	HostedURL        string
	Attempts         int
	DeclineCode      string
	NextAttemptAt    *time.Time // when a declined one is tried again by itself
	FinalizedAt      *time.Time
	PaidAt           *time.Time
	Version          int64
	Times
}

// Finalize fixes the numbers at the business instant.
func (i *Invoice) Finalize(number string, at time.Time) error {
	if err := i.to(InvoiceOpen); err != nil {
		return err
	}
	i.Number, i.FinalizedAt = &number, &at
	return nil
}

// Pay notes that the whole total has been received.
func (i *Invoice) Pay(at time.Time) error {
	if err := i.to(InvoicePaid); err != nil {
		return err
	}
	i.PaidAt, i.Collection, i.DeclineCode, i.NextAttemptAt = &at, CollectionNone, "", nil
	return nil
}

// Attempt begins the next attempt to be paid if one is due; until its outcome is known there is no other.
func (i *Invoice) Attempt(now time.Time) bool {
	due := i.Collection == CollectionCollecting ||
		i.Collection == CollectionFailed && i.NextAttemptAt != nil && !now.Before(*i.NextAttemptAt)
	if i.Status != InvoiceOpen || !due {
		return false
	}
	i.Attempts++
	i.Collection, i.NextAttemptAt = CollectionUnknown, nil
	i.Version++
	return true
}

// Decline notes that an attempt failed, and when the next is made; without a next one a person has to do something.
func (i *Invoice) Decline(code string, next *time.Time) {
	i.Collection, i.DeclineCode, i.NextAttemptAt = CollectionFailed, code, next
	i.Version++
}

// Owed is what is left of the invoice's own total.
func (i Invoice) Owed() decimal.Decimal { return i.Total.Sub(i.AppliedCredits) }

// AmountDue is what is collected by way of this invoice: its own rest and what it carries for others.
func (i Invoice) AmountDue() decimal.Decimal { return i.Owed().Add(i.CarriedIn) }

// CarriedBy notes the invoice that collects this one.
func (i *Invoice) CarriedBy(id uuid.UUID) error {
	if i.Status != InvoiceOpen || i.Collection != CollectionCarried || i.CarriedTo != nil {
		return fault.New(fault.Conflict, "state_conflict", "The invoice is %s and %s; it cannot be carried.", i.Status, i.Collection)
	}
	i.CarriedTo = &id
	i.Version++
	return nil
}

// Void takes the charge away.
func (i *Invoice) Void() error { return i.to(InvoiceVoid) }

// IsOver reports that nothing more will happen by itself.
func (i Invoice) IsOver() bool {
	return i.Status == InvoicePaid || i.Status == InvoiceVoid || i.Status == InvoiceUncollectible
}

func (i *Invoice) to(s InvoiceStatus) error {
	if err := move("invoice", invoiceMoves, i.Status, s); err != nil {
		return err
	}
	i.Status = s
	i.Version++
	return nil
}

// InvoiceNumber is the last number a billing entity has given out.
type InvoiceNumber struct {
	RealmID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	BillingEntity string    `gorm:"primaryKey"`
	LastNumber    int64
}

// InvoiceLine is one rounded amount and the exact one behind it.
type InvoiceLine struct {
	Row
	InvoiceID    uuid.UUID `gorm:"type:uuid"`
	Seq          int
	Kind         string
	Description  string
	PeriodID     *uuid.UUID `gorm:"type:uuid"`
	PeriodStart  time.Time
	PeriodEnd    time.Time
	MeterID      *uuid.UUID `gorm:"type:uuid"`
	MeterCode    string
	Unit         string
	Quantity     decimal.Decimal
	Covered      decimal.Decimal
	CoveredAsset money.Asset
	Overage      decimal.Decimal
	ExactAmount  decimal.Decimal
	Amount       decimal.Decimal
	Times
}

// InvoiceLineRating says on which line a rating was billed.
type InvoiceLineRating struct {
	RealmID  uuid.UUID `gorm:"type:uuid;primaryKey"`
	RatingID uuid.UUID `gorm:"type:uuid;primaryKey"`
	LineID   uuid.UUID `gorm:"type:uuid"`
}

// PaymentStatus is what became of an attempt to be paid.
type PaymentStatus string

// Unknown blocks every other attempt for the same invoice.
const (
	PaymentPending   PaymentStatus = "pending"
	PaymentUnknown   PaymentStatus = "unknown"
	PaymentSucceeded PaymentStatus = "succeeded"
	PaymentFailed    PaymentStatus = "failed"
)

// Payment is one attempt, named by the provider's object.
type Payment struct {
	Row
	BillingAccountID uuid.UUID  `gorm:"type:uuid"`
	InvoiceID        *uuid.UUID `gorm:"type:uuid"`
	Provider         string
	ProviderRef      string
	Status           PaymentStatus
	Amount           decimal.Decimal
	Currency         money.Asset
	Attempt          int
	DeclineCode      string
	Times
}
