package ledger

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// InvoiceParts is what a finalised invoice moves. Receivable is its total in minor units; FeesInAdvance and Overage are
// exact at ledger scale, Overage being what settlement put on the unbilled account for these lines. Lines is the
// number of invoice lines, each of which was rounded once, and bounds what may go to the rounding account; 0 counts
// as one line.
type InvoiceParts struct {
	Receivable    decimal.Decimal
	FeesInAdvance decimal.Decimal
	Overage       decimal.Decimal
	Tax           decimal.Decimal
	Lines         int
}

// InvoiceFinalized posts the receivable against the fees it defers, the overage it bills and the tax it owes. The
// difference that rounding the lines made goes to the rounding account; a difference that rounding cannot explain is
// refused, because it is an amount that was lost or counted twice.
func InvoiceFinalized(ba string, currency money.Asset, parts InvoiceParts) (Posting, error) {
	d := newDraft(KindInvoiceFinalized)
	d.moveFiat(currency, parts.FeesInAdvance, Receivable(ba), DeferredRevenue)
	d.moveFiat(currency, parts.Overage, Receivable(ba), Unbilled(ba))
	d.moveFiat(currency, parts.Tax, Receivable(ba), TaxPayable)
	if d.err == nil && parts.Receivable.IsNegative() {
		d.err = fault.New(fault.Internal, CodeOutOfRange, "%s: the receivable is negative", d.kind)
	}
	exact := parts.FeesInAdvance.Add(parts.Overage).Add(parts.Tax)
	difference := parts.Receivable.Sub(exact)
	if d.err == nil {
		d.err = checkRounding(currency, difference, parts.Lines)
	}
	switch difference.Sign() {
	case 1:
		d.moveFiat(currency, difference, Receivable(ba), Rounding)
	case -1:
		d.moveFiat(currency, difference.Neg(), Rounding, Receivable(ba))
	}
	return d.posting()
}

// checkRounding allows half a minor unit per line, and the residue that telescoping leaves at ledger scale.
func checkRounding(currency money.Asset, difference decimal.Decimal, lines int) error {
	if difference.IsZero() {
		return nil
	}
	c, known := money.Lookup(string(currency))
	if !known {
		return fault.New(fault.Internal, CodeCurrency, "%q is not a currency", currency)
	}
	perLine := decimal.New(5, -c.Exponent-1).Add(decimal.New(1, -money.LedgerScale))
	bound := perLine.Mul(decimal.NewFromInt(int64(max(lines, 1))))
	if difference.Abs().GreaterThan(bound) {
		return fault.New(fault.Internal, CodeUnbalanced, "a difference of %s %s is more than rounding %d lines makes",
			difference, currency, max(lines, 1))
	}
	return nil
}

// PeriodClosed recognises a fee in advance as revenue, for the part that belongs to the closed period.
func PeriodClosed(currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindPeriodClosed)
	d.moveFiat(currency, amount, DeferredRevenue, RevenueFees)
	return d.posting()
}

// AccountCreditGiven posts money we now owe the account, taken from revenue:fees or deferred_revenue and nothing else.
func AccountCreditGiven(ba string, currency money.Asset, amount decimal.Decimal, from string) (Posting, error) {
	if from != RevenueFees && from != DeferredRevenue {
		return Posting{}, fault.New(fault.Internal, CodeAccount, "account credit cannot come from %q", from)
	}
	d := newDraft(KindAccountCreditGiven)
	d.moveFiat(currency, amount, from, AccountCredit(ba))
	return d.posting()
}

// AccountCreditUsed lets account credit pay part of what was invoiced.
func AccountCreditUsed(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindAccountCreditUsed)
	d.moveFiat(currency, amount, AccountCredit(ba), Receivable(ba))
	return d.posting()
}

// Uncollectible writes a receivable off. A payment that comes later reverses it first.
func Uncollectible(ba string, currency money.Asset, amount decimal.Decimal) (Posting, error) {
	d := newDraft(KindUncollectible)
	d.moveFiat(currency, amount, BadDebt, Receivable(ba))
	return d.posting()
}
