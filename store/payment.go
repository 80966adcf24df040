package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// Stripe is the provider's name in payments and effects.
const Stripe = "stripe"

// Paid is what a provider says it received for an invoice. Ref names its payment object, so that an answer, an event and
// another event about the same money are one payment.
type Paid struct {
	Invoice   uuid.UUID
	Object    string // the provider's invoice
	Ref       string
	Amount    money.Amount
	OutOfBand bool
}

// RecordPayment books a payment once per provider object, whoever tells of it first; it says whether this call did.
func (s *Store) RecordPayment(ctx context.Context, call Call, in Paid) (bool, error) {
	var applied bool
	err := s.within(ctx, call, func(t *tx) error {
		inv, err := find[models.Invoice](t, in.Invoice)
		if err != nil {
			return err
		}
		account, now, err := t.lockAccount(inv.BillingAccountID)
		if err != nil {
			return err
		}
		if inv, err = lock[models.Invoice](t, in.Invoice); err != nil {
			return err
		}
		applied, err = insertOnce(t, &models.ProviderEffect{RealmID: call.Realm, Provider: Stripe, ObjectID: in.Object, Effect: "paid:" + in.Ref,
			Times: models.At(now)})
		if err != nil || !applied {
			return err
		}
		copied := inv.StripeInvoice != "" && inv.StripeInvoice != in.Object // the provider's other invoices may carry our metadata too
		if in.Amount.Asset != inv.Currency || !in.Amount.Value.Equal(inv.AmountDue()) || inv.Status == models.InvoicePaid || copied {
			return t.unapplied(account, inv, in, now)
		}
		if err := t.bookPayment(inv, in, now); err != nil {
			return err
		}
		if err := inv.Pay(now); err != nil {
			return err
		}
		if err := t.Save(&inv).Error; err != nil {
			return err
		}
		if err := t.payCarried(account, inv, now); err != nil {
			return err
		}
		return t.poke(account, keys.TypeInvoice, keys.InvoiceWorkflow(inv.ID), now)
	})
	return applied, err
}

func (t *tx) bookPayment(inv models.Invoice, in Paid, now time.Time) error {
	if err := t.Create(&models.Payment{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, BillingAccountID: inv.BillingAccountID,
		InvoiceID: &inv.ID, Provider: Stripe, ProviderRef: in.Ref, Status: models.PaymentSucceeded, Amount: in.Amount.Value,
		Currency: in.Amount.Asset, Attempt: max(inv.Attempts, 1), Times: models.At(now)}).Error; err != nil {
		return err
	}
	book := ledger.PaymentSucceeded
	if in.OutOfBand {
		book = ledger.PaidOutOfBand
	}
	posting, err := book(wire(inv.BillingAccountID), in.Amount.Asset, in.Amount.Value)
	if err != nil {
		return err
	}
	_, err = t.post(posting, header{key: keys.PaymentSucceeded(in.Ref), account: inv.BillingAccountID, sourceType: "payment",
		sourceID: in.Ref, effectiveAt: now, now: now})
	return err
}

// unapplied keeps money that does not match what it was sent for, and stops the account until a person has looked.
func (t *tx) unapplied(account models.BillingAccount, inv models.Invoice, in Paid, now time.Time) error {
	if err := t.Create(&models.Payment{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, BillingAccountID: account.ID,
		Provider: Stripe, ProviderRef: in.Ref, Status: models.PaymentSucceeded, Amount: in.Amount.Value, Currency: in.Amount.Asset,
		Attempt: max(inv.Attempts, 1), Times: models.At(now)}).Error; err != nil {
		return err
	}
	posting, err := ledger.CashUnapplied(wire(account.ID), in.Amount.Asset, in.Amount.Value)
	if err != nil {
		return err
	}
	if _, err := t.post(posting, header{key: keys.PaymentSucceeded(in.Ref), account: account.ID, sourceType: "payment", sourceID: in.Ref,
		effectiveAt: now, now: now}); err != nil {
		return err
	}
	return t.park(account, "payment "+in.Ref+" does not match "+keys.Encode(keys.Invoice, inv.ID), now)
}

// RecordDecline keeps a failed attempt to be paid, once per provider object.
func (s *Store) RecordDecline(ctx context.Context, call Call, invoice uuid.UUID, ref, code string) error {
	return s.within(ctx, call, func(t *tx) error {
		inv, err := find[models.Invoice](t, invoice)
		if err != nil {
			return err
		}
		account, now, err := t.lockAccount(inv.BillingAccountID)
		if err != nil {
			return err
		}
		if inv, err = lock[models.Invoice](t, invoice); err != nil || inv.Status != models.InvoiceOpen {
			return err
		}
		p := models.Payment{Row: models.Row{RealmID: call.Realm, ID: models.NewID()}, BillingAccountID: inv.BillingAccountID,
			InvoiceID: &inv.ID, Provider: Stripe, ProviderRef: ref, Status: models.PaymentFailed, Amount: inv.AmountDue(), Currency: inv.Currency,
			Attempt: max(inv.Attempts, 1), DeclineCode: code, Times: models.At(now)}
		fresh, err := insertOnce(t, &p)
		if err != nil {
			return err
		}
		if !fresh {
			// News of an earlier attempt says nothing about the one that is under way.
			var known models.Payment
			if err := t.Where("provider = ? AND provider_ref = ?", Stripe, ref).Take(&known).Error; err != nil || known.Attempt < inv.Attempts {
				return err
			}
		}
		next, err := t.nextAttempt(inv)
		if err != nil {
			return err
		}
		inv.Decline(code, next)
		if err := t.Save(&inv).Error; err != nil {
			return err
		}
		if call.WorkflowID == keys.InvoiceWorkflow(inv.ID) {
			return nil // it reads its rows anyway
		}
		return t.poke(account, keys.TypeInvoice, keys.InvoiceWorkflow(inv.ID), now)
	})
}

// nextAttempt gives when the invoice is tried again, from its declines alone, so that news that comes twice moves nothing.
func (t *tx) nextAttempt(inv models.Invoice) (*time.Time, error) {
	var declined struct{ First, Latest time.Time }
	if err := t.Raw("SELECT min(effective_at) AS first, max(effective_at) AS latest FROM payments WHERE invoice_id = ? AND status = ?",
		inv.ID, models.PaymentFailed).Scan(&declined).Error; err != nil {
		return nil, err
	}
	at, ok := invoicing.NextAttempt(inv.Attempts, declined.First, declined.Latest)
	if !ok || inv.CollectBy != models.CollectStripe {
		return nil, nil
	}
	return &at, nil
}

// PaymentFilter narrows a list of payments; empty fields do not.
type PaymentFilter struct {
	Account *uuid.UUID
	Invoice *uuid.UUID
}

// ListPayments reads a page of payments.
func (s *Store) ListPayments(ctx context.Context, call Call, page Page, f PaymentFilter) ([]models.Payment, bool, error) {
	return list[models.Payment](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		if f.Account != nil {
			q = q.Where("billing_account_id = ?", *f.Account)
		}
		if f.Invoice != nil {
			q = q.Where("invoice_id = ?", *f.Invoice)
		}
		return q
	})
}
