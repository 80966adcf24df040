package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
)

// computePrice answers what usage costs. Nothing is read and nothing is written.
type computePrice struct{}

type computePriceIn struct {
	Body struct {
		Currency     string             `json:"currency" minLength:"3" maxLength:"31" pattern:"^[A-Z][A-Z0-9_]*$" doc:"A currency, or the code of a credit type." example:"EUR"`
		Price        priceBody          `json:"price"`
		Quantity     *Quantity          `json:"quantity,omitempty" doc:"Of flat, per_unit, package, graduated, volume, graduated_percentage or tiered_blocks. Exactly one of quantity, transactions, buckets, combinations and events is given."`
		Transactions []Quantity         `json:"transactions,omitempty" maxItems:"1000" doc:"Of percentage and dynamic, each for itself; of the models of a quantity, each as the difference that it makes to those before. Only those of dynamic may be negative."`
		Buckets      []Quantity         `json:"buckets,omitempty" maxItems:"1000" doc:"Quantities of windows that are priced each for itself: tiers and packages restart."`
		Combinations []priceCombination `json:"combinations,omitempty" maxItems:"1000" doc:"Of matrix."`
		Events       []proratedEvent    `json:"events,omitempty" maxItems:"1000" doc:"Of graduated, for a quantity that is held over time: the tier follows the running units, what is charged is the prorated share, flat amounts are not prorated."`
		Conversion   *conversionBody    `json:"conversion,omitempty" doc:"Made on the quantity before it is priced: factor, then rounding, then free units."`
		Billed       *billedBody        `json:"already_billed,omitempty" doc:"What of the same period was priced before."`
		Minimum      *Quantity          `json:"minimum,omitempty" doc:"Of the period, with what was billed before: what is missing is made up."`
		Maximum      *Quantity          `json:"maximum,omitempty" doc:"Of the period, with what was billed before: what is left of it is used up line by line."`
		Commitment   *commitmentBody    `json:"commitment,omitempty" doc:"Excludes minimum and maximum."`
		PeriodShare  *fractionBody      `json:"period_share,omitempty" doc:"Prorates minimum, maximum and commitment: the share of the period that they are agreed for."`
		Interim      bool               `json:"interim,omitempty" doc:"More of the period is to come: nothing is made up to a minimum or commitment yet."`
	}
}

type priceCombination struct {
	Values   map[string]string `json:"values" doc:"A value for each dimension of the price."`
	Quantity Quantity          `json:"quantity"`
	Before   *Quantity         `json:"already_billed_quantity,omitempty" doc:"Of this combination, in the same period."`
}

type proratedEvent struct {
	Units    Quantity `json:"units" doc:"Units more, or fewer if negative."`
	Prorated Quantity `json:"prorated_units" doc:"Their share for the rest of the period."`
}

type conversionBody struct {
	Operation string    `json:"operation" enum:"divide,multiply"`
	Factor    Quantity  `json:"factor"`
	Round     string    `json:"round,omitempty" enum:"up,down,nearest" doc:"Not rounded if absent; nearest takes half away from zero."`
	Decimals  int32     `json:"decimals,omitempty" minimum:"0" maximum:"9" doc:"To so many decimals."`
	FreeUnits *Quantity `json:"free_units,omitempty" doc:"Of the converted units, in the period."`
	PerLine   bool      `json:"per_line,omitempty" doc:"Rounds this usage for itself, instead of the period's total less what was billed before."`
}

type billedBody struct {
	Quantity *Quantity `json:"quantity,omitempty" doc:"Of percentage, the sum of the transactions. If present, even 0, the period is open and what a price asks at zero was paid."`
	Events   *int64    `json:"events,omitempty" minimum:"0" doc:"Of percentage: the number of transactions."`
	Amount   *Quantity `json:"amount,omitempty" doc:"What was billed; if absent, what the quantity comes to under the same price and terms."`
}

type commitmentBody struct {
	Amount        Quantity  `json:"amount"`
	OverageFactor *Quantity `json:"overage_factor,omitempty" doc:"How many times its price usage above the commitment costs; 1 if absent."`
	TrueUp        *bool     `json:"true_up,omitempty" doc:"Whether what is missing is made up; true if absent."`
}

type fractionBody struct {
	Numerator   Quantity `json:"numerator"`
	Denominator Quantity `json:"denominator"`
}

type computedPrice struct {
	Currency        string           `json:"currency"`
	MinorDigits     *int32           `json:"minor_digits" nullable:"true" doc:"Decimals of the currency; null for a credit type."`
	Amount          Exact            `json:"amount" doc:"Rounded once, half away from zero, to the minor unit; credits to 9 decimals."`
	ExactAmount     Exact            `json:"exact_amount"`
	Rounding        Exact            `json:"rounding" doc:"amount less exact_amount."`
	ProviderMinor   *int64           `json:"provider_minor_units" nullable:"true" doc:"The amount as the payment provider takes it; null where it takes no such amount."`
	Gross           Exact            `json:"gross" doc:"Usage before minimum, maximum and commitment."`
	UsageAmount     Exact            `json:"usage_amount" doc:"Usage without overage: with a commitment, what lies within it."`
	OverageAmount   Exact            `json:"overage_amount" doc:"What lies above the commitment, with its factor."`
	MaximumDiscount Exact            `json:"maximum_discount" doc:"What the maximum takes off."`
	TrueUp          Exact            `json:"true_up" doc:"What is made up to the minimum or the commitment."`
	BilledUnits     Exact            `json:"billed_units" doc:"After conversion and free units."`
	Packages        Exact            `json:"packages" doc:"Packages or blocks, those billed before taken off."`
	Charges         []computedCharge `json:"charges" doc:"The invoice lines. Their rounded amounts add up to amount."`
	Parts           []computedPart   `json:"parts" doc:"One for the quantity, or for each transaction, bucket, combination or event; their exact amounts add up to gross."`
	Lines           []computedLine   `json:"lines" doc:"Every step; their amounts add up to gross."`
}

type computedCharge struct {
	Kind        string `json:"kind" enum:"usage,overage,maximum,minimum,commitment"`
	ExactAmount Exact  `json:"exact_amount"`
	Amount      Exact  `json:"amount" doc:"The difference of rounded running totals."`
}

type computedPart struct {
	Quantity    Exact `json:"quantity"`
	BilledUnits Exact `json:"billed_units"`
	Packages    Exact `json:"packages"`
	Amount      Exact `json:"amount" doc:"Exact."`
}

type computedLine struct {
	Part     int    `json:"part" doc:"Which of parts it belongs to, from 1."`
	Kind     string `json:"kind" enum:"free,flat,units,packages,tier,blocks,transaction"`
	Tier     int    `json:"tier" doc:"From 1; of a matrix, the cell. 0 where there is none."`
	Units    Exact  `json:"units" doc:"Of a transaction, its amount. Negative where a quantity leaves a tier."`
	Free     Exact  `json:"free" doc:"Of a transaction: what of it is free of the rate."`
	Packages Exact  `json:"packages"`
	UnitPart Exact  `json:"unit_part"`
	FlatPart Exact  `json:"flat_part"`
	Clamp    Exact  `json:"clamp" doc:"Of a transaction: what its minimum adds or its maximum takes off."`
	Amount   Exact  `json:"amount"`
	Discount Exact  `json:"discount" doc:"What of amount the period's maximum takes off."`
}

func (r computePrice) register(a huma.API) {
	post(a, op{ID: "computePrice", Path: "/mgt/v1/compute/price", Summary: "What usage costs under a price",
		Description: "Reads and writes nothing. The answer shows every step: exact amounts tier by tier, then charges rounded once. Lists have at most 1,000 entries and prices at most 100 tiers.",
		Tag:         "Compute", Scope: "catalog:read", Pure: true, Nullable: priceNulls, Example: computePriceExample}, r.compute)
}

var computePriceExample = map[string]any{
	"currency": "EUR",
	"price": map[string]any{"model": "graduated", "tiers": []any{
		map[string]any{"up_to": "10", "amount": "10", "flat_amount": "2"},
		map[string]any{"up_to": nil, "amount": "5", "per_units": "3", "flat_amount": "3"},
	}},
	"quantity":       "12",
	"already_billed": map[string]any{"quantity": "8"},
	"maximum":        "115",
}

func (computePrice) compute(_ context.Context, in *computePriceIn) (*One[computedPrice], error) {
	priced, err := invoicing.Price(in.request())
	if err = alsoWrong(err, "/price", in.Body.Price.wrong()); err != nil {
		return nil, err
	}
	return &One[computedPrice]{Body: showPriced(money.Asset(in.Body.Currency), priced)}, nil
}

func (in *computePriceIn) request() pricing.Request {
	b := in.Body
	r := pricing.Request{Asset: money.Asset(b.Currency), Price: b.Price.price(), Quantity: decimalOf(b.Quantity), Interim: b.Interim,
		Transactions: decimalsOf(b.Transactions), Buckets: decimalsOf(b.Buckets),
		Terms: pricing.Terms{Minimum: decimalOf(b.Minimum), Maximum: decimalOf(b.Maximum)}}
	if b.Combinations != nil {
		r.Combinations = make([]pricing.Combination, 0, len(b.Combinations))
	}
	for _, c := range b.Combinations {
		r.Combinations = append(r.Combinations, pricing.Combination{Values: c.Values, Quantity: c.Quantity.Decimal, Before: zeroOr(c.Before)})
	}
	if b.Events != nil {
		r.Events = make([]pricing.Event, 0, len(b.Events))
	}
	for _, e := range b.Events {
		r.Events = append(r.Events, pricing.Event{Units: e.Units.Decimal, Prorated: e.Prorated.Decimal})
	}
	if c := b.Conversion; c != nil {
		r.Conversion = &pricing.Conversion{Operation: pricing.Operation(c.Operation), Factor: c.Factor.Decimal, Round: pricing.Rounding(c.Round),
			Decimals: c.Decimals, FreeUnits: zeroOr(c.FreeUnits), PerLine: c.PerLine}
	}
	if x := b.Billed; x != nil {
		r.Billed = pricing.Billed{Quantity: decimalOf(x.Quantity), Events: x.Events, Amount: decimalOf(x.Amount)}
	}
	if c := b.Commitment; c != nil {
		r.Terms.Commitment = &pricing.Commitment{Amount: c.Amount.Decimal, OverageFactor: decimalOf(c.OverageFactor), NoTrueUp: c.TrueUp != nil && !*c.TrueUp}
	}
	if s := b.PeriodShare; s != nil {
		r.Terms.Share = &pricing.Fraction{Numerator: s.Numerator.Decimal, Denominator: s.Denominator.Decimal}
	}
	return r
}

// decimalsOf keeps a list that is there and empty apart from one that is absent.
func decimalsOf(list []Quantity) []decimal.Decimal {
	if list == nil {
		return nil
	}
	out := make([]decimal.Decimal, 0, len(list))
	for _, q := range list {
		out = append(out, q.Decimal)
	}
	return out
}

func showPriced(asset money.Asset, p invoicing.Priced) computedPrice {
	amount := func(v decimal.Decimal) Exact { return Exact{shown(money.Amount{Value: v, Asset: asset})} }
	out := computedPrice{Currency: string(asset), Amount: amount(p.Amount), ExactAmount: exactly(p.Result.Amount), Rounding: exactly(p.Rounding),
		ProviderMinor: p.ProviderMinor, Gross: exactly(p.Gross), UsageAmount: exactly(p.Charged(pricing.ChargeUsage)),
		OverageAmount: exactly(p.Charged(pricing.ChargeOverage)), MaximumDiscount: exactly(p.MaximumDiscount), TrueUp: exactly(p.TrueUp),
		BilledUnits: exactly(p.Priced), Packages: exactly(p.Packages), Charges: []computedCharge{}, Parts: []computedPart{}, Lines: []computedLine{}}
	if c, known := money.Lookup(string(asset)); known {
		out.MinorDigits = &c.Exponent
	}
	for i, c := range p.Charges {
		out.Charges = append(out.Charges, computedCharge{Kind: string(c.Kind), ExactAmount: exactly(c.Amount), Amount: amount(p.Rounded[i])})
	}
	for i, part := range p.Parts {
		out.Parts = append(out.Parts, computedPart{Quantity: exactly(part.Given), BilledUnits: exactly(part.Priced), Packages: exactly(part.Packages),
			Amount: exactly(part.Amount)})
		for _, l := range part.Lines {
			out.Lines = append(out.Lines, computedLine{Part: i + 1, Kind: string(l.Kind), Tier: l.Tier, Units: exactly(l.Quantity), Free: exactly(l.Free),
				Packages: exactly(l.Packages), UnitPart: exactly(l.UnitPart), FlatPart: exactly(l.FlatPart), Clamp: exactly(l.Clamp),
				Amount: exactly(l.Amount), Discount: exactly(l.Discount)})
		}
	}
	return out
}
