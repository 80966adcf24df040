// Package ledger decides which accounts a business event debits and credits.
//
// It owns the chart of accounts and one constructor per row of the posting rules; nothing else in the code base names
// an account code of an entry. Debits are positive, credits negative. Every posting a constructor returns is Balanced:
// it sums to zero per asset, has at least two entries, none of them zero, none finer than nine decimals, and every
// owned account names its billing account. Entries come out in one canonical order (asset, debits first, account), so
// equal events give equal bytes for the hash chain.
//
// It refuses negative amounts (a correction is a Reversal or an event of its own), amounts that were not brought to
// ledger scale by the caller, fiat events in a credit asset, and to post nothing: an event whose parts are all zero is
// a fault that IsNothing recognises, because whether silence is right is for the caller to say. It does not know
// operation keys, times or storage.
package ledger

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// Entry is one side of a posting; a debit is positive. BillingAccount is "" for house accounts.
type Entry struct {
	Account        string          `json:"account"`
	BillingAccount string          `json:"billing_account,omitempty"`
	Asset          money.Asset     `json:"asset"`
	Amount         decimal.Decimal `json:"amount"`
}

// Posting is one ledger transaction to be written as a whole.
type Posting struct {
	Kind    string  `json:"kind"`
	Entries []Entry `json:"entries"`
}

// Stable codes of what a posting refuses.
const (
	CodeNothing    = "nothing_to_post"
	CodeUnbalanced = "posting_unbalanced"
	CodeBadScale   = "bad_scale"
	CodeOutOfRange = "out_of_range"
	CodeAccount    = "unknown_ledger_account"
	CodeCurrency   = "currency_mismatch"
)

// maxIntegerDigits is what numeric(38,9) leaves before the decimal point.
const maxIntegerDigits = 29

// IsNothing says whether a constructor refused because every part of the event is zero.
func IsNothing(err error) bool { return fault.Is(err, CodeNothing) }

// Balanced checks what the database checks again by a deferred constraint trigger.
func (p Posting) Balanced() error {
	if len(p.Entries) < 2 {
		return fault.New(fault.Internal, CodeUnbalanced, "%s has %d entries", p.Kind, len(p.Entries))
	}
	for _, e := range p.Entries {
		if err := e.check(); err != nil {
			return err
		}
	}
	sorted := slices.Clone(p.Entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return cmp.Compare(a.Asset, b.Asset) })
	sum := decimal.Zero
	for i, e := range sorted {
		sum = sum.Add(e.Amount)
		last := i == len(sorted)-1 || sorted[i+1].Asset != e.Asset
		if last && !sum.IsZero() {
			return fault.New(fault.Internal, CodeUnbalanced, "%s is off by %s %s", p.Kind, sum, e.Asset)
		}
	}
	return nil
}

func (e Entry) check() error {
	switch {
	case !IsKnown(e.Account):
		return fault.New(fault.Internal, CodeAccount, "account %q is not in the chart", e.Account)
	case e.BillingAccount != Owner(e.Account):
		return fault.New(fault.Internal, CodeAccount, "account %q does not belong to %q", e.Account, e.BillingAccount)
	case e.Asset == "":
		return fault.New(fault.Internal, CodeCurrency, "an entry of %s has no asset", e.Account)
	case e.Amount.IsZero():
		return fault.New(fault.Internal, CodeUnbalanced, "an entry of %s is zero", e.Account)
	}
	return checkScale(e.Amount)
}

func checkScale(amount decimal.Decimal) error {
	if amount.NumDigits()+int(amount.Exponent()) > maxIntegerDigits {
		return fault.New(fault.Internal, CodeOutOfRange, "an amount has more than %d digits", maxIntegerDigits)
	}
	if !amount.Equal(amount.Truncate(money.LedgerScale)) {
		return fault.New(fault.Internal, CodeBadScale, "%s has more than %d decimals", amount, money.LedgerScale)
	}
	return nil
}

// Reversal negates every entry of a posting. The transaction that carries it names the one it reverses.
func Reversal(p Posting) Posting {
	entries := make([]Entry, len(p.Entries))
	for i, e := range p.Entries {
		e.Amount = e.Amount.Neg()
		entries[i] = e
	}
	return Posting{Kind: KindReversal, Entries: canonical(entries)}
}

// Telescope gives the part of an exact amount that is posted at ledger scale when cumulativeBefore was posted already:
// the postings of a sequence sum to the ledger amount of the exact total, so no residue is lost or counted twice.
func Telescope(cumulativeBefore, exact decimal.Decimal) (posted decimal.Decimal) {
	return money.ToLedger(cumulativeBefore.Add(exact)).Sub(money.ToLedger(cumulativeBefore))
}

// canonical merges entries of one account and asset, drops what cancels out, and sorts.
func canonical(entries []Entry) []Entry {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.Account, b.Account))
	})
	merged := make([]Entry, 0, len(sorted))
	for _, e := range sorted {
		if n := len(merged); n > 0 && merged[n-1].Asset == e.Asset && merged[n-1].Account == e.Account {
			merged[n-1].Amount = merged[n-1].Amount.Add(e.Amount)
			continue
		}
		merged = append(merged, e)
	}
	merged = slices.DeleteFunc(merged, func(e Entry) bool { return e.Amount.IsZero() })
	slices.SortStableFunc(merged, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), cmp.Compare(b.Amount.Sign(), a.Amount.Sign()),
			cmp.Compare(a.Account, b.Account))
	})
	return merged
}
