package invoicing

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// CreditAccount is a replay of credits and what a credit is worth. Without a Currency nothing is valued.
type CreditAccount struct {
	Grants   []credit.Grant
	Steps    []credit.Step
	Options  credit.Options
	Currency money.Asset
	Rate     decimal.Decimal // money per credit
	// WholePurchases makes a top-up of a stated amount buy what its rounded price pays for. Credits that are given, not sold, are
	// never adjusted.
	WholePurchases bool
}

// Worth is what credits are worth: exactly, and rounded once to the currency.
type Worth struct{ Exact, Rounded decimal.Decimal }

// CreditStatement is a replay with its values. LotWorth and StepWorth go with the lots and steps of the result, by index; they are
// nil without a currency.
type CreditStatement struct {
	credit.Result
	Worth     AccountWorth
	LotWorth  []Worth // of the balance
	StepWorth []StepWorth
}

// AccountWorth is what stands at the end, in money.
type AccountWorth struct{ Balance, Overage, Expired, Voided, Receivable Worth }

// StepWorth is what a step moved, in money.
type StepWorth struct{ Amount, Overage, Voided, Receivable Worth }

// Credits replays an account's credits and values what comes out. Each value is rounded by itself from the exact credits, so the
// rounded value of a balance and of what was taken from it add up only as far as rounding lets them.
func Credits(in CreditAccount) (CreditStatement, error) {
	if err := in.check(); err != nil {
		return CreditStatement{}, err
	}
	replayed, err := credit.Replay(in.Grants, in.purchases(), in.Options)
	if err != nil {
		return CreditStatement{}, err
	}
	out := CreditStatement{Result: replayed}
	if in.Currency == "" {
		return out, nil
	}
	out.Worth = AccountWorth{Balance: in.worth(replayed.End.Total), Overage: in.worth(replayed.End.Overage),
		Expired: in.worth(replayed.Expired), Voided: in.worth(replayed.Voided), Receivable: in.worth(replayed.Receivable)}
	for _, l := range replayed.Lots {
		out.LotWorth = append(out.LotWorth, in.worth(l.Balance))
	}
	for _, s := range replayed.Steps {
		out.StepWorth = append(out.StepWorth, StepWorth{Amount: in.worth(s.Amount), Overage: in.worth(s.Overage),
			Voided: in.worth(s.Voided), Receivable: in.worth(s.Receivable)})
	}
	return out, nil
}

func (in CreditAccount) worth(credits decimal.Decimal) Worth {
	exact := credit.Value(credits, in.Rate)
	return Worth{Exact: exact, Rounded: money.Round(exact, in.Currency)}
}

func (in CreditAccount) check() error {
	switch {
	case in.Currency == "" && in.WholePurchases:
		return fault.At("/currency", "required", "Purchases in whole amounts need a currency and a rate.")
	case in.Currency != "" && !in.Currency.IsCurrency():
		return fault.At("/currency", "currency_unknown", "The currency must be one of ISO 4217.")
	case in.Currency != "" && !in.Rate.IsPositive():
		return fault.At("/rate", "out_of_range", "A credit's value must be positive.")
	}
	return nil
}

// purchases gives the steps with their top-ups adjusted to what is paid.
func (in CreditAccount) purchases() []credit.Step {
	if !in.WholePurchases {
		return in.Steps
	}
	out := make([]credit.Step, len(in.Steps))
	for i, s := range in.Steps {
		if s.Op == credit.OpTopUp && s.Amount != nil {
			bought := credit.Bought(money.Round(credit.Value(*s.Amount, in.Rate), in.Currency), in.Rate)
			s.Amount = &bought
		}
		out[i] = s
	}
	return out
}
