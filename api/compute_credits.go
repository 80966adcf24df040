package api

import (
	"cmp"
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
)

// maxCreditMovements bounds what one computation may move; it is far above what so many steps do in earnest.
const maxCreditMovements = 20_000

type computeCredits struct{}

type creditsIn struct {
	Body struct {
		Grants         []creditGrantIn `json:"grants" maxItems:"500"`
		Steps          []creditStepIn  `json:"steps,omitempty" maxItems:"1000" doc:"Played by the instant at which each counts; what happens at one instant in the order given, after what begins or ends there."`
		Order          []string        `json:"order,omitempty" maxItems:"7" enum:"priority,expires_at,promotional,restricted_first,effective_at,granted_at,id" doc:"Who pays first: each rank decides where the ones before tie, the lot's name decides last. Durabill's if absent: priority, expires_at, promotional, granted_at, id."`
		OverageMode    string          `json:"overage_mode,omitempty" enum:"keep,carry,refuse" doc:"keep (if absent): a later grant does not pay earlier overage. carry: it does, oldest first. refuse: a use that cannot be paid in whole draws nothing."`
		Start          *Instant        `json:"start,omitempty" doc:"Of the grants' opening balances and of opening_overage."`
		OpeningOverage *Quantity       `json:"opening_overage,omitempty"`
		EvaluateAt     *Instant        `json:"evaluate_at,omitempty" doc:"Inclusive: what happens at it has happened. The last step if absent."`
		AsOf           []Instant       `json:"as_of,omitempty" maxItems:"50" doc:"Also how things stood at these instants."`
		Precision      *int32          `json:"precision,omitempty" minimum:"0" maximum:"20" doc:"Decimals that a credit has; more are cut off. All are kept if absent."`
		Currency       string          `json:"currency,omitempty" minLength:"3" maxLength:"3" doc:"To have the credits valued in, at rate." example:"EUR"`
		Rate           *Quantity       `json:"rate,omitempty" doc:"Money per credit; 1 if absent."`
		WholePurchases bool            `json:"whole_purchases,omitempty" doc:"A top-up buys what its rounded price pays for."`
	}
}

type creditGrantIn struct {
	Name         string              `json:"name" minLength:"1" maxLength:"64" example:"monthly"`
	Amount       Quantity            `json:"amount"`
	Priority     int                 `json:"priority,omitempty" minimum:"-1000000" maximum:"1000000" doc:"The lower number pays first."`
	Promotional  bool                `json:"promotional,omitempty" doc:"Given, not sold."`
	Features     []string            `json:"features,omitempty" maxItems:"50" doc:"Pays for usage of these only."`
	Meters       []string            `json:"meters,omitempty" maxItems:"50" doc:"Pays for usage of these only."`
	EffectiveAt  Instant             `json:"effective_at"`
	ExpiresAt    *Instant            `json:"expires_at,omitempty" nullable:"true" doc:"Exclusive. Never if absent."`
	ExpiresAfter *creditCadence      `json:"expires_after,omitempty" doc:"Instead of expires_at: on the calendar, from granted_at."`
	Zone         string              `json:"zone,omitempty" maxLength:"64" doc:"Of expires_after; UTC if absent."`
	GrantedAt    *Instant            `json:"granted_at,omitempty" doc:"effective_at if absent."`
	Opening      *Quantity           `json:"opening,omitempty" doc:"What is left of it at start, if it was effective before."`
	Rollover     *creditRolloverIn   `json:"rollover,omitempty" doc:"What a reset keeps of it. Nothing if absent, all if empty."`
	Recurrence   *creditRecurrenceIn `json:"recurrence,omitempty"`
}

type creditCadence struct {
	Unit  string `json:"unit" enum:"day,week,month,quarter,year"`
	Count int    `json:"count" minimum:"1" maximum:"1000"`
}

type creditRolloverIn struct {
	Min *Quantity `json:"min,omitempty" doc:"At least so much is left after a reset."`
	Max *Quantity `json:"max,omitempty" doc:"At most so much."`
}

type creditRecurrenceIn struct {
	At      Instant       `json:"at" doc:"The anchor: the grant comes again at every boundary of it."`
	Zone    string        `json:"zone,omitempty" maxLength:"64" doc:"UTC if absent."`
	Cadence creditCadence `json:"cadence"`
	Mode    string        `json:"mode,omitempty" enum:"new_lot,refill" doc:"new_lot (if absent): a lot for each period, which ends with it. refill: the one lot is set back to its amount."`
}

type creditStepIn struct {
	Name            string         `json:"name,omitempty" maxLength:"64"`
	Key             string         `json:"key,omitempty" maxLength:"255" doc:"Two steps of one key are one step sent twice."`
	At              Instant        `json:"at"`
	Op              string         `json:"op" enum:"use,correct,grant,top_up,void,expire,refund,reset,hold,release,cancel" doc:"use: amount, feature, meter. correct: the use ref was amount smaller. grant: grant. top_up: amount or auto. void: what is left of lot, amount of it, or amount of all lots. expire: lot. refund: amount of lot. reset: lots keep their rollover. hold: amount, until release of ref. cancel: lots that would begin at or after from."`
	Amount          *Quantity      `json:"amount,omitempty"`
	Lot             string         `json:"lot,omitempty" maxLength:"80"`
	Ref             string         `json:"ref,omitempty" maxLength:"64" doc:"The name of a use or a hold."`
	Feature         string         `json:"feature,omitempty" maxLength:"128"`
	Meter           string         `json:"meter,omitempty" maxLength:"128"`
	Grant           *creditGrantIn `json:"grant,omitempty"`
	Auto            *creditAutoIn  `json:"auto,omitempty"`
	PreserveOverage bool           `json:"preserve_overage,omitempty" doc:"Of a reset: overage is paid from what is kept, instead of dropped."`
	ExpiresAt       *Instant       `json:"expires_at,omitempty" doc:"Of what a top-up buys or a reset keeps."`
	From            *Instant       `json:"from,omitempty" doc:"Of a cancel; at if absent."`
}

type creditAutoIn struct {
	Threshold Quantity  `json:"threshold" doc:"Buys when the ongoing balance is at or below it."`
	Target    Quantity  `json:"target" doc:"Buys as much as brings the ongoing balance there."`
	Arriving  *Quantity `json:"arriving,omitempty" doc:"Bought before and not here yet."`
}

func (r computeCredits) register(a huma.API) {
	post(a, op{ID: "computeCredits", Path: "/mgt/v1/compute/credits", Summary: "What becomes of credits",
		Description: "Plays grants and steps by the time they count: which lot pays for what, what is left, what expired, was voided or is overage. " +
			"Reads and writes nothing. For every lot: granted = remaining + used + expired + voided + lapsed. " +
			"At most 500 grants, 1,000 steps, 10,000 recurrences and 20,000 movements.",
		Tag: "Compute", Scope: "catalog:read", Pure: true, Example: creditsExample}, r.compute)
}

var creditsExample = map[string]any{
	"grants": []any{
		map[string]any{"name": "monthly", "amount": "100", "effective_at": "2026-01-01T00:00:00Z", "expires_at": "2026-02-01T00:00:00Z", "promotional": true},
		map[string]any{"name": "bought", "amount": "50", "effective_at": "2026-01-10T00:00:00Z"},
	},
	"steps":       []any{map[string]any{"name": "u1", "at": "2026-01-20T12:00:00Z", "op": "use", "amount": "120"}},
	"evaluate_at": "2026-02-01T00:00:00Z",
	"currency":    "EUR", "rate": "0.10",
}

func (r computeCredits) compute(_ context.Context, in *creditsIn) (*One[creditsAnswer], error) {
	b := in.Body
	account := invoicing.CreditAccount{Grants: make([]credit.Grant, len(b.Grants)), Steps: make([]credit.Step, len(b.Steps)),
		Currency: money.Asset(b.Currency), Rate: decimal.NewFromInt(1), WholePurchases: b.WholePurchases,
		Options: credit.Options{Overage: credit.Overage(b.OverageMode), Start: timeOf(b.Start), Until: timeOf(b.EvaluateAt),
			OpeningOverage: zeroOr(b.OpeningOverage), Precision: b.Precision, History: true, MaxMovements: maxCreditMovements}}
	if b.Rate != nil {
		account.Rate = b.Rate.Decimal
	}
	for i, g := range b.Grants {
		account.Grants[i] = g.value()
	}
	for i, s := range b.Steps {
		account.Steps[i] = s.value()
	}
	for _, rank := range b.Order {
		account.Options.Order = append(account.Options.Order, credit.Rank(rank))
	}
	for _, at := range b.AsOf {
		account.Options.AsOf = append(account.Options.AsOf, at.Time)
	}
	statement, err := invoicing.Credits(account)
	if err != nil {
		return nil, err
	}
	return &One[creditsAnswer]{Body: showCredits(account, statement)}, nil
}

func (g creditGrantIn) value() credit.Grant {
	out := credit.Grant{Name: g.Name, Amount: g.Amount.Decimal, Priority: g.Priority, Promotional: g.Promotional,
		Scope: credit.Scope{Features: g.Features, Meters: g.Meters}, EffectiveAt: g.EffectiveAt.Time, ExpiresAt: timeOf(g.ExpiresAt),
		Zone: g.Zone, Opening: decimalOf(g.Opening)}
	if g.GrantedAt != nil {
		out.GrantedAt = g.GrantedAt.Time
	}
	if g.ExpiresAfter != nil {
		cadence := g.ExpiresAfter.value()
		out.ExpiresAfter = &cadence
	}
	if g.Rollover != nil {
		out.Rollover = &credit.Rollover{Min: zeroOr(g.Rollover.Min), Max: decimalOf(g.Rollover.Max)}
	}
	if r := g.Recurrence; r != nil {
		out.Recurrence = &credit.Recurrence{Anchor: calendar.Anchor{At: r.At.Time, Zone: cmp.Or(r.Zone, "UTC"), Cadence: r.Cadence.value()},
			Mode: cmp.Or(credit.Mode(r.Mode), credit.NewLot)}
	}
	return out
}

func (c creditCadence) value() calendar.Cadence {
	return calendar.Cadence{Unit: calendar.Unit(c.Unit), Count: c.Count}
}

func (s creditStepIn) value() credit.Step {
	out := credit.Step{Name: s.Name, Key: s.Key, At: s.At.Time, Op: credit.Op(s.Op), Amount: decimalOf(s.Amount), Lot: s.Lot, Ref: s.Ref,
		Feature: s.Feature, Meter: s.Meter, PreserveOverage: s.PreserveOverage, ExpiresAt: timeOf(s.ExpiresAt), From: timeOf(s.From)}
	if s.Grant != nil {
		g := s.Grant.value()
		out.Grant = &g
	}
	if s.Auto != nil {
		out.Auto = &credit.AutoTopUp{Threshold: s.Auto.Threshold.Decimal, Target: s.Auto.Target.Decimal, Arriving: zeroOr(s.Auto.Arriving)}
	}
	return out
}
