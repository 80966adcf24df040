package property_test

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
	"github.com/durabill/durabill/tests/property/model"
)

//go:embed lines.sql
var linesSQL string

const helpers = `
CREATE FUNCTION n(numeric) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT trim_scale($1)::text';
CREATE FUNCTION i(timestamptz) RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce(to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), '-') $$`

// database is one Postgres for all the streams of a test; each stream has a realm of its own in it.
type database struct {
	t      *testing.T
	st     *store.Store
	owner  *pgx.Conn
	digest string
}

func openDatabase(t *testing.T) *database {
	t.Helper()
	url := harness.Database(t)
	d := &database{t: t, st: harness.Open(t, url), owner: harness.Owner(t, url)}
	_, err := d.owner.Exec(t.Context(), helpers)
	require.NoError(t, err)
	rows, err := d.owner.Query(t.Context(), `SELECT table_name FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name = 'realm_id' ORDER BY 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	var parts []string
	for _, table := range tables {
		parts = append(parts, fmt.Sprintf(`SELECT '%[1]s ' || count(*) || ' ' || coalesce(md5(string_agg(x::text, '|' ORDER BY x::text)), '') FROM %[1]s x WHERE realm_id = $1`, table))
	}
	d.digest = strings.Join(parts, " UNION ALL ")
	return d
}

// realm is the world in Postgres: it plays the stream through the store's exported methods, as callers and workers do.
type realm struct {
	*database
	call        store.Call
	clock       uuid.UUID
	names       map[uuid.UUID]string // of accounts
	accounts    map[string]uuid.UUID
	plans       map[string]uuid.UUID
	meters      map[string]uuid.UUID
	credits     map[string]uuid.UUID
	assignments map[string]uuid.UUID
	tokens      map[string]string // of leases
	checkouts   map[string]uuid.UUID
	said        map[string]string // what was answered to authorize
	verify      bool              // check every invariant after every step
}

func (d *database) realm(catalog model.Catalog) *realm {
	r := &realm{database: d, call: harness.Realm(d.t, d.st), names: map[uuid.UUID]string{}, accounts: map[string]uuid.UUID{}, plans: map[string]uuid.UUID{},
		meters: map[string]uuid.UUID{}, credits: map[string]uuid.UUID{}, assignments: map[string]uuid.UUID{}, tokens: map[string]string{},
		checkouts: map[string]uuid.UUID{}, said: map[string]string{}}
	pricing := r.fill(catalog)
	c, err := d.st.CreateClock(d.t.Context(), r.call, "clock", start)
	require.NoError(d.t, err)
	r.clock = c.ID
	for _, p := range payers {
		a, err := d.st.CreateAccount(d.t.Context(), r.call, store.NewAccount{PrincipalID: p.Name, Name: p.Name, PricingModel: &pricing, Timezone: p.Zone,
			TestClock: &r.clock})
		require.NoError(d.t, err)
		r.exec("UPDATE realms SET safety_bounds = '{\"total_times\":\"1000000\",\"lines_per_day\":1000000}' WHERE id = $1", r.call.Realm)
		r.exec("UPDATE billing_accounts SET billing_mode = $2 WHERE id = $1", a.ID, p.Mode)
		r.names[a.ID], r.accounts[p.Name] = p.Name, a.ID
	}
	return r
}

func (r *realm) exec(sql string, args ...any) {
	_, err := r.owner.Exec(r.t.Context(), sql, args...)
	require.NoError(r.t, err)
}

func (r *realm) facts(sql string) []string {
	rows, err := r.owner.Query(r.t.Context(), sql, r.call.Realm)
	require.NoError(r.t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(r.t, err)
	slices.Sort(all)
	return all
}

// play does what the model did and holds the store to the same outcome; where nothing may change, no row of any table does.
func (r *realm) play(t *rapid.T, op model.Op, want model.Outcome) {
	t.Helper()
	if op.Kind == model.Turn {
		// Reading what comes next ends operations that only waited for it, which is not what is compared here.
		_, err := r.st.NextTurn(r.t.Context(), r.call, r.assignments[op.Of])
		require.NoError(t, err)
	}
	var before []string
	if want.Unchanged {
		before = r.facts(r.digest)
	}
	got, err := r.do(op)
	if err != nil {
		f := fault.Of(err)
		if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
			t.Fatalf("%s: %v", op, err)
		}
		got = model.Outcome{Refused: f.Code}
	}
	if got.String() != want.String() {
		t.Fatalf("%s\n the model says %s\n    Postgres says %s %v", op, want, got, err)
	}
	// An answer to an attempt counts up a version of the invoice, whatever it says.
	if want.Unchanged {
		if after := r.facts(r.digest); !slices.Equal(before, after) {
			t.Fatalf("%s → %s changed rows:%s", op, want, difference(before, after))
		}
	}
}

// compare holds everything that can be observed against the model.
func (r *realm) compare(t *rapid.T, w *model.World) {
	t.Helper()
	if want, got := w.Lines(), r.facts(linesSQL); !slices.Equal(want, got) {
		t.Fatalf("the model (-) and Postgres (+) differ:%s", difference(want, got))
	}
	for name, id := range r.accounts {
		if want, got := w.Balance(name), r.balance(t, id); !slices.Equal(want, got) {
			t.Fatalf("the balance of %s differs:%s", name, difference(want, got))
		}
	}
	if r.verify {
		r.sound(t)
	}
}

func (r *realm) balance(t *rapid.T, id uuid.UUID) []string {
	b, err := r.st.FindBalance(r.t.Context(), r.call, id)
	require.NoError(t, err)
	var out []string
	for _, a := range b.Assets {
		if a.Posted.IsZero() && a.Pending.IsZero() && a.Held.IsZero() && a.Available.IsZero() {
			continue
		}
		out = append(out, fmt.Sprintf("balance %s posted=%s pending=%s available=%s held=%s spendable=%s", a.Asset, a.Posted, a.Pending, a.Available,
			a.Held, a.Spendable))
	}
	return out
}

// sound holds the rows to every invariant of `durabill verify`: at no instant of a stream may one be broken.
func (r *realm) sound(t *rapid.T) {
	t.Helper()
	report, err := r.st.Verify(r.t.Context(), r.call)
	require.NoError(t, err)
	for _, f := range report.Findings {
		if len(f.Violations) > 0 {
			t.Fatalf("%s: %v", f.ID, f.Violations)
		}
	}
}

var secret = []byte("lease secret of the random streams")

func said(format string, args ...any) model.Outcome {
	return model.Outcome{Said: fmt.Sprintf(format, args...)}
}

func (r *realm) do(op model.Op) (model.Outcome, error) {
	ctx, st := r.t.Context(), r.st
	switch op.Kind {
	case model.Tick:
		r.exec("UPDATE test_clocks SET now_at = $2, target_at = $2 WHERE id = $1", r.clock, *op.At)
		return said("it is %s", stamp(*op.At)), nil
	case model.Suspend, model.Resume, model.Park, model.Unpark:
		return r.status(op)
	case model.Assign:
		out, err := st.AssignPlan(ctx, r.call, store.NewAssignment{Account: r.accounts[op.Account], Plan: r.plans[op.Plan], SourceKind: "manual",
			SourceRef: op.Ref, Start: op.At, End: op.Until})
		if err == nil {
			r.assignments[op.Ref] = out.Assignment.ID
		}
		return said("assigned from %s", stamp(out.Assignment.StartAt)), err
	case model.Cancel:
		mode := models.CancelPeriodEnd
		if op.Now {
			mode = models.CancelNow
		}
		out, err := st.CancelAssignment(ctx, r.call, r.assignments[op.Of], mode)
		if err != nil {
			return model.Outcome{}, err
		}
		return said("ends at %s", stamp(*out.Assignment.EndAt)), nil
	case model.NewPrice, model.NewValue:
		return r.reprice(op)
	case model.Checkout, model.Purchase:
		return r.shop(op)
	case model.Authorize, model.Commit, model.Release, model.Report:
		return r.caller(op)
	case model.Attempt, model.Pay, model.Decline, model.Finalize:
		return r.collect(op)
	}
	return r.worker(op)
}

func (r *realm) status(op model.Op) (model.Outcome, error) {
	id, st := r.accounts[op.Account], r.st
	change := map[model.Kind]func() error{
		model.Suspend: func() error { _, err := st.SuspendAccount(r.t.Context(), r.call, id); return err },
		model.Resume:  func() error { _, err := st.ResumeAccount(r.t.Context(), r.call, id); return err },
		model.Park:    func() error { return st.ParkAccount(r.t.Context(), r.call, id, "a random stop") },
		model.Unpark:  func() error { _, err := st.UnparkAccount(r.t.Context(), r.call, id); return err },
	}
	if err := change[op.Kind](); err != nil {
		return model.Outcome{}, err
	}
	a, err := st.FindAccount(r.t.Context(), r.call, id)
	return said("%s", a.Status), err
}

func (r *realm) shop(op model.Op) (model.Outcome, error) {
	ctx := r.t.Context()
	if op.Kind == model.Checkout {
		c, err := r.st.OpenCheckout(ctx, r.call, store.NewCheckout{Account: r.accounts[op.Account], Asset: money.Asset(op.Asset), Quantity: op.Amount,
			SuccessURL: "https://example.com"})
		if err != nil {
			return model.Outcome{}, err
		}
		r.checkouts[op.Ref] = c.ID
		return said("offered for %s", c.Amount), nil
	}
	c, err := r.st.FindCheckout(ctx, r.call, r.checkouts[op.Of])
	if err != nil {
		return model.Outcome{}, err
	}
	before, err := r.owner.Exec(ctx, "SELECT FROM provider_effects WHERE realm_id = $1 AND object_id = $2 AND effect = 'topup'", r.call.Realm, op.Ref)
	if err != nil {
		return model.Outcome{}, err
	}
	_, err = r.st.CompleteCheckout(ctx, r.call, store.Purchase{Checkout: c.ID, Session: op.Of, Payment: op.Ref,
		Amount: money.Amount{Value: op.Amount, Asset: c.Currency}})
	if err != nil || before.RowsAffected() > 0 {
		return said("known"), err
	}
	after, err := r.st.FindCheckout(ctx, r.call, c.ID)
	if c.Status == models.CheckoutComplete || after.Status != models.CheckoutComplete {
		return said("unapplied"), err
	}
	return said("bought"), err
}

func quantitiesOf(uses []model.Use) []gate.MeterQuantity {
	var out []gate.MeterQuantity
	for _, u := range uses {
		out = append(out, gate.MeterQuantity{MeterCode: u.Meter, Quantity: u.Quantity})
	}
	return out
}

func listed(all []money.Amount) string {
	var out []string
	for _, a := range all {
		out = append(out, string(a.Asset)+":"+a.Value.String())
	}
	return strings.Join(out, " ")
}

func (r *realm) caller(op model.Op) (model.Outcome, error) {
	ctx, hash := r.t.Context(), []byte(op.Request())
	switch op.Kind {
	case model.Authorize:
		out, err := r.st.Authorize(ctx, r.call, store.Ask{Account: r.accounts[op.Account], FeatureCode: op.Feature, Meters: quantitiesOf(op.Meters),
			TTL: op.TTL, Key: op.Ref, Hash: hash, Secret: secret})
		if err != nil {
			return model.Outcome{}, err
		}
		if out.Decision.Allow {
			r.tokens[op.Ref] = out.Token
			return said("allow estimate[%s] holds[%s]", listed(out.Decision.Estimate), listed(out.Decision.Holds)), nil
		}
		return said("deny %s estimate[%s]", out.Decision.Reason, listed(out.Decision.Estimate)), nil
	case model.Commit:
		_, err := r.st.CommitLease(ctx, r.call, store.Use{Token: r.tokens[op.Of], Meters: quantitiesOf(op.Meters), OccurredAt: op.At, Close: op.Close,
			Key: op.Ref, Hash: hash})
		return said("committed"), err
	case model.Release:
		l, err := r.st.ReleaseLease(ctx, r.call, r.tokens[op.Of])
		return said("%s", l.Status), err
	}
	_, err := r.st.RecordUsage(ctx, r.call, store.Report{Account: r.accounts[op.Account], FeatureCode: op.Feature, Meters: quantitiesOf(op.Meters),
		OccurredAt: op.At, Key: op.Ref, Hash: hash})
	return said("recorded"), err
}

func (r *realm) invoice(ref string) models.Invoice {
	name, at, _ := strings.Cut(ref, "/")
	id := r.accounts[name]
	all, _, err := r.st.ListInvoices(r.t.Context(), r.call, store.Page{Limit: 200}, store.InvoiceFilter{Account: &id})
	require.NoError(r.t, err)
	i := slices.IndexFunc(all, func(inv models.Invoice) bool { return stamp(inv.BoundaryAt) == at })
	require.GreaterOrEqual(r.t, i, 0, ref)
	return all[i]
}

func (r *realm) collect(op model.Op) (model.Outcome, error) {
	ctx, inv := r.t.Context(), r.invoice(op.Of)
	switch op.Kind {
	case model.Finalize:
		out, err := r.st.FinalizeInvoice(ctx, r.call, inv.ID)
		if inv.Status != models.InvoiceDraft {
			return said("%s", out.Status), err
		}
		return said("%s %s", out.Status, out.Total), err
	case model.Attempt:
		n, ok, err := r.st.InvoiceAttempt(ctx, r.call, inv.ID)
		return said("attempt %d %t", n, ok), err
	case model.Decline:
		err := r.st.RecordDecline(ctx, r.call, inv.ID, op.Ref, "card_declined")
		if inv.Status != models.InvoiceOpen {
			return said("%s", inv.Status), err
		}
		return said("declined"), err
	}
	applied, err := r.st.RecordPayment(ctx, r.call, store.Paid{Invoice: inv.ID, Object: op.Ref, Ref: op.Ref, OutOfBand: op.Now,
		Amount: money.Amount{Value: op.Amount, Asset: inv.Currency}})
	if err != nil || !applied {
		return said("known"), err
	}
	if r.invoice(op.Of).Status == models.InvoicePaid && inv.Status != models.InvoicePaid {
		return said("paid"), nil
	}
	return said("unapplied"), nil
}

func (r *realm) worker(op model.Op) (model.Outcome, error) {
	ctx, st, account := r.t.Context(), r.st, r.accounts[op.Account]
	switch op.Kind {
	case model.Rate:
		n, err := st.RateUsage(ctx, r.call, account, op.Limit)
		return said("rated %d", n), err
	case model.Settle:
		n, err := st.SettleRatings(ctx, r.call, account, op.Limit)
		return said("settled %d", n), err
	case model.Reap:
		n, err := st.ReapLeases(ctx, r.call, op.Limit)
		return said("reaped %d", n), err
	case model.Turn:
		turn, err := st.NextTurn(ctx, r.call, r.assignments[op.Of])
		if err != nil || turn.Kind == store.TurnOver {
			return said("over"), err
		}
		return said("%s %d of %s", turn.Kind, turn.Index, stamp(turn.DueAt)), st.TakeTurn(ctx, r.call, r.assignments[op.Of], turn)
	case model.Issue:
		before, err := st.NextIssuance(ctx, r.call, r.assignments[op.Of], op.Rule)
		if err != nil {
			return model.Outcome{}, err
		}
		err = st.IssueLot(ctx, r.call, r.assignments[op.Of], op.Rule, op.Index)
		if after, _ := st.NextIssuance(ctx, r.call, r.assignments[op.Of], op.Rule); err != nil || before == after {
			return said("nothing to issue"), err
		}
		return said("issued %s/%s/%d", op.Of, op.Rule, before.Index), nil
	case model.Freeze:
		n, err := st.FreezeRun(ctx, r.call, account, *op.At)
		return said("frozen, %d pending", n), err
	}
	out, err := st.CloseRun(ctx, r.call, account, *op.At)
	if out.Pending > 0 {
		return said("%d pending", out.Pending), err
	}
	return said("made %d, closed %d", len(out.Invoices), out.Closed), err
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05") }

var three = decimal.NewFromInt(3)
