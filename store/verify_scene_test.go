package store_test

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// columns are a row's values by column name.
type columns map[string]any

// scene is one realm whose rows were written by plain SQL, as the schema's owner and with every trigger on: two periods of one
// account, with usage from three lots, overage, two invoices, holds, and some of everything that is still on its way.
type scene struct {
	ctx   context.Context
	t     *testing.T
	conn  *pgx.Conn
	realm uuid.UUID
	seq   int64
	head  []byte
}

func instant(s string) time.Time {
	at, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return at
}

func num(s string) decimal.Decimal { return decimal.RequireFromString(s) }

var (
	created    = instant("2026-01-30T12:00")
	boundaries = []time.Time{instant("2026-01-30T23:00"), instant("2026-02-27T23:00"), instant("2026-03-30T22:00"), instant("2026-04-29T22:00")}
	sceneNow   = instant("2026-03-10T12:00")
)

const planTerms = `{"version":1,"cadence":{"unit":"month","count":1},"fee":{"amount":"29","currency":"EUR"},"grants":[{"code":"monthly",
	"asset":"CREDIT","amount":"20","expires":"period_end","priority":100,"promotional":false}],"overage_mode":"invoice","grace_seconds":3600,"collection":"stripe"}`

func newScene(t *testing.T, conn *pgx.Conn) *scene {
	t.Helper()
	s := &scene{ctx: t.Context(), t: t, conn: conn, realm: models.NewID()}
	_, err := conn.Exec(s.ctx, "BEGIN")
	require.NoError(t, err)
	s.catalog()
	s.account()
	s.lots()
	s.usage()
	s.leases()
	s.invoices()
	s.books()
	s.doors()
	_, err = conn.Exec(s.ctx, "COMMIT") // the deferred triggers have their say here
	require.NoError(t, err)
	return s
}

func (s *scene) call() store.Call { return store.Call{Realm: s.realm, Actor: "tester"} }

// id gives the same id for the same name; scenes differ by their realm.
func (s *scene) id(name string) uuid.UUID { return keys.Derive("scene", s.realm.String(), name) }

func (s *scene) wire() string { return keys.Encode(keys.BillingAccount, s.id("acme")) }

func (s *scene) exec(sql string, args ...any) {
	s.t.Helper()
	// The simple protocol writes values as literals, so that Postgres and not the driver reads them as domains and jsonb.
	_, err := s.conn.Exec(s.ctx, sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
	require.NoError(s.t, err, sql)
}

// insert writes a row of the realm; rows that carry times get both from at.
func (s *scene) insert(table string, at time.Time, row columns) {
	s.t.Helper()
	if table != "realms" {
		row["realm_id"] = s.realm
	}
	if !at.IsZero() {
		if row["effective_at"] == nil {
			row["effective_at"] = at
		}
		row["recorded_at"] = at
	}
	names := slices.Sorted(maps.Keys(row))
	marks, args := make([]string, 0, len(names)), make([]any, 0, len(names))
	for i, name := range names {
		value := row[name]
		if d, ok := value.(decimal.Decimal); ok {
			value = d.String()
		}
		if id, ok := value.(uuid.UUID); ok {
			value = id.String()
		}
		marks, args = append(marks, "$"+strconv.Itoa(i+1)), append(args, value)
	}
	s.exec("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", args...)
}

func (s *scene) catalog() {
	at := created
	s.insert("realms", at, columns{"id": s.realm, "code": "r" + strings.ReplaceAll(s.realm.String(), "-", ""), "name": "Scene", "mode": "test"})
	s.insert("pricing_models", at, columns{"id": s.id("model"), "code": "standard", "name": "Standard", "is_default": true})
	for _, code := range []string{"free", "starter"} {
		s.insert("plans", at, columns{"id": s.id(code), "pricing_model_id": s.id("model"), "code": code, "name": code, "kind": "base"})
		terms := planTerms
		if code == "free" {
			terms = `{"version":1,"cadence":{"unit":"month","count":1},"grants":null,"overage_mode":"block","collection":"none"}`
		}
		s.insert("plan_versions", at, columns{"id": s.id(code + " v1"), "plan_id": s.id(code), "number": 1, "status": "active", "terms": terms})
	}
	s.insert("meters", at, columns{"id": s.id("meter"), "code": "api_requests", "name": "API requests", "unit": "request", "aggregation": "sum"})
	s.insert("features", at, columns{"id": s.id("feature"), "code": "api", "name": "API", "kind": "toggle"})
	s.insert("meter_prices", at, columns{"id": s.id("price"), "meter_id": s.id("meter"), "asset": "CREDIT",
		"terms": `{"version":1,"model":"per_unit","amount":"1","per_units":"100000","free_units":"0"}`})
}

func (s *scene) account() {
	s.insert("test_clocks", created, columns{"id": s.id("clock"), "name": "clock", "now_at": sceneNow, "target_at": sceneNow, "status": "ready"})
	for _, name := range []string{"acme", "boundless"} {
		mode := "saas"
		if name == "boundless" {
			mode = "unlimited"
		}
		s.insert("billing_accounts", created, columns{"id": s.id(name), "principal_id": name, "name": name, "pricing_model_id": s.id("model"),
			"timezone": "Europe/Berlin", "currency": "EUR", "status": "active", "billing_mode": mode, "test_clock_id": s.id("clock")})
		s.assignment(name, "free", created)
	}
	s.assignment("acme", "starter", boundaries[0])
	s.phase("acme", "free", created, boundaries[0])
	s.phase("acme", "starter", boundaries[0], nil)
	s.phase("boundless", "free", created, nil)
	for k, status := range []string{"closed", "open"} {
		s.insert("billing_periods", boundaries[k], columns{"id": s.id("period " + strconv.Itoa(k)), "billing_account_id": s.id("acme"),
			"assignment_id": s.id("acme starter"), "plan_version_id": s.id("starter v1"), "period_index": k, "start_at": boundaries[k],
			"end_at": boundaries[k+1], "grace_until": boundaries[k+1].Add(time.Hour), "status": status, "fee": "29", "fee_currency": "EUR"})
	}
}

func (s *scene) assignment(account, plan string, start time.Time) {
	s.insert("plan_assignments", start, columns{"id": s.id(account + " " + plan), "billing_account_id": s.id(account), "kind": "base",
		"is_free": plan == "free", "plan_version_id": s.id(plan + " v1"), "source_kind": "api", "source_ref": account + " " + plan,
		"status": "active", "anchor_at": start, "timezone": "Europe/Berlin", "start_at": start})
}

func (s *scene) phase(account, plan string, start time.Time, end any) {
	s.insert("assignment_phases", start, columns{"id": s.id(account + " " + plan + " phase"), "assignment_id": s.id(account + " " + plan),
		"billing_account_id": s.id(account), "kind": "base", "plan_version_id": s.id(plan + " v1"), "start_at": start, "end_at": end})
}

func (s *scene) lot(name string, at time.Time, row columns) {
	row["id"], row["billing_account_id"], row["asset"], row["source_ref"] = s.id(name), s.id("acme"), "CREDIT", name
	row["granted_at"] = at
	s.insert("credit_lots", at, row)
}

func (s *scene) lots() {
	for k, state := range []columns{
		{"consumed": "20", "remaining": "0", "status": "expired", "posted": true},
		{"consumed": "3", "remaining": "17", "status": "active", "posted": true},
		{"remaining": "20", "status": "scheduled", "posted": false},
	} {
		state["source_kind"], state["assignment_id"], state["rule"], state["period_index"] = "plan", s.id("acme starter"), "monthly", k
		state["issued"], state["expires_at"] = "20", boundaries[k+1]
		s.lot("lot "+strconv.Itoa(k), boundaries[k], state)
	}
	s.lot("gift", instant("2026-02-20T00:00"), columns{"source_kind": "grant", "issued": "5", "remaining": "0", "consumed": "1", "expired": "4",
		"promotional": true, "priority": 10, "status": "expired", "posted": true, "expires_at": boundaries[1]})
	s.lot("unposted", instant("2026-03-05T00:00"), columns{"source_kind": "grant", "issued": "5", "remaining": "5", "priority": 200,
		"status": "active", "posted": false})
	s.insert("account_funds", time.Time{}, columns{"billing_account_id": s.id("acme"), "asset": "CREDIT", "available": "20", "held": "2"})
}

// drawn is a part of a rating that a lot pays; no lot is overage.
type drawn struct {
	lot    string
	amount string
}

func (s *scene) rating(name string, at time.Time, draws ...drawn) {
	covered, overage := decimal.Zero, decimal.Zero
	for _, d := range draws {
		if d.lot == "" {
			overage = overage.Add(num(d.amount))
		} else {
			covered = covered.Add(num(d.amount))
		}
	}
	amount := covered.Add(overage)
	k := 0
	if !at.Before(boundaries[1]) {
		k = 1
	}
	s.insert("ratings", at, columns{"id": s.id(name), "billing_account_id": s.id("acme"), "assignment_id": s.id("acme starter"),
		"period_start": boundaries[k], "period_end": boundaries[k+1], "meter_id": s.id("meter"), "price_id": s.id("price"), "price_source": "meter",
		"kind": "billed", "source_kind": "commit", "source_id": s.id("commit of " + name), "before": "0", "quantity": amount.Shift(5),
		"asset": "CREDIT", "amount": amount, "covered": covered, "overage": overage, "currency": "EUR", "overage_fiat": overage})
	for i, d := range draws {
		row := columns{"rating_id": s.id(name), "seq": i + 1, "billing_account_id": s.id("acme"), "asset": "CREDIT", "amount": d.amount}
		if d.lot == "" {
			row["kind"], row["currency"], row["fiat"] = "overage", "EUR", d.amount
		} else {
			row["kind"], row["lot_id"] = "lot", s.id(d.lot)
		}
		s.insert("allocations", at, row)
	}
}

func (s *scene) usage() {
	s.rating("rating 0", instant("2026-02-05T00:00"), drawn{"lot 0", "14"})
	s.rating("rating 1", instant("2026-02-05T00:01"), drawn{"lot 0", "6"}, drawn{"", "1"})
	s.rating("rating 2", instant("2026-02-21T00:00"), drawn{"gift", "1"})
	s.rating("rating 3", instant("2026-03-01T00:00"), drawn{"lot 1", "2"})
	s.rating("rating 4", instant("2026-03-09T00:00"), drawn{"lot 1", "1"})
	s.insert("dispatch", time.Time{}, columns{"topic": "settlement", "id": s.id("rating 4"), "billing_account_id": s.id("acme")})
	s.insert("ratings", instant("2026-03-02T00:00"), columns{"id": s.id("waived"), "billing_account_id": s.id("boundless"),
		"period_start": created, "meter_id": s.id("meter"), "price_id": s.id("price"), "price_source": "meter", "kind": "waived",
		"source_kind": "usage", "source_id": s.id("event"), "before": "0", "quantity": "100000", "asset": "CREDIT", "amount": "1"})
}

func (s *scene) lease(name string, at time.Time, row columns) {
	token := sha256.Sum256([]byte(name))
	row["id"], row["billing_account_id"], row["feature_id"], row["token_hash"] = s.id(name), s.id("acme"), s.id("feature"), token[:]
	row["expires_at"] = at.Add(24 * time.Hour)
	s.insert("leases", at, row)
}

func (s *scene) leases() {
	at := instant("2026-03-09T00:00")
	s.lease("committed", at, columns{"status": "committed", "closed_at": at, "holds": `[{"amount":"1","currency":"CREDIT"}]`})
	s.lease("released", at, columns{"status": "released", "closed_at": at.Add(time.Hour), "holds": `[{"amount":"7","currency":"CREDIT"}]`})
	s.lease("active", sceneNow, columns{"status": "active", "holds": `[{"amount":"2","currency":"CREDIT"}]`})
	s.insert("commits", at, columns{"id": s.id("commit of rating 4"), "billing_account_id": s.id("acme"), "lease_id": s.id("committed"),
		"key": "k", "request_hash": []byte{1}, "response": "{}"})
}

func (s *scene) invoices() {
	for k, status := range []string{"paid", "open"} {
		name, total := "invoice "+strconv.Itoa(k), "29"
		if k == 1 {
			total = "30"
		}
		final := boundaries[k].Add(time.Duration(k) * time.Hour)
		s.insert("invoices", final, columns{"id": s.id(name), "billing_account_id": s.id("acme"), "currency": "EUR", "boundary_at": boundaries[k],
			"finalize_at": final, "status": "draft", "collection": "none", "collect_by": "stripe", "subtotal": total, "total": total})
		s.insert("invoice_lines", final, columns{"id": s.id(name + " fee"), "invoice_id": s.id(name), "seq": 1, "kind": "fee", "description": "Starter",
			"period_id": s.id("period " + strconv.Itoa(k)), "period_start": boundaries[k], "period_end": boundaries[k+1], "quantity": "1",
			"exact_amount": "29", "amount": "29"})
		if k == 1 {
			s.usageLine(name, final)
		}
		s.exec("UPDATE invoices SET status = $1, number = $2, finalized_at = $3 WHERE id = $4", status, "INV-00000"+strconv.Itoa(k+1), final, s.id(name).String())
	}
	s.insert("invoices", sceneNow, columns{"id": s.id("draft"), "billing_account_id": s.id("acme"), "currency": "EUR", "boundary_at": sceneNow,
		"finalize_at": sceneNow, "status": "draft", "collection": "none", "collect_by": "stripe"})
}

func (s *scene) usageLine(invoice string, at time.Time) {
	s.insert("invoice_lines", at, columns{"id": s.id(invoice + " usage"), "invoice_id": s.id(invoice), "seq": 2, "kind": "usage",
		"description": "API requests", "period_start": boundaries[0], "period_end": boundaries[1], "meter_id": s.id("meter"),
		"meter_code": "api_requests", "unit": "request", "quantity": "2200000", "covered": "21", "covered_asset": "CREDIT", "overage": "1",
		"exact_amount": "1", "amount": "1"})
	for _, r := range []string{"rating 0", "rating 1", "rating 2"} {
		s.insert("invoice_line_ratings", time.Time{}, columns{"rating_id": s.id(r), "line_id": s.id(invoice + " usage")})
	}
}

func (s *scene) books() {
	ba, one := s.wire(), num("1")
	s.post(ledger.CreditsGranted(ba, "CREDIT", num("20")))(keys.LotIssued(s.id("lot 0")), boundaries[0])
	s.post(ledger.InvoiceFinalized(ba, "EUR", ledger.InvoiceParts{Receivable: num("29"), FeesInAdvance: num("29"), Lines: 1}))(
		keys.InvoiceFinalized(s.id("invoice 0")), boundaries[0])
	s.post(ledger.PaymentSucceeded(ba, "EUR", num("29")))("payment: ünïcödé, 7:colons", boundaries[0])
	s.settle(instant("2026-02-05T00:02"), ledger.UsagePart{CreditAsset: "CREDIT", CoveredPosted: num("20"), Currency: "EUR", OveragePosted: one},
		"rating 0", "rating 1")
	s.post(ledger.CreditsGranted(ba, "CREDIT", num("5")))(keys.LotIssued(s.id("gift")), instant("2026-02-20T00:00"))
	s.settle(instant("2026-02-21T00:00"), ledger.UsagePart{CreditAsset: "CREDIT", CoveredPosted: one}, "rating 2")
	s.post(ledger.CreditsGranted(ba, "CREDIT", num("20")))(keys.LotIssued(s.id("lot 1")), boundaries[1])
	s.post(ledger.InvoiceFinalized(ba, "EUR", ledger.InvoiceParts{Receivable: num("30"), FeesInAdvance: num("29"), Overage: one, Lines: 2}))(
		keys.InvoiceFinalized(s.id("invoice 1")), boundaries[1].Add(time.Hour))
	s.post(ledger.PeriodClosed("EUR", num("29")))(keys.PeriodClosed(s.id("period 0")), boundaries[1])
	s.post(ledger.LotExpired(ba, ledger.LotValue{Asset: "CREDIT", Amount: num("4")}))(keys.LotExpired(s.id("gift")), boundaries[1])
	s.settle(instant("2026-03-01T00:00"), ledger.UsagePart{CreditAsset: "CREDIT", CoveredPosted: num("2")}, "rating 3")
	s.exec(`INSERT INTO ledger_balances (realm_id, account, asset, billing_account_id, balance, version)
		SELECT realm_id, account, asset, billing_account_id, sum(amount), count(*) FROM ledger_entries
		 WHERE realm_id = $1 AND billing_account_id IS NOT NULL GROUP BY 1, 2, 3, 4`, s.realm.String())
	s.insert("ledger_heads", time.Time{}, columns{"billing_account_id": s.id("acme"), "seq": s.seq, "hash": s.head})
}

func (s *scene) settle(at time.Time, part ledger.UsagePart, ratings ...string) {
	tr := s.post(ledger.UsageSettled(s.wire(), []ledger.UsagePart{part}))("settlement/"+ratings[0], at)
	for _, r := range ratings {
		s.insert("settlements", at, columns{"rating_id": s.id(r), "ledger_transaction_id": tr, "billing_account_id": s.id("acme")})
	}
}

// post writes a posting as the next link of the account's chain; it takes what a constructor returns, then key and instant.
func (s *scene) post(p ledger.Posting, err error) func(key string, at time.Time) uuid.UUID {
	s.t.Helper()
	require.NoError(s.t, err)
	return func(key string, at time.Time) uuid.UUID {
		s.t.Helper()
		s.seq++
		account, seq := s.id("acme"), s.seq
		tr := models.LedgerTransaction{Row: models.Row{RealmID: s.realm, ID: s.id(key)}, OperationKey: key, Kind: p.Kind, BillingAccountID: &account,
			Seq: &seq, SourceType: "scene", SourceID: key, WorkflowID: "w", RunID: "", Times: models.At(at.Add(123 * time.Microsecond))}
		entries := make([]models.LedgerEntry, 0, len(p.Entries))
		for i, e := range p.Entries {
			row := models.LedgerEntry{RealmID: s.realm, TransactionID: tr.ID, Seq: i + 1, Account: e.Account, Asset: e.Asset, Amount: e.Amount, Times: tr.Times}
			if e.BillingAccount != "" {
				row.BillingAccountID = &account
			}
			entries = append(entries, row)
		}
		hash := store.ChainHash(s.head, tr, entries)
		s.insert("ledger_transactions", tr.RecordedAt, columns{"id": tr.ID, "operation_key": key, "kind": p.Kind, "billing_account_id": account,
			"seq": seq, "previous_hash": s.head, "hash": hash, "source_type": tr.SourceType, "source_id": key, "workflow_id": "w"})
		for _, e := range entries {
			row := columns{"transaction_id": tr.ID, "seq": e.Seq, "account": e.Account, "asset": string(e.Asset), "amount": e.Amount}
			if e.BillingAccountID != nil {
				row["billing_account_id"] = account
			}
			s.insert("ledger_entries", tr.RecordedAt, row)
		}
		s.head = hash
		return tr.ID
	}
}

// doors are what stands between the outside and the books: the provider's inbox and stored answers, in real time.
func (s *scene) doors() {
	now := time.Now().UTC()
	s.insert("stripe_endpoints", created, columns{"id": s.id("endpoint"), "secrets": "[]", "livemode": false})
	s.insert("stripe_inbox", now, columns{"id": "evt_done", "endpoint_id": s.id("endpoint"), "type": "invoice.paid", "payload": "{}",
		"status": "done", "finished_at": now})
	s.insert("stripe_inbox", now, columns{"id": "evt_new", "endpoint_id": s.id("endpoint"), "type": "invoice.paid", "payload": "{}", "status": "received"})
	hash := sha256.Sum256(nil)
	s.insert("idempotency_keys", time.Time{}, columns{"scope": "POST /v1/meters", "key": "k-1", "request_hash": hash[:], "status": 201,
		"body": []byte("{\"id\":\"mtr_1\"}\n"), "expires_at": now.Add(time.Hour)})
}
