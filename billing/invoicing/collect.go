package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Collection is what pays for an invoice: credit notes first, in order, then account credit, and the rest is due.
type Collection struct {
	Notes           []NoteApplied
	NotesTotal      decimal.Decimal
	Credit          decimal.Decimal // account credit used
	CreditLeft      decimal.Decimal // account credit there is afterwards, with what a negative sum gave
	AmountDue       decimal.Decimal
	Balance         decimal.Decimal // of the account once the amount due is paid: zero, or minus the credit left
	Carried         bool            // too small for the provider: not pushed, but collected with the next invoice
	MinorUnits      int64           // what the provider is asked for
	Unpayable       decimal.Decimal // of the amount due: the provider has no unit for it
	ProviderMinimum decimal.Decimal // the provider's smallest charge
}

// NoteApplied is what one credit note paid, and what it has left.
type NoteApplied struct {
	Applied decimal.Decimal
	Left    decimal.Decimal
}

func (b *Bill) collect(d Draft) error {
	c, due := &b.Collection, b.Total
	for _, note := range d.CreditNotes {
		used := CreditUsed(b.Currency, due, note)
		due = due.Sub(used)
		c.NotesTotal = c.NotesTotal.Add(used)
		c.Notes = append(c.Notes, NoteApplied{Applied: used, Left: note.Sub(used)})
	}
	b.shareNotes()
	credit := d.AccountCredit
	for _, total := range d.EarlierTotals {
		credit = credit.Sub(CreditUsed(b.Currency, total, credit))
	}
	c.Credit = CreditUsed(b.Currency, due, credit)
	c.CreditLeft = credit.Sub(c.Credit).Add(b.ToAccountCredit)
	c.Balance = c.CreditLeft.Neg()
	c.AmountDue = due.Sub(c.Credit).Add(d.CarriedIn)
	c.ProviderMinimum = money.ProviderMinimum(b.Currency)
	c.Carried = c.AmountDue.IsPositive() && c.AmountDue.LessThan(c.ProviderMinimum)
	var err error
	c.MinorUnits, c.Unpayable, err = money.Payable(money.Amount{Value: c.AmountDue, Asset: b.Currency})
	return err
}

// shareNotes spreads what credit notes paid over the lines by their gross.
func (b *Bill) shareNotes() {
	weights := make([]decimal.Decimal, len(b.Lines))
	for i := range b.Lines {
		weights[i] = b.Lines[i].Gross
	}
	for i, part := range money.Allocate(b.Collection.NotesTotal, weights, money.Scale(b.Currency)) {
		b.Lines[i].CreditApplied = part
	}
}
