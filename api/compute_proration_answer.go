package api

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/proration"
)

type proratedPart struct {
	Start       *Instant `json:"start" nullable:"true" doc:"Null where the part was counted."`
	End         *Instant `json:"end" nullable:"true"`
	PeriodStart *Instant `json:"period_start" nullable:"true" doc:"Of the full period."`
	PeriodEnd   *Instant `json:"period_end" nullable:"true"`
	Fraction    string   `json:"fraction" example:"17/31" doc:"The exact share, in lowest terms."`
	Counted     string   `json:"counted" example:"1468800/2678400" doc:"The share as it was counted, in the unit."`
	Days        string   `json:"days" example:"17/31" doc:"The share in local days, whatever the unit."`
	PartDays    int64    `json:"part_days"`
	PeriodDays  int64    `json:"period_days"`
	Share       Quantity `json:"share" doc:"Cut after 20 decimals."`
	Exact       Quantity `json:"exact" doc:"Before rounding; cut after 20 decimals."`
}

type proratedAmount struct {
	Share   proratedPart `json:"share"`
	Factor  Quantity     `json:"factor" doc:"The share, rounded to precision."`
	Amount  Quantity     `json:"amount" doc:"Rounded once."`
	Rest    Quantity     `json:"rest" doc:"What remains of the price: the two are the whole."`
	Precise Quantity     `json:"precise" doc:"Exact, rounded to precision."`
	Tax     Quantity     `json:"tax"`
	Total   Quantity     `json:"total"`
	TrueUp  Quantity     `json:"true_up" doc:"The amount less the deductions, 0 at least."`
}

type proratedLine struct {
	Kind   string       `json:"kind" enum:"credit,charge"`
	Change int          `json:"change" doc:"Which of the changes made it; -1 for the first price."`
	Price  Quantity     `json:"price" doc:"Of the full period."`
	Part   proratedPart `json:"part"`
	Amount Quantity     `json:"amount" doc:"Rounded once; a credit is below 0, and capped by what was paid."`
}

type proratedChange struct {
	Fraction  string         `json:"fraction" doc:"What the first change leaves of the period, in lowest terms."`
	Days      string         `json:"days" doc:"The same in local days, as counted."`
	Lines     []proratedLine `json:"lines" doc:"Without those that come to nothing."`
	Credit    Quantity       `json:"credit"`
	Charge    Quantity       `json:"charge"`
	Net       Quantity       `json:"net" doc:"The sum of the lines."`
	NetOnce   Quantity       `json:"net_if_rounded_once" doc:"The exact sum, uncapped and rounded once."`
	FairValue Quantity       `json:"fair_value" doc:"Of the period under the prices that were in force."`
	Next      Quantity       `json:"next_period" doc:"What the next full period costs."`
	Credits   int            `json:"credits_issued" doc:"How many lines are credits."`
}

type proratedCancel struct {
	Unused proratedPart `json:"unused"`
	Used   Quantity     `json:"used" doc:"Of the fee, before tax."`
	Item   Quantity     `json:"item" doc:"The unused part, less earlier credits."`
	Coupon Quantity     `json:"coupon" doc:"The coupon's part of the item."`
	Tax    Quantity     `json:"tax"`
	Total  Quantity     `json:"total"`
	Refund Quantity     `json:"refund" doc:"The fee's part of what was paid less the value that was used."`
	Offset Quantity     `json:"offset" doc:"What the unpaid invoice is lowered by."`
	Credit Quantity     `json:"credit" doc:"Account credit: the rest."`
}

type proratedCycles struct {
	Cycles []string       `json:"cycles" example:"[\"14/31\",\"1\",\"12/28\"]" doc:"As counted, and 1 for a whole one."`
	Number Quantity       `json:"number_of_cycles" doc:"Their exact sum, rounded to precision."`
	Parts  []proratedPart `json:"parts" doc:"Empty where shares were counted."`
}

type computedProration struct {
	Part   Maybe[proratedAmount] `json:"part" doc:"Of a part; else null."`
	Change Maybe[proratedChange] `json:"change" doc:"Of a change; else null."`
	Cancel Maybe[proratedCancel] `json:"cancel" doc:"Of a cancellation; else null."`
	Cycles Maybe[proratedCycles] `json:"cycles" doc:"Of cycles; else null."`
}

func showProration(p invoicing.Prorated) computedProration {
	var out computedProration
	if p.Part != nil {
		out.Part = just(showAmount(*p.Part))
	}
	if p.Change != nil {
		out.Change = just(showChange(*p.Change))
	}
	if c := p.Cancel; c != nil {
		out.Cancel = just(proratedCancel{Unused: showPart(c.Unused), Used: quantity(c.Used), Item: quantity(c.Item), Coupon: quantity(c.Coupon), Tax: quantity(c.Tax),
			Total: quantity(c.Total), Refund: quantity(c.Refund), Offset: quantity(c.Offset), Credit: quantity(c.Credit)})
	}
	if p.Cycles != nil {
		out.Cycles = just(showCycles(*p.Cycles))
	}
	return out
}

func showAmount(p invoicing.ProratedPart) proratedAmount {
	return proratedAmount{Share: showPart(p.Part), Factor: quantity(p.Factor), Amount: quantity(p.Amount), Rest: quantity(p.Rest), Precise: quantity(p.Precise),
		Tax: quantity(p.Tax), Total: quantity(p.Total), TrueUp: quantity(p.TrueUp)}
}

func showChange(c invoicing.ProratedChange) proratedChange {
	out := proratedChange{Fraction: c.First.Share.Fraction(), Days: c.First.Days.Counted(), Lines: make([]proratedLine, 0, len(c.Rows)), Credit: quantity(c.Credit),
		Charge: quantity(c.Charge), Net: quantity(c.Sum), NetOnce: quantity(c.Once), FairValue: quantity(c.Fair), Next: quantity(c.Next), Credits: c.Credited}
	for _, l := range c.Rows {
		out.Lines = append(out.Lines, proratedLine{Kind: string(l.Kind), Change: l.Change, Price: cutToQuantity(l.Price), Part: showPart(l.Part), Amount: quantity(l.Amount)})
	}
	return out
}

func showCycles(c invoicing.Cycles) proratedCycles {
	out := proratedCycles{Cycles: make([]string, 0, len(c.Shares)), Number: quantity(c.Number), Parts: make([]proratedPart, 0, len(c.Parts))}
	for _, s := range c.Shares {
		text := s.Counted()
		if s.Part == s.Whole {
			text = s.Fraction()
		}
		out.Cycles = append(out.Cycles, text)
	}
	for _, p := range c.Parts {
		out.Parts = append(out.Parts, showPart(p))
	}
	return out
}

func showPart(p proration.Part) proratedPart {
	out := proratedPart{Fraction: p.Share.Fraction(), Counted: p.Share.Counted(), Days: p.Days.Counted(), PartDays: p.Days.Part, PeriodDays: p.Days.Whole,
		Share: cutToQuantity(p.Share.Decimal()), Exact: cutToQuantity(p.Exact)}
	if !p.Interval.IsZero() {
		out.Start, out.End = maybe(&p.Interval.Start), maybe(&p.Interval.End)
		out.PeriodStart, out.PeriodEnd = maybe(&p.Full.Start), maybe(&p.Full.End)
	}
	return out
}

// cutToQuantity writes as many decimals as a quantity may have.
func cutToQuantity(v decimal.Decimal) Quantity { return quantity(v.Truncate(money.MaxDecimals)) }
