package example

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Money is an amount as the wire carries it.
type Money struct {
	Amount   string
	Currency string
}

// InvoiceView is what the story reads of an invoice.
type InvoiceView struct {
	ID          string
	Number      string
	Status      string
	Currency    string
	Total       Money
	BoundaryAt  time.Time `json:"boundary_at"`
	FinalizedAt time.Time `json:"finalized_at"`
	Lines       []LineView
}

// LineView is what the story reads of an invoice's line.
type LineView struct {
	Kind        string
	Description string
	Unit        string
	Quantity    string
	Covered     *Money
	Overage     *Money
	Amount      Money
	PeriodStart time.Time `json:"period_start"`
	PeriodEnd   time.Time `json:"period_end"`
}

// Text is the line as a person reads it.
func (l LineView) Text() string {
	span := l.PeriodStart.Format(time.DateOnly) + " – " + l.PeriodEnd.Format(time.DateOnly)
	if l.Covered == nil || l.Overage == nil {
		return fmt.Sprintf("%s, fee %s", l.Description, span)
	}
	return fmt.Sprintf("%s, %s %ss %s (%s %s covered, %s beyond)", l.Description, l.Quantity, l.Unit, span, l.Covered.Amount, l.Covered.Currency,
		l.Overage.Amount)
}

// Billed is what the story has come to.
type Billed struct {
	Clock     time.Time
	Invoices  []InvoiceView
	Available string
}

// BalanceView is what the story reads of a balance.
type BalanceView struct {
	Balances []struct {
		Currency  string
		Available string
		Held      string
		Posted    string
		Pending   string
		Spendable string
	}
}

// Billed reads the invoices, oldest first, and what is left to spend.
func (s *Story) Billed(ctx context.Context) (Billed, error) {
	var out Billed
	var err error
	if out.Clock, err = s.Clock(ctx); err != nil {
		return out, err
	}
	var found listed
	if err := s.Get(ctx, "/mgt/v1/invoices?billing_account_id="+s.AccountID, &found); err != nil {
		return out, err
	}
	for _, f := range found.Data {
		var inv InvoiceView
		if err := s.Get(ctx, "/mgt/v1/invoices/"+f.ID, &inv); err != nil {
			return out, err
		}
		out.Invoices = append(out.Invoices, inv)
	}
	slices.SortFunc(out.Invoices, func(a, b InvoiceView) int { return a.BoundaryAt.Compare(b.BoundaryAt) })
	var balance BalanceView
	if err := s.Get(ctx, "/v1/balance?principal_id=acme", &balance); err != nil {
		return out, err
	}
	for _, b := range balance.Balances {
		out.Available = b.Spendable + " " + b.Currency
	}
	return out, nil
}

// Curl is a command that shows the balance and ends in a number.
func (s *Story) Curl() string {
	return fmt.Sprintf(`curl -s -H 'Authorization: Bearer %s' -H 'X-Realm-Id: %s' '%s/v1/balance?principal_id=acme' \
    | grep -o '"spendable":"[^"]*"'`, s.Key, s.Realm, s.Base)
}
