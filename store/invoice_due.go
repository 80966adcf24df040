package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// useCredit lets account credit of the invoice's currency pay for as much of it as there is. The account's lock makes two
// invoices take turns.
func (t *tx) useCredit(inv *models.Invoice, now time.Time) error {
	available, err := t.accountCredit(inv.BillingAccountID, inv.Currency, inv.FinalizeAt)
	if err != nil {
		return err
	}
	inv.AppliedCredits = invoicing.CreditUsed(inv.Currency, inv.Total, available)
	if inv.AppliedCredits.IsZero() {
		return nil
	}
	posting, err := ledger.AccountCreditUsed(wire(inv.BillingAccountID), inv.Currency, inv.AppliedCredits)
	if err != nil {
		return err
	}
	_, err = t.post(posting, header{key: keys.InvoiceCreditUsed(inv.ID), account: inv.BillingAccountID, sourceType: "invoice",
		sourceID: keys.Encode(keys.Invoice, inv.ID), effectiveAt: inv.FinalizeAt, now: now})
	return err
}

// accountCredit gives what may be used at the instant: what was there then and has not been used by anything dated later. An
// invoice that is finalised late takes neither credit that was given after it nor credit that another has used meanwhile.
func (t *tx) accountCredit(account uuid.UUID, currency money.Asset, at time.Time) (decimal.Decimal, error) {
	var available decimal.Decimal
	err := t.Raw(`WITH steps AS (
			SELECT effective_at, -sum(sum(amount)) OVER w AS available, lead(effective_at) OVER w AS until
			  FROM ledger_entries WHERE account = @account AND asset = @asset GROUP BY effective_at WINDOW w AS (ORDER BY effective_at))
		SELECT CASE WHEN min(effective_at) <= @at THEN min(available) FILTER (WHERE until IS NULL OR until > @at) ELSE 0 END FROM steps`,
		map[string]any{"account": ledger.AccountCredit(wire(account)), "asset": currency, "at": at}).Scan(&available).Error
	return available, err
}

// beginCollection decides how what is left to pay is collected. What is too little for the provider is carried: it stays
// open until an invoice of the account is collected, and is paid with that one.
func (t *tx) beginCollection(inv *models.Invoice) error {
	carried, err := t.toCarry(*inv)
	if err != nil {
		return err
	}
	due := inv.Owed()
	for _, c := range carried {
		due = due.Add(c.AmountDue())
	}
	small := inv.CollectBy == models.CollectStripe && due.LessThan(money.ProviderMinimum(inv.Currency))
	switch {
	case due.IsZero(), inv.Owed().IsZero() && (small || inv.CollectBy == models.CollectNone):
		return inv.Pay(inv.FinalizeAt)
	case inv.CollectBy == models.CollectNone:
		return nil
	case small:
		inv.Collection = models.CollectionCarried
		return nil
	case inv.CollectBy == models.CollectStripe:
		inv.Collection = models.CollectionCollecting
	default:
		inv.Collection = models.CollectionDue
	}
	for i := range carried {
		if err := carried[i].CarriedBy(inv.ID); err != nil {
			return err
		}
		if err := t.Save(&carried[i]).Error; err != nil {
			return err
		}
	}
	inv.CarriedIn = due.Sub(inv.Owed())
	return nil
}

// toCarry are the invoices that wait for one like this to be collected with.
func (t *tx) toCarry(inv models.Invoice) ([]models.Invoice, error) {
	var carried []models.Invoice
	err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where(`billing_account_id = ? AND currency = ? AND billing_entity = ? AND status = ?
		AND collection = ? AND carried_to IS NULL`, inv.BillingAccountID, inv.Currency, inv.BillingEntity, models.InvoiceOpen, models.CollectionCarried).
		Order("id").Find(&carried).Error
	return carried, err
}

// payCarried pays the invoices that were collected with this one.
func (t *tx) payCarried(account models.BillingAccount, inv models.Invoice, now time.Time) error {
	var carried []models.Invoice
	if err := t.Clauses(clause.Locking{Strength: "UPDATE"}).Where("carried_to = ?", inv.ID).Order("id").Find(&carried).Error; err != nil {
		return err
	}
	for i := range carried {
		if err := carried[i].Pay(now); err != nil {
			return err
		}
		if err := t.Save(&carried[i]).Error; err != nil {
			return err
		}
		if err := t.poke(account, keys.TypeInvoice, keys.InvoiceWorkflow(carried[i].ID), now); err != nil {
			return err
		}
	}
	return nil
}

// CarriedInto reads the invoices that are collected with this one, the oldest first.
func (s *Store) CarriedInto(ctx context.Context, call Call, id uuid.UUID) ([]models.Invoice, error) {
	var carried []models.Invoice
	err := s.read(ctx, call, func(t *tx) error {
		return t.Where("carried_to = ?", id).Order("boundary_at, id").Find(&carried).Error
	})
	return carried, err
}
