package api

import (
	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

const defaultPriority = 100

// planTerms is what a plan version promises, the same in requests and answers.
type planTerms struct {
	Cadence      planCadence `json:"cadence"`
	Fee          *Money      `json:"fee,omitempty" doc:"Charged in advance for each period; absent for none."`
	Grants       []planGrant `json:"grants,omitempty" maxItems:"20" doc:"Credits of each period."`
	OverageMode  string      `json:"overage_mode" enum:"invoice,top_up,block" doc:"What happens when usage runs past the credits."`
	GraceSeconds int64       `json:"grace_seconds,omitempty" minimum:"0" maximum:"259200" doc:"How long after a period's end its late usage still belongs to it."`
	Collection   string      `json:"collection" enum:"stripe,manual,export,none" doc:"Who gets its invoices paid."`
}

type planCadence struct {
	Unit  string `json:"unit" enum:"day,week,month,quarter,year"`
	Count int    `json:"count" minimum:"1" maximum:"1000"`
}

type planGrant struct {
	Code        string  `json:"code" maxLength:"63"`
	Asset       string  `json:"asset" maxLength:"31" example:"CREDIT"`
	Amount      Decimal `json:"amount"`
	Expires     string  `json:"expires" enum:"period_end,never"`
	Priority    *int    `json:"priority,omitempty" minimum:"0" maximum:"10000" doc:"Low is used first; 100 if absent."`
	Promotional bool    `json:"promotional,omitempty"`
}

func (t planTerms) model() models.PlanTerms {
	out := models.PlanTerms{Cadence: calendar.Cadence{Unit: calendar.Unit(t.Cadence.Unit), Count: t.Cadence.Count},
		Grants: make([]models.GrantRule, len(t.Grants)), OverageMode: gate.OverageMode(t.OverageMode), GraceSeconds: t.GraceSeconds,
		Collection: models.Collection(t.Collection)}
	if t.Fee != nil {
		out.Fee = &models.Fee{Amount: t.Fee.Amount.Decimal, Currency: money.Asset(t.Fee.Currency)}
	}
	for i, g := range t.Grants {
		out.Grants[i] = models.GrantRule{Code: g.Code, Asset: money.Asset(g.Asset), Amount: g.Amount.Decimal,
			Expires: models.Expiry(g.Expires), Priority: defaultPriority, Promotional: g.Promotional}
		if g.Priority != nil {
			out.Grants[i].Priority = *g.Priority
		}
	}
	return out
}

func showTerms(t models.PlanTerms) planTerms {
	out := planTerms{Cadence: planCadence{Unit: string(t.Cadence.Unit), Count: t.Cadence.Count}, Grants: make([]planGrant, len(t.Grants)),
		OverageMode: string(t.OverageMode), GraceSeconds: t.GraceSeconds, Collection: string(t.Collection)}
	if t.Fee != nil {
		fee := moneyOf(money.Amount{Value: t.Fee.Amount, Asset: t.Fee.Currency})
		out.Fee = &fee
	}
	for i, g := range t.Grants {
		out.Grants[i] = planGrant{Code: g.Code, Asset: string(g.Asset), Amount: moneyOf(money.Amount{Value: g.Amount, Asset: g.Asset}).Amount,
			Expires: string(g.Expires), Priority: &g.Priority, Promotional: g.Promotional}
	}
	return out
}
