package store

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// defaultEntity issues the invoices of a realm that has named no other.
const defaultEntity = "default"

// bill is what one invoice will be made of, before totals.
type bill struct {
	lines   []invoicing.Line
	ratings map[invoicing.LineKey][]uuid.UUID
	periods map[feeKey][]uuid.UUID // of the fees; several assignments may owe the same for the same time
	meters  map[string]uuid.UUID
}

// feeKey is what a fee's line says of its period.
type feeKey struct {
	start, end          int64 // in microseconds
	description, amount string
}

func feeOf(l invoicing.Line) feeKey {
	return feeKey{l.Period.Start.UnixMicro(), l.Period.End.UnixMicro(), l.Description, l.Exact.String()}
}

// draftInvoices gathers what the boundary bills into one draft per currency and sends each on its way.
func (t *tx) draftInvoices(a models.BillingAccount, boundary, now time.Time) ([]uuid.UUID, error) {
	bills := map[money.Asset]*bill{}
	if err := t.gatherUsage(a.ID, boundary, bills); err != nil {
		return nil, err
	}
	if err := t.gatherFees(a.ID, boundary, bills); err != nil {
		return nil, err
	}
	due, collectBy, err := t.runTerms(a.ID, boundary)
	if err != nil {
		return nil, err
	}
	currencies := make([]money.Asset, 0, len(bills))
	for c := range bills {
		currencies = append(currencies, c)
	}
	slices.Sort(currencies)
	var ids []uuid.UUID
	for _, c := range currencies {
		// The boundary has its invoice: what came too late for it goes on the next one.
		if done, err := t.hasInvoice(a.ID, boundary, c); err != nil {
			return nil, err
		} else if done {
			continue
		}
		id, err := t.draft(a, c, bills[c], models.Invoice{BoundaryAt: boundary, FinalizeAt: due, CollectBy: collectBy}, now)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (t *tx) hasInvoice(account uuid.UUID, boundary time.Time, currency money.Asset) (bool, error) {
	var n int64
	err := t.Model(&models.Invoice{}).Where("billing_account_id = ? AND boundary_at = ? AND currency = ? AND billing_entity = ?",
		account, boundary, currency, defaultEntity).Count(&n).Error
	return n > 0, err
}

// runTerms gives when the run's invoices are final, boundary + grace, and who collects them.
func (t *tx) runTerms(account uuid.UUID, boundary time.Time) (time.Time, models.Collection, error) {
	by := models.CollectNone
	periods, due, err := t.periodsAt(account, boundary)
	if err != nil {
		return due, by, err
	}
	if len(periods) == 0 {
		terms, err := t.lastTerms(account)
		return due, terms.Collection, err
	}
	for _, p := range periods {
		v, err := find[models.PlanVersion](t, p.PlanVersionID)
		if err != nil {
			return due, by, err
		}
		if v.Terms.Collection != models.CollectNone {
			by = v.Terms.Collection
		}
	}
	return due, by, nil
}

// unbilled joins the ratings that no line has billed yet with what a line says about them.
type unbilled struct {
	models.Rating
	PeriodUntil time.Time // the period's end as it stands: a cancellation may have cut it
	MeterCode   string
	MeterName   string
	Unit        string
}

// periodUntil is the end of the billing period that a rating belongs to, or what the rating says where there is none.
const periodUntil = `coalesce((SELECT p.end_at FROM billing_periods p WHERE p.realm_id = ratings.realm_id
	AND p.assignment_id = ratings.assignment_id AND p.start_at = ratings.period_start), ratings.period_end)`

func (t *tx) gatherUsage(account uuid.UUID, boundary time.Time, bills map[money.Asset]*bill) error {
	var ratings []unbilled
	if err := t.Model(&models.Rating{}).Select("ratings.*, "+periodUntil+" AS period_until, meters.code AS meter_code, meters.name AS meter_name, meters.unit AS unit").
		Joins("JOIN meters ON meters.realm_id = ratings.realm_id AND meters.id = ratings.meter_id").
		Where(`ratings.billing_account_id = ? AND ratings.kind = ? AND `+periodUntil+` <= ? AND ratings.currency <> ''
			AND NOT EXISTS (SELECT FROM invoice_line_ratings x WHERE x.realm_id = ratings.realm_id AND x.rating_id = ratings.id)`,
			account, models.Billed, boundary).Order("ratings.id").Find(&ratings).Error; err != nil {
		return err
	}
	usage := map[money.Asset][]invoicing.RatedUsage{}
	for _, r := range ratings {
		b := billOf(bills, r.Currency)
		u := invoicing.RatedUsage{MeterCode: r.MeterCode, Unit: r.Unit, Description: r.MeterName,
			Period: calendar.Interval{Start: r.PeriodStart, End: r.PeriodUntil}, Asset: r.Asset,
			Quantity: r.Quantity, Covered: r.Covered, Overage: r.Overage, OverageFiat: r.OverageFiat}
		b.ratings[u.Key()] = append(b.ratings[u.Key()], r.ID)
		b.meters[r.MeterCode] = r.MeterID
		usage[r.Currency] = append(usage[r.Currency], u)
	}
	for c, u := range usage {
		bills[c].lines = append(bills[c].lines, invoicing.UsageLines(u)...)
	}
	return nil
}

// gatherFees takes the advance fees of periods that have begun and were not billed; a fee that a run missed is not lost.
func (t *tx) gatherFees(account uuid.UUID, boundary time.Time, bills map[money.Asset]*bill) error {
	var periods []struct {
		models.BillingPeriod
		PlanName string
	}
	if err := t.Model(&models.BillingPeriod{}).Select("billing_periods.*, plans.name AS plan_name").
		Joins("JOIN plan_versions v ON v.realm_id = billing_periods.realm_id AND v.id = billing_periods.plan_version_id").
		Joins("JOIN plans ON plans.realm_id = v.realm_id AND plans.id = v.plan_id").
		Where(`billing_periods.billing_account_id = ? AND billing_periods.start_at <= ? AND billing_periods.fee > 0
			AND NOT EXISTS (SELECT FROM invoice_lines l WHERE l.realm_id = billing_periods.realm_id AND l.period_id = billing_periods.id AND l.kind = 'fee')`,
			account, boundary).Order("billing_periods.id").Find(&periods).Error; err != nil {
		return err
	}
	for _, p := range periods {
		b := billOf(bills, p.FeeCurrency)
		line := invoicing.Fee(p.PlanName, p.Interval(), p.Fee)
		b.lines = append(b.lines, line)
		b.periods[feeOf(line)] = append(b.periods[feeOf(line)], p.ID)
	}
	return nil
}

func billOf(bills map[money.Asset]*bill, c money.Asset) *bill {
	if bills[c] == nil {
		bills[c] = &bill{ratings: map[invoicing.LineKey][]uuid.UUID{}, periods: map[feeKey][]uuid.UUID{}, meters: map[string]uuid.UUID{}}
	}
	return bills[c]
}

// draft writes one invoice with its lines, and says of every rating on which line it was billed.
func (t *tx) draft(a models.BillingAccount, currency money.Asset, b *bill, inv models.Invoice, now time.Time) (uuid.UUID, error) {
	total, err := invoicing.Total(currency, b.lines)
	if err != nil {
		return uuid.Nil, err
	}
	if err := t.boundInvoice(a.ID, inv.BoundaryAt, total); err != nil {
		return uuid.Nil, err
	}
	inv.Row = models.Row{RealmID: t.call.Realm, ID: keys.InvoiceID(a.ID, inv.BoundaryAt, string(currency), defaultEntity)}
	inv.BillingAccountID, inv.Currency, inv.BillingEntity, inv.Status, inv.Collection = a.ID, currency, defaultEntity, models.InvoiceDraft, models.CollectionNone
	inv.Subtotal, inv.Tax, inv.Total, inv.Rounding, inv.Version = total.Subtotal, total.Tax, total.Total, total.Rounding, 1
	inv.Times = models.Times{EffectiveAt: inv.FinalizeAt, RecordedAt: now}
	if err := t.Create(&inv).Error; err != nil {
		return uuid.Nil, err
	}
	for i, line := range total.Lines {
		if err := t.draftLine(inv, i+1, line, b); err != nil {
			return uuid.Nil, err
		}
	}
	return inv.ID, t.send(t.startInvoice(a, inv), now)
}

func (t *tx) draftLine(inv models.Invoice, seq int, line invoicing.Line, b *bill) error {
	row := models.InvoiceLine{Row: models.Row{RealmID: t.call.Realm, ID: keys.InvoiceLineID(inv.ID, inv.BoundaryAt, seq)},
		InvoiceID: inv.ID, Seq: seq, Kind: string(line.Kind), Description: line.Description, PeriodStart: line.Period.Start, PeriodEnd: line.Period.End,
		MeterCode: line.MeterCode, Unit: line.Unit, Quantity: line.Quantity, Covered: line.Covered, CoveredAsset: line.CoveredAsset,
		Overage: line.Overage, ExactAmount: line.Exact, Amount: line.Amount, Times: inv.Times}
	if line.Kind == invoicing.KindFee {
		same := b.periods[feeOf(line)]
		row.PeriodID, b.periods[feeOf(line)] = &same[0], same[1:]
	} else {
		id := b.meters[line.MeterCode]
		row.MeterID = &id
	}
	if err := t.Create(&row).Error; err != nil {
		return err
	}
	if line.Kind != invoicing.KindUsage {
		return nil
	}
	var links []models.InvoiceLineRating
	for _, r := range b.ratings[line.Key()] {
		links = append(links, models.InvoiceLineRating{RealmID: t.call.Realm, RatingID: r, LineID: row.ID})
	}
	return t.Create(&links).Error
}
