package store

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/rating"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// measured is a quantity that wants a price.
type measured struct {
	kind       models.SourceKind
	source     uuid.UUID
	feature    *uuid.UUID
	meter      models.Meter
	quantity   decimal.Decimal
	occurredAt time.Time
	heardAt    time.Time // zero: now
}

// rated is a rating with what pays for it, or the reason why there is none.
type rated struct {
	rating      models.Rating
	allocations []models.Allocation
	refused     string
}

// Reasons of quarantine that are not the gate's.
const (
	reasonLate        = "late_usage"
	reasonNoOwner     = gate.ReasonNotEntitled
	reasonNoPrice     = gate.ReasonNotConfigured
	reasonAboveBounds = "lease.bounds_exceeded"
)

// rate prices a quantity by the terms of its own instant, takes it from the lots of that instant, and leaves the rating for
// settlement. The caller holds the account's lock.
func (t *tx) rate(account models.BillingAccount, m measured, now time.Time) (rated, error) {
	late, err := t.tooLate(m, now)
	if err != nil || late {
		return rated{refused: reasonLate}, err
	}
	owner, err := t.ownerOf(account, m)
	if err != nil || owner == nil {
		return rated{refused: reasonNoOwner}, err
	}
	q, ok, err := t.quote(account, m)
	if err != nil || !ok {
		return rated{refused: reasonNoPrice}, err
	}
	span, err := owner.period(account, m.occurredAt)
	if err != nil {
		return rated{}, err
	}
	in := rating.Input{Price: q.price.Terms, Asset: q.price.Asset, Quantity: m.quantity, OccurredAt: m.occurredAt, Currency: q.currency,
		CreditValue: q.value, Waived: account.BillingMode == models.Unlimited}
	if in.Before, err = t.count(counterOf(account, m, q, span), m.quantity); err != nil {
		return rated{}, err
	}
	lots, err := t.lotsAt(account.ID, q.price.Asset, m.occurredAt, now)
	if err != nil {
		return rated{}, err
	}
	for i := range lots {
		in.Lots = append(in.Lots, lots[i].Value())
	}
	result, err := rating.Rate(in)
	if fault.Is(err, rating.CodePriceMissing) || fault.Is(err, rating.CodeCurrency) {
		// Nothing else has been written for it, but the counter: take the quantity back.
		_, err = t.count(counterOf(account, m, q, span), m.quantity.Neg())
		return rated{refused: reasonNoPrice}, err
	}
	if err != nil {
		return rated{}, err
	}
	r := models.Rating{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()},
		BillingAccountID: account.ID, AssignmentID: &owner.phase.AssignmentID, PhaseID: &owner.phase.ID, PlanVersionID: &owner.phase.PlanVersionID,
		PeriodStart: span.Start, PeriodEnd: &span.End, FeatureID: m.feature, MeterID: m.meter.ID, PriceID: q.price.ID, PriceSource: "meter",
		CreditValueID: q.valueID, Kind: models.RatingKind(result.Kind), SourceKind: m.kind, SourceID: m.source, Before: in.Before,
		Quantity: m.quantity, Asset: q.price.Asset, Amount: result.Amount, Covered: result.Covered, Overage: result.Overage, Currency: q.currency,
		OverageFiat: result.OverageFiat, Times: models.Times{EffectiveAt: m.occurredAt, RecordedAt: now}}
	return t.keep(account, r, result, lots)
}

// quoted is the price that wins at a usage's instant, and what its asset is worth in the account's currency then.
type quoted struct {
	price    models.MeterPrice
	currency money.Asset
	value    *decimal.Decimal
	valueID  *uuid.UUID
}

func (t *tx) quote(account models.BillingAccount, m measured) (quoted, bool, error) {
	var q quoted
	if account.Currency != nil {
		q.currency = *account.Currency
	}
	price, ok, err := t.priceAt(m.meter.ID, q.currency, m.occurredAt)
	if err != nil || !ok {
		return q, false, err
	}
	q.price = price
	if price.Asset.IsCurrency() {
		return q, true, nil
	}
	value, ok, err := t.creditValueAt(price.Asset, q.currency, m.occurredAt)
	if ok {
		q.value, q.valueID = &value.Value, &value.ID
	}
	return q, err == nil, err
}

func (t *tx) tooLate(m measured, now time.Time) (bool, error) {
	var realm models.Realm
	err := t.Where("id = ?", t.call.Realm).Take(&realm).Error
	if !m.heardAt.IsZero() {
		now = m.heardAt // that we were slow to rate it does not make it late
	}
	return m.occurredAt.Before(now.Add(-realm.LateWindow())), err
}

// keep writes the rating, what pays for it and the notice to settlement; lots give what the burn order took, and what they do
// not cover has a run to come.
func (t *tx) keep(account models.BillingAccount, r models.Rating, result rating.Result, lots []models.CreditLot) (rated, error) {
	if err := t.Create(&r).Error; err != nil {
		return rated{}, err
	}
	out := rated{rating: r}
	if r.Kind == models.Waived {
		return out, nil
	}
	byID := make(map[string]*models.CreditLot, len(lots))
	for i := range lots {
		byID[lots[i].ID.String()] = &lots[i]
	}
	for _, d := range result.Draws {
		lot := byID[d.LotID]
		if err := t.draw(lot, d.Amount); err != nil {
			return rated{}, err
		}
		out.allocations = append(out.allocations, models.Allocation{Kind: models.AllocationLot, LotID: &lot.ID, Asset: r.Asset, Amount: d.Amount,
			Currency: lot.CostCurrency, Fiat: credit.Cost(lot.Issued, lot.Cost, d.Amount)})
	}
	if result.Overage.IsPositive() {
		if err := t.runForOverage(account, r.RecordedAt); err != nil {
			return rated{}, err
		}
		out.allocations = append(out.allocations, models.Allocation{Kind: models.AllocationOverage, Asset: r.Asset, Amount: result.Overage,
			Currency: r.Currency, Fiat: result.OverageFiat})
	}
	for i := range out.allocations {
		a := &out.allocations[i]
		a.RealmID, a.RatingID, a.Seq, a.BillingAccountID, a.Times = r.RealmID, r.ID, i+1, r.BillingAccountID, r.Times
	}
	if len(out.allocations) > 0 {
		if err := t.Create(&out.allocations).Error; err != nil {
			return rated{}, err
		}
	}
	return out, t.dispatch(models.TopicSettlement, r.ID, &r.BillingAccountID, keys.Shard(r.BillingAccountID, Shards))
}

func (t *tx) draw(lot *models.CreditLot, amount decimal.Decimal) error {
	if err := t.activateLot(lot); err != nil {
		return err
	}
	if err := lot.Consume(amount); err != nil {
		return err
	}
	if err := t.Save(lot).Error; err != nil {
		return err
	}
	return t.addFunds(lot.BillingAccountID, lot.Asset, amount.Neg(), decimal.Zero)
}

func counterOf(account models.BillingAccount, m measured, q quoted, span calendar.Interval) models.RatingCounter {
	return models.RatingCounter{BillingAccountID: account.ID, MeterID: m.meter.ID, PriceID: q.price.ID, PeriodStart: span.Start}
}

// count adds to a counter and gives what it was before.
func (t *tx) count(c models.RatingCounter, quantity decimal.Decimal) (decimal.Decimal, error) {
	var after decimal.Decimal
	err := t.Raw(`INSERT INTO rating_counters AS c (realm_id, billing_account_id, meter_id, price_id, period_start, quantity)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (realm_id, billing_account_id, meter_id, price_id, period_start)
		DO UPDATE SET quantity = c.quantity + excluded.quantity RETURNING quantity`,
		t.call.Realm, c.BillingAccountID, c.MeterID, c.PriceID, c.PeriodStart, quantity).Scan(&after).Error
	return after.Sub(quantity), err
}

// owner is the phase whose plan a usage belongs to, with that plan's terms.
type owner struct {
	phase      models.AssignmentPhase
	assignment models.PlanAssignment
	terms      models.PlanTerms
}

// period is the owner's period that contains the instant; the free plan has none and counts by the account's calendar month.
func (o owner) period(account models.BillingAccount, at time.Time) (calendar.Interval, error) {
	if o.assignment.IsFree {
		return calendar.MonthOf(account.Timezone, at)
	}
	anchor := o.assignment.Anchor(o.terms.Cadence)
	k, err := anchor.Index(at)
	if err != nil {
		return calendar.Interval{}, err
	}
	span, err := anchor.Period(k)
	if err == nil && o.assignment.EndAt != nil && o.assignment.EndAt.After(span.Start) && o.assignment.EndAt.Before(span.End) {
		span.End = *o.assignment.EndAt
	}
	return span, err
}

const kindOrder = "CASE assignment_phases.kind WHEN 'addon' THEN 0 WHEN 'promo' THEN 1 ELSE 2 END, assignment_phases.id"

// ownerOf finds the phase that a usage belongs to.
func (t *tx) ownerOf(account models.BillingAccount, m measured) (*owner, error) {
	return t.ownerAt(account.ID, m.occurredAt, m.feature, &m.meter.ID)
}

// ownerAt finds the phase of the instant whose entitlements allow the feature, or one that the meter measures, or both where
// both are given: add-on before promo before base. The gate and the rating ask the same, so they cannot disagree.
func (t *tx) ownerAt(account uuid.UUID, at time.Time, feature, meter *uuid.UUID) (*owner, error) {
	var phases []models.AssignmentPhase
	q := t.Where("billing_account_id = ? AND start_at <= ? AND (end_at IS NULL OR end_at > ?)", account, at, at)
	entitled := `EXISTS (SELECT FROM plan_version_entitlements e
		WHERE e.realm_id = assignment_phases.realm_id AND e.plan_version_id = assignment_phases.plan_version_id`
	var args []any
	if feature != nil {
		entitled, args = entitled+" AND e.feature_id = ?", append(args, *feature)
	}
	if meter != nil {
		entitled += " AND EXISTS (SELECT FROM feature_meters fm WHERE fm.realm_id = e.realm_id AND fm.feature_id = e.feature_id AND fm.meter_id = ?)"
		args = append(args, *meter)
	}
	if err := q.Where(entitled+")", args...).Order(kindOrder).Limit(1).Find(&phases).Error; err != nil || len(phases) == 0 {
		return nil, err
	}
	o := owner{phase: phases[0]}
	var err error
	if o.assignment, err = find[models.PlanAssignment](t, o.phase.AssignmentID); err != nil {
		return nil, err
	}
	v, err := find[models.PlanVersion](t, o.phase.PlanVersionID)
	o.terms = v.Terms
	return &o, err
}

// Shards is how many settlement and rating loops share the accounts.
const Shards = 2
