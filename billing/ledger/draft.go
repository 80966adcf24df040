package ledger

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// draft collects the parts of one event; the first refusal wins.
type draft struct {
	kind    string
	entries []Entry
	err     error
}

func newDraft(kind string) *draft { return &draft{kind: kind} }

// move debits one account and credits another. A zero part is left out when the posting is made.
func (d *draft) move(asset money.Asset, amount decimal.Decimal, debit, credit string) {
	d.add(asset, amount, debit)
	if d.err == nil {
		d.entries = append(d.entries, entry(credit, asset, amount.Neg()))
	}
}

// moveFiat is move for the fiat column of the posting rules.
func (d *draft) moveFiat(currency money.Asset, amount decimal.Decimal, debit, credit string) {
	if !amount.IsZero() && d.err == nil && !currency.IsCurrency() {
		d.err = fault.New(fault.Internal, CodeCurrency, "%s: %q is not a currency", d.kind, currency)
	}
	d.move(currency, amount, debit, credit)
}

// add debits one account only; the event's constructor balances it.
func (d *draft) add(asset money.Asset, amount decimal.Decimal, debit string) {
	if d.err != nil {
		return
	}
	if amount.IsNegative() {
		d.err = fault.New(fault.Internal, CodeOutOfRange, "%s: %s is negative", d.kind, amount)
		return
	}
	if d.err = checkScale(amount); d.err != nil {
		return
	}
	d.entries = append(d.entries, entry(debit, asset, amount))
}

func entry(account string, asset money.Asset, amount decimal.Decimal) Entry {
	return Entry{Account: account, BillingAccount: Owner(account), Asset: asset, Amount: amount}
}

func (d *draft) posting() (Posting, error) {
	if d.err != nil {
		return Posting{}, d.err
	}
	p := Posting{Kind: d.kind, Entries: canonical(d.entries)}
	if len(p.Entries) == 0 {
		return Posting{}, fault.New(fault.Internal, CodeNothing, "%s: every part is zero", d.kind)
	}
	if err := p.Balanced(); err != nil {
		return Posting{}, err
	}
	return p, nil
}
