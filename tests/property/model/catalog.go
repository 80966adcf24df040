package model

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// Plan is one version of one plan.
type Plan struct {
	Code     string
	Kind     string // base, addon or promo
	Cadence  calendar.Cadence
	Fee      decimal.Decimal // zero: none
	Currency string          // of the fee
	Grants   []Grant
	Overage  string
	Grace    time.Duration
	Collect  string
	Features []string
}

// Grant is a rule that gives credits each period.
type Grant struct {
	Rule      string
	Asset     string
	Amount    decimal.Decimal
	PeriodEnd bool // the lot ends with its period
	Priority  int
	Promo     bool
}

// Price is what a meter costs from an instant on.
type Price struct {
	Meter   string
	Asset   string
	From    time.Time
	Package bool
	Amount  decimal.Decimal
	Per     decimal.Decimal
	Free    decimal.Decimal
}

// Value is what a credit is worth from an instant on.
type Value struct {
	Asset    string
	Currency string
	From     time.Time
	Value    decimal.Decimal
}

// Catalog is what a realm sells. Features name their meters; the meters of no feature are known and never allowed.
type Catalog struct {
	Credits  []string
	Meters   []string
	Features map[string][]string
	Plans    []Plan
	Free     string
	Prices   []Price
	Values   []Value
}

func (c Catalog) plan(code string) Plan {
	return c.Plans[slices.IndexFunc(c.Plans, func(p Plan) bool { return p.Code == code })]
}

// Standard is the catalog of the random runs: a price without finite decimals, one in packages with free units, one in fiat, a
// meter without a price and one in no feature; plans of every kind that overlap in features, with and without overage.
func Standard(began time.Time) Catalog {
	month, week := calendar.Cadence{Unit: calendar.Month, Count: 1}, calendar.Cadence{Unit: calendar.Week, Count: 1}
	d := decimal.RequireFromString
	return Catalog{
		Credits:  []string{"CREDIT", "POINT"},
		Meters:   []string{"api", "dark", "gb", "gpu", "lost", "sms"},
		Features: map[string][]string{"core": {"api", "gb"}, "text": {"gpu", "sms"}, "compute": {"gpu", "api"}, "night": {"dark", "api"}},
		Free:     "free",
		Plans: []Plan{
			{Code: "free", Kind: "base", Cadence: month, Overage: "invoice", Collect: "none", Features: []string{"core"}},
			{Code: "starter", Kind: "base", Cadence: month, Fee: d("29"), Currency: "EUR", Overage: "invoice", Grace: time.Hour, Collect: "stripe",
				Grants:   []Grant{{"monthly", "CREDIT", d("20"), true, 100, false}, {"bonus", "POINT", d("3.5"), false, 50, true}},
				Features: []string{"core", "text", "night"}},
			{Code: "strict", Kind: "base", Cadence: week, Fee: d("4.99"), Currency: "EUR", Overage: "block", Collect: "manual",
				Grants: []Grant{{"weekly", "CREDIT", d("8"), false, 90, true}}, Features: []string{"core", "compute"}},
			{Code: "boost", Kind: "addon", Cadence: week, Fee: d("9.99"), Currency: "EUR", Overage: "top_up", Grace: 24 * time.Hour, Collect: "stripe",
				Grants: []Grant{{"boost", "CREDIT", d("5"), true, 100, true}}, Features: []string{"compute"}},
			{Code: "gift", Kind: "promo", Cadence: month, Overage: "invoice", Grace: 30 * time.Minute, Collect: "none",
				Grants: []Grant{{"gift", "POINT", d("2"), true, 50, false}}, Features: []string{"text"}},
			{Code: "dollar", Kind: "base", Cadence: month, Fee: d("19"), Currency: "USD", Overage: "invoice", Grace: time.Hour, Collect: "stripe",
				Features: []string{"core", "text"}},
		},
		Prices: []Price{
			{Meter: "api", Asset: "CREDIT", From: began, Amount: d("0.1"), Per: d("3")},
			{Meter: "gb", Asset: "CREDIT", From: began, Package: true, Amount: d("0.7"), Per: d("10"), Free: d("5")},
			{Meter: "gpu", Asset: "POINT", From: began, Amount: d("1"), Per: d("7")},
			{Meter: "sms", Asset: "EUR", From: began, Amount: d("0.037"), Per: d("1")},
			{Meter: "lost", Asset: "CREDIT", From: began, Amount: d("1"), Per: d("1")},
		},
		Values: []Value{{"CREDIT", "EUR", began, d("0.7")}, {"POINT", "EUR", began, d("0.333333333333")}},
	}
}

// of is the price of the first q units of a period.
func (p Price) of(q decimal.Decimal) decimal.Decimal {
	charged := decimal.Max(decimal.Zero, q.Sub(p.Free))
	if p.Package {
		return charged.Div(p.Per).Ceil().Mul(p.Amount)
	}
	return p.Amount.Mul(charged).DivRound(p.Per, 20)
}

// price is the one in force: fiat of the account's own currency before credits, the latest that has begun.
func (w *World) price(meter, currency string, at time.Time) *Price {
	var best *Price
	for i := range w.prices {
		p := &w.prices[i]
		if p.Meter != meter || p.From.After(at) || (!w.isCredit(p.Asset) && p.Asset != currency) {
			continue
		}
		switch {
		case best == nil, p.Asset == currency && best.Asset != currency:
			best = p
		case best.Asset == currency && p.Asset != currency:
		case p.From.After(best.From), p.From.Equal(best.From) && p.Asset < best.Asset:
			best = p
		}
	}
	return best
}

func (w *World) value(asset, currency string, at time.Time) *Value {
	var best *Value
	for i := range w.values {
		v := &w.values[i]
		if v.Asset == asset && v.Currency == currency && !v.From.After(at) && (best == nil || v.From.After(best.From)) {
			best = v
		}
	}
	return best
}

func (w *World) isCredit(asset string) bool { return slices.Contains(w.catalog.Credits, asset) }

func (w *World) areMeters(uses []Use) bool {
	return !slices.ContainsFunc(uses, func(u Use) bool { return !slices.Contains(w.catalog.Meters, u.Meter) })
}

func anyNegative(uses []Use) bool {
	return slices.ContainsFunc(uses, func(u Use) bool { return u.Quantity.IsNegative() })
}

// newPrice adds a price; what was rated stays what it was.
func (w *World) newPrice(op Op) Outcome {
	for _, r := range w.ratings {
		if r.meter == op.Meter && !r.at.Before(*op.At) {
			return refuse("state_conflict")
		}
	}
	for _, p := range w.prices {
		if p.Meter == op.Meter && p.Asset == op.Asset && p.From.Equal(*op.At) {
			return refuse("already_exists")
		}
	}
	w.prices = append(w.prices, Price{Meter: op.Meter, Asset: op.Asset, From: *op.At, Amount: op.Amount, Per: decimal.NewFromInt(3)})
	return said("priced")
}

func (w *World) newValue(op Op) Outcome {
	for _, r := range w.ratings {
		if r.asset == op.Asset && r.currency == "EUR" && !r.at.Before(*op.At) {
			return refuse("state_conflict")
		}
	}
	for _, v := range w.values {
		if v.Asset == op.Asset && v.Currency == "EUR" && v.From.Equal(*op.At) {
			return refuse("already_exists")
		}
	}
	w.values = append(w.values, Value{Asset: op.Asset, Currency: "EUR", From: *op.At, Value: op.Amount})
	return said("valued")
}
