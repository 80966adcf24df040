package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// FinalizeInvoice fixes the draft: it gets its number, becomes a receivable in the ledger, and counts from its boundary plus
// grace however late we are; before that instant it stays a draft. Account credit pays what it can; an invoice with nothing left
// to pay is paid by that alone. A second call finds it done.
func (s *Store) FinalizeInvoice(ctx context.Context, call Call, id uuid.UUID) (models.Invoice, error) {
	var inv models.Invoice
	err := s.working(ctx, call, func(t *tx) error {
		var err error
		if inv, err = find[models.Invoice](t, id); err != nil {
			return err
		}
		_, now, err := t.lockWorking(inv.BillingAccountID)
		if err != nil {
			return err
		}
		if inv, err = lock[models.Invoice](t, id); err != nil || inv.Status != models.InvoiceDraft || now.Before(inv.FinalizeAt) {
			return err
		}
		number, err := t.nextNumber(inv.BillingEntity)
		if err != nil {
			return err
		}
		if err := inv.Finalize(number, inv.FinalizeAt); err != nil {
			return err
		}
		if err := t.postInvoice(inv, now); err != nil {
			return err
		}
		if err := t.useCredit(&inv, now); err != nil {
			return err
		}
		if err := t.beginCollection(&inv); err != nil {
			return err
		}
		return t.Save(&inv).Error
	})
	return inv, err
}

func (t *tx) nextNumber(entity string) (string, error) {
	var n int64
	err := t.Raw(`INSERT INTO invoice_numbers AS n (realm_id, billing_entity, last_number) VALUES (?, ?, 1)
		ON CONFLICT (realm_id, billing_entity) DO UPDATE SET last_number = n.last_number + 1 RETURNING last_number`,
		t.call.Realm, entity).Scan(&n).Error
	return fmt.Sprintf("INV-%06d", n), err
}

// postInvoice turns fees into deferred revenue and unbilled overage into a receivable.
func (t *tx) postInvoice(inv models.Invoice, now time.Time) error {
	var lines []models.InvoiceLine
	if err := t.Where("invoice_id = ?", inv.ID).Order("seq").Find(&lines).Error; err != nil {
		return err
	}
	parts := ledger.InvoiceParts{Receivable: inv.Total, Tax: inv.Tax, Lines: len(lines)}
	overage := decimal.Zero
	for _, l := range lines {
		if l.Kind == string(invoicing.KindFee) {
			parts.FeesInAdvance = parts.FeesInAdvance.Add(l.ExactAmount)
		} else {
			overage = overage.Add(l.ExactAmount)
		}
	}
	var err error
	if parts.Overage, err = t.telescope(inv.BillingAccountID, bucketBilled, inv.Currency, overage); err != nil {
		return err
	}
	posting, err := ledger.InvoiceFinalized(wire(inv.BillingAccountID), inv.Currency, parts)
	if ledger.IsNothing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = t.post(posting, header{key: keys.InvoiceFinalized(inv.ID), account: inv.BillingAccountID, sourceType: "invoice",
		sourceID: keys.Encode(keys.Invoice, inv.ID), effectiveAt: inv.FinalizeAt, now: now})
	return err
}

// FindInvoice reads one invoice with its lines.
func (s *Store) FindInvoice(ctx context.Context, call Call, id uuid.UUID) (models.Invoice, []models.InvoiceLine, error) {
	var inv models.Invoice
	var lines []models.InvoiceLine
	err := s.read(ctx, call, func(t *tx) error {
		var err error
		if inv, err = find[models.Invoice](t, id); err != nil {
			return err
		}
		lines = nil
		return t.Where("invoice_id = ?", id).Order("seq").Find(&lines).Error
	})
	return inv, lines, err
}

// InvoiceFilter narrows a list of invoices; empty fields do not.
type InvoiceFilter struct {
	Account *uuid.UUID
	Status  models.InvoiceStatus
}

// ListInvoices reads a page of invoices, in the order of their boundaries' recording.
func (s *Store) ListInvoices(ctx context.Context, call Call, page Page, f InvoiceFilter) ([]models.Invoice, bool, error) {
	return list[models.Invoice](ctx, s, call, page, func(q *gorm.DB) *gorm.DB {
		if f.Account != nil {
			q = q.Where("billing_account_id = ?", *f.Account)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		return q
	})
}

// PushedInvoice notes that the provider has the invoice.
func (s *Store) PushedInvoice(ctx context.Context, call Call, id uuid.UUID, provider, url string) error {
	return s.within(ctx, call, func(t *tx) error {
		return t.changeInvoice(id, func(inv *models.Invoice) { inv.StripeInvoice, inv.HostedURL = provider, url })
	})
}

// InvoiceAttempt counts a new attempt to be paid before it is made, so that its key is never used for another. Only an invoice
// that is to be collected gets one, or a declined one whose next attempt is due: a repeat after a recorded decline must not
// charge again. ok says whether there is an attempt to make, or one whose outcome is still unknown.
func (s *Store) InvoiceAttempt(ctx context.Context, call Call, id uuid.UUID) (n int, ok bool, err error) {
	err = s.working(ctx, call, func(t *tx) error {
		n, ok = 0, false
		inv, err := find[models.Invoice](t, id)
		if err != nil {
			return err
		}
		_, now, err := t.lockWorking(inv.BillingAccountID)
		if err != nil {
			return err
		}
		if inv, err = lock[models.Invoice](t, id); err != nil {
			return err
		}
		if inv.Attempt(now) {
			if err := t.Save(&inv).Error; err != nil {
				return err
			}
		}
		open := ""
		if n, ok = inv.Attempts, inv.Status == models.InvoiceOpen && inv.Collection == models.CollectionUnknown; ok {
			open = keys.StripeInvoicePay(id, n)
		}
		// What any other attempt came to an event has told, if not its own answer: nobody will ask for that again.
		return t.Model(&models.ProviderCall{}).Where("verb = ? AND object_ref = ? AND key <> ? AND status IN ?", models.VerbPay, keys.Encode(keys.Invoice, id), open,
			[]models.CallStatus{models.CallSent, models.CallUnknown}).Update("status", models.CallSucceeded).Error
	})
	return n, ok, err
}

func (t *tx) changeInvoice(id uuid.UUID, change func(*models.Invoice)) error {
	inv, err := lock[models.Invoice](t, id)
	if err != nil {
		return err
	}
	change(&inv)
	inv.Version++
	return t.Save(&inv).Error
}

// FindStripeInvoice reads the invoice that the provider knows by this id; ok is false when it is not ours.
func (s *Store) FindStripeInvoice(ctx context.Context, call Call, provider string) (inv models.Invoice, ok bool, err error) {
	err = s.read(ctx, call, func(t *tx) error {
		e := t.Where("stripe_invoice = ?", provider).Take(&inv).Error
		if errors.Is(e, gorm.ErrRecordNotFound) {
			return nil
		}
		ok = e == nil
		return e
	})
	return inv, ok, err
}
