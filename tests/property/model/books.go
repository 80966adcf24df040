package model

import (
	"time"

	"github.com/shopspring/decimal"
)

// Entry is one line of a transaction; debits are positive. Account is a code of the chart without its owner.
type Entry struct {
	Account string
	Asset   string
	Amount  decimal.Decimal
}

// Transaction is what one event put into an account's books.
type Transaction struct {
	Of      *Account
	Kind    string
	At      time.Time // zero where no rule asks when it counts
	Entries []Entry
}

// move is a debit and its credit; nothing at all for nothing.
func move(asset string, amount decimal.Decimal, debit, credit string) []Entry {
	if amount.IsZero() {
		return nil
	}
	return []Entry{{debit, asset, amount}, {credit, asset, amount.Neg()}}
}

func (w *World) post(a *Account, kind string, entries []Entry) {
	w.postAt(a, kind, time.Time{}, entries)
}

func (w *World) postAt(a *Account, kind string, at time.Time, entries []Entry) {
	if len(entries) > 0 {
		w.journal = append(w.journal, Transaction{a, kind, at, entries})
	}
}

// creditAt is the account credit that was there at an instant and that nothing dated later has used.
func (w *World) creditAt(a *Account, at time.Time) decimal.Decimal {
	until := func(end time.Time) decimal.Decimal {
		sum := decimal.Zero
		for _, t := range w.journal {
			for _, e := range t.Entries {
				if t.Of == a && e.Account == "account_credit" && !t.At.After(end) {
					sum = sum.Sub(e.Amount)
				}
			}
		}
		return sum
	}
	least := until(at)
	for _, t := range w.journal {
		if t.Of == a && t.At.After(at) {
			least = decimal.Min(least, until(t.At))
		}
	}
	return least
}

// telescope gives what must be posted for the books to show the exact running sum, rounded.
func (w *World) telescope(a *Account, bucket, asset string, exact decimal.Decimal) decimal.Decimal {
	key := a.Name + "/" + bucket + "/" + asset
	shown := w.exact[key].Round(9)
	w.exact[key] = w.exact[key].Add(exact)
	return w.exact[key].Round(9).Sub(shown)
}

// balance adds up an account's entries under a code.
func (w *World) balance(a *Account, code, asset string) decimal.Decimal {
	sum := decimal.Zero
	for _, t := range w.journal {
		for _, e := range t.Entries {
			if t.Of == a && e.Account == code && e.Asset == asset {
				sum = sum.Add(e.Amount)
			}
		}
	}
	return sum
}
