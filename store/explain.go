package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// maxChains bounds how many ratings an explanation shows; what lots paid and what was overage is summed over all of them.
const maxChains = 500

// TermsDefault says that the plan's own terms applied, and no contract.
const TermsDefault = "default"

// PlanExplained is one plan in force at the instant, with the period of its that the instant lies in.
type PlanExplained struct {
	EffectivePlan
	Period calendar.Interval
	Terms  string
}

// LotExplained is a lot that covers the instant or paid for usage of the period, and how much of it that usage took by then.
type LotExplained struct {
	Lot   models.CreditLot
	Spent decimal.Decimal
}

// OverageExplained is what usage of the period had cost beyond lots by the instant.
type OverageExplained struct {
	Asset    money.Asset
	Amount   decimal.Decimal
	Currency money.Asset
	Fiat     decimal.Decimal
}

// Explanation answers, for one account and instant: which plan version was effective, which terms applied, which funding
// source paid, and which ratings and ledger records prove it.
type Explanation struct {
	Account   models.BillingAccount
	At        time.Time
	Plans     []PlanExplained
	Lots      []LotExplained
	Overage   []OverageExplained
	Ratings   []RatingChain // in the order in which the usage occurred
	Truncated bool          // there are more ratings than are shown
	Ledger    []LedgerRecord
	Answer    string
}

// Explain answers from rows alone, with a number of queries that does not depend on how much there is to tell.
func (s *Store) Explain(ctx context.Context, call Call, account uuid.UUID, at *time.Time) (Explanation, error) {
	var out Explanation
	err := s.read(ctx, call, func(t *tx) error {
		a, err := find[models.BillingAccount](t, account)
		if err != nil {
			return err
		}
		out = Explanation{Account: a}
		if out.At, err = t.instantFor(a, at); err != nil {
			return err
		}
		for _, fill := range []func(*Explanation) error{t.explainPlans, t.explainRatings, t.explainLots, t.explainOverage, t.explainLedger} {
			if err := fill(&out); err != nil {
				return err
			}
		}
		out.Answer = out.sentence()
		return nil
	})
	return out, err
}

func (t *tx) explainPlans(e *Explanation) error {
	plans, err := t.plansAt(e.Account.ID, e.At)
	if err != nil {
		return err
	}
	for _, p := range plans {
		o := owner{phase: p.Phase, assignment: p.Assignment, terms: p.Version.Terms}
		span, err := o.period(e.Account, e.At)
		if err != nil {
			return err
		}
		e.Plans = append(e.Plans, PlanExplained{EffectivePlan: p, Period: span, Terms: TermsDefault})
	}
	return nil
}

// ofPeriods selects the ratings of the periods explained that had occurred by the instant.
func (e *Explanation) ofPeriods() (string, []any) {
	parts, args := []string{"false"}, []any{e.Account.ID, e.At}
	for _, p := range e.Plans {
		parts = append(parts, "(r.assignment_id = ? AND r.period_start = ?)")
		args = append(args, p.Assignment.ID, p.Period.Start)
	}
	return "r.billing_account_id = ? AND r.effective_at <= ? AND (" + strings.Join(parts, " OR ") + ")", args
}

func (t *tx) explainRatings(e *Explanation) error {
	where, args := e.ofPeriods()
	var ratings []models.Rating
	if err := t.Table("ratings r").Where(where, args...).Order("r.effective_at, r.id").Limit(maxChains + 1).Find(&ratings).Error; err != nil {
		return err
	}
	if e.Truncated = len(ratings) > maxChains; e.Truncated {
		ratings = ratings[:maxChains]
	}
	var err error
	e.Ratings, err = t.chains(ratings)
	return err
}

func (t *tx) explainLots(e *Explanation) error {
	where, args := e.ofPeriods()
	var spent []struct {
		LotID uuid.UUID
		Spent decimal.Decimal
	}
	if err := t.Raw(`SELECT x.lot_id, sum(x.amount) AS spent FROM allocations x JOIN ratings r ON r.realm_id = x.realm_id AND r.id = x.rating_id
		WHERE x.kind = 'lot' AND `+where+` GROUP BY x.lot_id`, args...).Scan(&spent).Error; err != nil {
		return err
	}
	of, used := map[uuid.UUID]decimal.Decimal{}, []uuid.UUID{uuid.Nil}
	for _, row := range spent {
		of[row.LotID] = row.Spent
		used = append(used, row.LotID)
	}
	var lots []models.CreditLot
	if err := t.Where(`billing_account_id = ? AND (id IN ? OR (effective_at <= ? AND (expires_at IS NULL OR expires_at > ?) AND status NOT IN ?
			AND (remaining > 0 OR expires_at IS NOT NULL)))`, e.Account.ID, used, e.At, e.At, []models.LotStatus{models.LotPending, models.LotVoided}).
		Order("effective_at, id").Find(&lots).Error; err != nil {
		return err
	}
	for _, l := range lots {
		e.Lots = append(e.Lots, LotExplained{Lot: l, Spent: of[l.ID]})
	}
	return nil
}

func (t *tx) explainOverage(e *Explanation) error {
	where, args := e.ofPeriods()
	return t.Raw(`SELECT r.asset, r.currency, sum(r.overage) AS amount, sum(r.overage_fiat) AS fiat FROM ratings r
		WHERE r.overage > 0 AND r.kind = 'billed' AND `+where+` GROUP BY r.asset, r.currency ORDER BY r.asset, r.currency`, args...).
		Scan(&e.Overage).Error
}

// explainLedger gathers the records behind the answer: issuance of the lots, settlements of the ratings, and the invoices
// they were billed on.
func (t *tx) explainLedger(e *Explanation) error {
	seen, wanted := map[uuid.UUID]bool{}, []string{""}
	for _, l := range e.Lots {
		wanted = append(wanted, keys.LotIssued(l.Lot.ID))
		if l.Lot.SourceKind == models.LotFromPurchase {
			wanted = append(wanted, keys.CreditsPurchased(l.Lot.SourceRef))
		}
	}
	settled := []uuid.UUID{uuid.Nil}
	for _, c := range e.Ratings {
		if c.Ledger != nil && !seen[c.Ledger.ID] {
			seen[c.Ledger.ID] = true
			settled = append(settled, c.Ledger.ID)
		}
		if c.Invoice != nil && !seen[c.Invoice.ID] {
			seen[c.Invoice.ID] = true
			wanted = append(wanted, keys.InvoiceFinalized(c.Invoice.ID), keys.InvoiceCreditUsed(c.Invoice.ID))
		}
	}
	var transactions []models.LedgerTransaction
	err := t.Where("billing_account_id = ? AND (operation_key IN ? OR id IN ?)", e.Account.ID, wanted, settled).Order("seq").Find(&transactions).Error
	if err != nil {
		return err
	}
	e.Ledger, err = t.withEntries(transactions)
	return err
}

// sentence says it in one line, such as "api-starter v1; 20 of 20 CREDIT spent, 8 CREDIT of overage so far, INV-000002".
func (e *Explanation) sentence() string {
	plans := make([]string, 0, len(e.Plans))
	for _, p := range e.Plans {
		plans = append(plans, fmt.Sprintf("%s v%d", p.Plan.Code, p.Version.Number))
	}
	if len(plans) == 0 {
		return "No plan was in force."
	}
	facts := append(e.fundingFacts(), e.overageFacts()...)
	if len(e.Ratings) == 0 {
		facts = append(facts, "no usage so far")
	} else {
		facts = append(facts, e.waivedFacts()...)
		facts = append(facts, e.invoiceFacts()...)
	}
	return strings.Join(plans, " + ") + "; " + strings.Join(facts, ", ")
}

func (e *Explanation) fundingFacts() []string {
	type sum struct{ spent, issued decimal.Decimal }
	sums, assets := map[money.Asset]sum{}, []money.Asset{}
	for _, l := range e.Lots {
		was, known := sums[l.Lot.Asset]
		if !known {
			assets = append(assets, l.Lot.Asset)
		}
		sums[l.Lot.Asset] = sum{was.spent.Add(l.Spent), was.issued.Add(l.Lot.Issued)}
	}
	slices.Sort(assets)
	facts := make([]string, 0, len(assets))
	for _, a := range assets {
		facts = append(facts, fmt.Sprintf("%s of %s %s spent", sums[a].spent, sums[a].issued, a))
	}
	return facts
}

func (e *Explanation) overageFacts() []string {
	facts := make([]string, 0, len(e.Overage))
	for _, o := range e.Overage {
		facts = append(facts, fmt.Sprintf("%s %s of overage so far", o.Amount, o.Asset))
	}
	return facts
}

// waivedFacts say what would have been owed.
func (e *Explanation) waivedFacts() []string {
	sums, assets := map[money.Asset]decimal.Decimal{}, []money.Asset{}
	for _, c := range e.Ratings {
		if c.Rating.Kind != models.Waived {
			continue
		}
		if _, known := sums[c.Rating.Asset]; !known {
			assets = append(assets, c.Rating.Asset)
		}
		sums[c.Rating.Asset] = sums[c.Rating.Asset].Add(c.Rating.Amount)
	}
	slices.Sort(assets)
	facts := make([]string, 0, len(assets))
	for _, a := range assets {
		facts = append(facts, fmt.Sprintf("%s %s waived", sums[a], a))
	}
	return facts
}

func (e *Explanation) invoiceFacts() []string {
	var numbers []string
	open := false
	for _, c := range e.Ratings {
		switch {
		case c.Rating.Kind == models.Waived: // on no invoice, ever
		case c.Invoice == nil || c.Invoice.Number == nil:
			open = true
		case !slices.Contains(numbers, *c.Invoice.Number):
			numbers = append(numbers, *c.Invoice.Number)
		}
	}
	if open {
		numbers = append(numbers, "not invoiced yet")
	}
	return numbers
}
