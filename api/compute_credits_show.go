package api

import (
	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/invoicing"
)

type creditsAnswer struct {
	EvaluatedAt Instant        `json:"evaluated_at"`
	Balance     Exact          `json:"balance" doc:"What all lots could pay."`
	Held        Exact          `json:"held"`
	Ongoing     Exact          `json:"ongoing" doc:"The balance less what is held, and less overage that is carried."`
	Overage     Exact          `json:"overage" doc:"Usage that nothing paid, since the last reset."`
	Expired     Exact          `json:"expired"`
	Voided      Exact          `json:"voided"`
	Receivable  Exact          `json:"receivable" doc:"Of refunds of credits that were spent."`
	Movements   int            `json:"movements" doc:"Steps that changed something: a repeat does not."`
	Value       *creditsValue  `json:"value,omitempty" doc:"With a currency only."`
	Lots        []creditLotOut `json:"lots" doc:"In the order of the grants; then those that steps and recurrences made."`
	Steps       []creditStep   `json:"steps" doc:"In the order given."`
	AsOf        []creditsAt    `json:"as_of"`
}

type creditWorth struct {
	Exact   Exact `json:"exact"`
	Rounded Exact `json:"rounded" doc:"Half away from zero to the currency's minor unit."`
}

type creditsValue struct {
	Currency   string      `json:"currency" example:"EUR"`
	Balance    creditWorth `json:"balance"`
	Overage    creditWorth `json:"overage"`
	Expired    creditWorth `json:"expired"`
	Voided     creditWorth `json:"voided"`
	Receivable creditWorth `json:"receivable"`
}

type creditDraw struct {
	Lot    string `json:"lot"`
	Amount Exact  `json:"amount"`
}

type creditLotOut struct {
	Name        string           `json:"name"`
	Status      string           `json:"status" enum:"scheduled,active,exhausted,expired,voided"`
	Granted     Exact            `json:"granted"`
	Remaining   Exact            `json:"remaining"`
	Balance     Exact            `json:"balance" doc:"What it can pay: nothing while it is scheduled."`
	Used        Exact            `json:"used"`
	Expired     Exact            `json:"expired"`
	Voided      Exact            `json:"voided"`
	Lapsed      Exact            `json:"lapsed" doc:"What a reset or a recurrence did not keep."`
	EffectiveAt Instant          `json:"effective_at"`
	ExpiresAt   *Instant         `json:"expires_at" nullable:"true"`
	EndedAt     *Instant         `json:"ended_at" nullable:"true" doc:"When it expired or was voided."`
	Value       *creditWorth     `json:"value,omitempty" doc:"Of the balance."`
	History     []creditMovement `json:"history"`
}

type creditMovement struct {
	At     Instant `json:"at"`
	Step   *int    `json:"step" nullable:"true" doc:"The index of the step that made it; null if time did."`
	Kind   string  `json:"kind" enum:"granted,used,returned,forfeited,expired,voided,lapsed"`
	Amount Exact   `json:"amount"`
	After  Exact   `json:"after" doc:"What is left of the lot then."`
}

type creditStep struct {
	Name       string           `json:"name"`
	Op         string           `json:"op"`
	At         Instant          `json:"at"`
	Outcome    string           `json:"outcome" enum:"applied,unchanged,repeated,refused,later"`
	AppliedAt  *Instant         `json:"applied_at" nullable:"true" doc:"When it was done first, for a repeat."`
	Amount     Exact            `json:"amount"`
	Draws      []creditDraw     `json:"draws" doc:"What each lot pays in the end, in the order in which they did; of a void, what it took."`
	Overage    Exact            `json:"overage" doc:"Of a use, what nothing paid in the end."`
	Returned   []creditDraw     `json:"returned"`
	Forfeited  []creditDraw     `json:"forfeited" doc:"What a correction would have returned to lots that had ended or begun anew."`
	Voided     Exact            `json:"voided"`
	Expired    Exact            `json:"expired"`
	Receivable Exact            `json:"receivable"`
	Lot        *string          `json:"lot" nullable:"true" doc:"That a grant or a top-up made."`
	Value      *creditStepWorth `json:"value,omitempty"`
}

type creditStepWorth struct {
	Amount     creditWorth `json:"amount"`
	Overage    creditWorth `json:"overage"`
	Voided     creditWorth `json:"voided"`
	Receivable creditWorth `json:"receivable"`
}

type creditsAt struct {
	At       Instant      `json:"at"`
	Balance  Exact        `json:"balance"`
	Held     Exact        `json:"held"`
	Ongoing  Exact        `json:"ongoing"`
	Overage  Exact        `json:"overage"`
	Balances []creditDraw `json:"balances"`
}

func showCredits(account invoicing.CreditAccount, s invoicing.CreditStatement) creditsAnswer {
	out := creditsAnswer{EvaluatedAt: instant(s.End.At), Balance: exactly(s.End.Total), Held: exactly(s.End.Held), Ongoing: exactly(s.End.Ongoing),
		Overage: exactly(s.End.Overage), Expired: exactly(s.Expired), Voided: exactly(s.Voided), Receivable: exactly(s.Receivable),
		Movements: s.Movements, Lots: make([]creditLotOut, 0, len(s.Lots)), Steps: make([]creditStep, 0, len(s.Steps)),
		AsOf: make([]creditsAt, 0, len(s.AsOf))}
	if account.Currency != "" {
		out.Value = &creditsValue{Currency: string(account.Currency), Balance: showWorth(s.Worth.Balance), Overage: showWorth(s.Worth.Overage),
			Expired: showWorth(s.Worth.Expired), Voided: showWorth(s.Worth.Voided), Receivable: showWorth(s.Worth.Receivable)}
	}
	for i, l := range s.Lots {
		shown := showCreditLot(l)
		if i < len(s.LotWorth) {
			worth := showWorth(s.LotWorth[i])
			shown.Value = &worth
		}
		out.Lots = append(out.Lots, shown)
	}
	for i, step := range s.Steps {
		shown := showCreditStep(account.Steps[i], step)
		if i < len(s.StepWorth) {
			w := s.StepWorth[i]
			shown.Value = &creditStepWorth{Amount: showWorth(w.Amount), Overage: showWorth(w.Overage), Voided: showWorth(w.Voided),
				Receivable: showWorth(w.Receivable)}
		}
		out.Steps = append(out.Steps, shown)
	}
	for _, at := range s.AsOf {
		out.AsOf = append(out.AsOf, creditsAt{At: instant(at.At), Balance: exactly(at.Total), Held: exactly(at.Held), Ongoing: exactly(at.Ongoing),
			Overage: exactly(at.Overage), Balances: showDraws(at.Balances)})
	}
	return out
}

func showWorth(w invoicing.Worth) creditWorth {
	return creditWorth{Exact: exactly(w.Exact), Rounded: Exact{w.Rounded}}
}

func showDraws(draws []credit.Draw) []creditDraw {
	out := make([]creditDraw, 0, len(draws))
	for _, d := range draws {
		out = append(out, creditDraw{Lot: d.LotID, Amount: exactly(d.Amount)})
	}
	return out
}

func showCreditLot(l credit.LotResult) creditLotOut {
	out := creditLotOut{Name: l.ID, Status: string(l.Status), Granted: exactly(l.Granted), Remaining: exactly(l.Remaining), Balance: exactly(l.Balance),
		Used: exactly(l.Used), Expired: exactly(l.Expired), Voided: exactly(l.Voided), Lapsed: exactly(l.Lapsed), EffectiveAt: instant(l.EffectiveAt),
		ExpiresAt: maybe(l.ExpiresAt), EndedAt: maybe(l.EndedAt), History: make([]creditMovement, 0, len(l.History))}
	for _, m := range l.History {
		shown := creditMovement{At: instant(m.At), Kind: string(m.Kind), Amount: exactly(m.Amount), After: exactly(m.After)}
		if m.Step >= 0 {
			step := m.Step
			shown.Step = &step
		}
		out.History = append(out.History, shown)
	}
	return out
}

func showCreditStep(in credit.Step, s credit.StepResult) creditStep {
	out := creditStep{Name: in.Name, Op: string(in.Op), At: instant(in.At), Outcome: string(s.Outcome), Amount: exactly(s.Amount),
		Draws: showDraws(s.Draws), Overage: exactly(s.Overage), Returned: showDraws(s.Returned), Forfeited: showDraws(s.Forfeited),
		Voided: exactly(s.Voided), Expired: exactly(s.Expired), Receivable: exactly(s.Receivable), Lot: maybeText(s.LotID)}
	if !s.AppliedAt.IsZero() {
		out.AppliedAt = maybe(&s.AppliedAt)
	}
	return out
}
