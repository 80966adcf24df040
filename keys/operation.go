package keys

import (
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// An operation key names one business effect. The same string is the ledger's unique key, the provider's
// Idempotency-Key and the log field, so it must hold nothing that differs between two tries of the same effect.

// LotIssued names the posting that brings a credit lot to life.
func LotIssued(lot uuid.UUID) string { return "lot/" + Encode(Grant, lot) + "/issued" }

// LotExpired names the posting that turns what is left of a lot into breakage.
func LotExpired(lot uuid.UUID) string { return "lot/" + Encode(Grant, lot) + "/expired" }

// LotVoided names the posting that takes back what is left of a lot.
func LotVoided(lot uuid.UUID) string { return "lot/" + Encode(Grant, lot) + "/voided" }

// CreditsPurchased names the posting for a paid checkout, keyed by the provider's payment object, because several
// of its events report the same money.
func CreditsPurchased(providerObject string) string {
	return "credits/" + providerObject + "/purchased"
}

// PeriodClosed names the posting that earns a period's fees.
func PeriodClosed(period uuid.UUID) string {
	return "billing-period/" + Encode(BillingPeriod, period) + "/closed"
}

// LotForPeriod names the one lot that a grant rule gives for the n-th period of an assignment.
func LotForPeriod(assignment uuid.UUID, rule string, n int) string {
	return "credit-issuance/" + Encode(PlanAssignment, assignment) + "/" + rule + "/" + strconv.Itoa(n)
}

// RatingsSettled names the posting of one settlement.
func RatingsSettled(settlement uuid.UUID) string {
	return "settlement/" + Encode(Settlement, settlement) + "/posted"
}

// InvoiceFinalized names the posting that makes an invoice a receivable.
func InvoiceFinalized(invoice uuid.UUID) string {
	return "invoice/" + Encode(Invoice, invoice) + "/finalized"
}

// InvoiceCreditUsed names the posting that lets account credit pay for part of an invoice.
func InvoiceCreditUsed(invoice uuid.UUID) string {
	return "invoice/" + Encode(Invoice, invoice) + "/credit_used"
}

// InvoiceUncollectible names the posting that writes the receivable off.
func InvoiceUncollectible(invoice uuid.UUID) string {
	return "invoice/" + Encode(Invoice, invoice) + "/uncollectible"
}

// PaymentSucceeded names the posting of one payment, keyed by the provider's object and not by the event that told
// of it: invoice.paid and invoice.payment_succeeded are one payment.
func PaymentSucceeded(providerObject string) string {
	return "payment/" + providerObject + "/succeeded"
}

// Reversal names the one reversal that an operation can have.
func Reversal(operation string) string { return operation + "/reversal" }

// StripeCustomer is the Idempotency-Key of creating an account's customer.
func StripeCustomer(account uuid.UUID) string {
	return "cust:" + Encode(BillingAccount, account) + ":1"
}

// StripeCheckout is the Idempotency-Key of creating a checkout session.
func StripeCheckout(checkout uuid.UUID) string { return "chk:" + Encode(Checkout, checkout) + ":1" }

// StripeInvoiceNew is the Idempotency-Key of creating an invoice.
func StripeInvoiceNew(invoice uuid.UUID) string { return stripeInvoice(invoice, "new") }

// StripeInvoiceLine is the Idempotency-Key of adding one line to an invoice.
func StripeInvoiceLine(invoice, line uuid.UUID) string {
	return stripeInvoice(invoice, "line", Encode(InvoiceLine, line))
}

// StripeInvoiceCredit is the Idempotency-Key of taking the applied account credit off an invoice.
func StripeInvoiceCredit(invoice uuid.UUID) string { return stripeInvoice(invoice, "credit") }

// StripeInvoiceCarried is the Idempotency-Key of adding what another invoice still owes to an invoice.
func StripeInvoiceCarried(invoice, from uuid.UUID) string {
	return stripeInvoice(invoice, "carried", Encode(Invoice, from))
}

// StripeInvoiceFinalize is the Idempotency-Key of finalising an invoice.
func StripeInvoiceFinalize(invoice uuid.UUID) string { return stripeInvoice(invoice, "fin") }

// StripeInvoicePay is the Idempotency-Key of one attempt to collect; a declined attempt is final, so the next one
// counts up.
func StripeInvoicePay(invoice uuid.UUID, attempt int) string {
	return stripeInvoice(invoice, "pay", strconv.Itoa(attempt))
}

// StripeGeneration is the Idempotency-Key of a call's n-th making. The first is the call's own key; another follows only when the
// one before is known to have had no effect.
func StripeGeneration(call string, n int) string {
	if n == 1 {
		return call
	}
	return call + ":g" + strconv.Itoa(n)
}

func stripeInvoice(invoice uuid.UUID, parts ...string) string {
	return "inv:" + Encode(Invoice, invoice) + ":" + strings.Join(parts, ":")
}
