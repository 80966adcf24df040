package store_test

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/keys"
)

func (s *scene) row(table, name string) string { return table + "/" + s.id(name).String() }

// change updates one row of the scene by id.
func (s *scene) change(table, name, set string) string {
	s.t.Helper()
	s.exec("UPDATE "+table+" SET "+set+" WHERE id = $1", s.id(name).String())
	return s.row(table, name)
}

// entries changes the entries of a transaction, and gives that transaction's key.
func (s *scene) entries(operation, set string) string {
	s.t.Helper()
	s.exec("UPDATE ledger_entries SET "+set+" WHERE transaction_id = $1", s.id(operation).String())
	return s.row("ledger_transactions", operation)
}

func (s *scene) issued() string { return keys.LotIssued(s.id("lot 1")) }

func (s *scene) forget(operation string) {
	s.t.Helper()
	s.exec("DELETE FROM ledger_entries WHERE transaction_id = $1", s.id(operation).String())
	s.exec("DELETE FROM ledger_transactions WHERE id = $1", s.id(operation).String())
}

func (s *scene) funds(set string) string {
	s.t.Helper()
	s.exec("UPDATE account_funds SET "+set+" WHERE realm_id = $1", s.realm.String())
	return s.row("account_funds", "acme") + "/CREDIT"
}

var ledgerPlants = []plant{
	{"I-01", "an amount was changed on one side", func(s *scene) string {
		return s.entries(s.issued(), "amount = amount + CASE seq WHEN 1 THEN 1 ELSE 0 END")
	}},
	{"I-01", "a transaction lost its entries", func(s *scene) string {
		s.exec("DELETE FROM ledger_entries WHERE transaction_id = $1", s.id(s.issued()).String())
		return s.row("ledger_transactions", s.issued())
	}},
	{"I-01", "an entry belongs to another account", func(s *scene) string {
		s.exec("UPDATE ledger_entries SET billing_account_id = $1 WHERE transaction_id = $2 AND seq = 2", s.id("boundless").String(), s.id(s.issued()).String())
		return "ledger_entries/" + s.id(s.issued()).String() + "/2"
	}},
	{"I-02", "a balance was changed", func(s *scene) string {
		s.exec("UPDATE ledger_balances SET balance = balance + 0.000000001 WHERE account = $1", "ar:"+s.wire())
		return "ledger_balances/ar:" + s.wire() + "/EUR"
	}},
	{"I-02", "a balance is missing", func(s *scene) string {
		s.exec("DELETE FROM ledger_balances WHERE account = $1", "wallet:"+s.wire())
		return "ledger_balances/wallet:" + s.wire() + "/CREDIT"
	}},
	{"I-02", "a balance has no entries", func(s *scene) string {
		s.insert("ledger_balances", time.Time{}, columns{"account": "dispute_hold:" + s.wire(), "asset": "EUR", "billing_account_id": s.id("acme"), "balance": "5", "version": 1})
		return "ledger_balances/dispute_hold:" + s.wire() + "/EUR"
	}},
	{"I-02", "funds hold what no lease holds", func(s *scene) string { return s.funds("held = 3, available = 19") }},
	{"I-02", "funds were given away", func(s *scene) string { return s.funds("available = 21") }},
	{"I-02", "a lot has more than the funds say", func(s *scene) string {
		s.change("credit_lots", "unposted", "issued = 6, remaining = 6")
		return s.row("account_funds", "acme") + "/CREDIT"
	}},
	{"I-03", "an entry is missing", func(s *scene) string {
		s.exec("DELETE FROM ledger_entries WHERE transaction_id = $1 AND seq = 1", s.id(s.issued()).String())
		return "ledger_entries/CREDIT"
	}},
	{"I-05", "amounts were doubled on both sides", func(s *scene) string { return s.entries(s.issued(), "amount = amount * 2") }},
	{"I-05", "an entry was moved by a microsecond", func(s *scene) string {
		return s.entries(s.issued(), "effective_at = effective_at + CASE seq WHEN 1 THEN '1 microsecond' ELSE '0' END::interval")
	}},
	{"I-05", "a transaction tells another source", func(s *scene) string {
		return s.change("ledger_transactions", s.issued(), "source_type = source_type || ','")
	}},
	{"I-05", "a transaction in the middle is gone", func(s *scene) string {
		s.forget(s.issued())
		return s.row("ledger_transactions", keys.InvoiceFinalized(s.id("invoice 1")))
	}},
	{"I-05", "the last transaction is gone", func(s *scene) string {
		s.forget("settlement/rating 3")
		return s.row("ledger_heads", "acme")
	}},
	{"I-22", "breakage was posted twice over", func(s *scene) string {
		s.entries(keys.LotExpired(s.id("gift")), "amount = amount * 2")
		return s.row("billing_accounts", "acme") + "/CREDIT"
	}},
	{"I-22", "a lot counts as posted and is not", func(s *scene) string {
		s.change("credit_lots", "unposted", "posted = true")
		return s.row("billing_accounts", "acme") + "/CREDIT"
	}},
}

var accountPlants = []plant{
	{"I-09", "a period was skipped", func(s *scene) string { return s.change("credit_lots", "lot 2", "period_index = 3") }},
	{"I-09", "a lot gives more than its rule", func(s *scene) string { return s.change("credit_lots", "lot 1", "issued = 25, remaining = 22") }},
	{"I-09", "a lot begins beside its period", func(s *scene) string {
		return s.change("credit_lots", "lot 0", "effective_at = effective_at + interval '1 hour'")
	}},
	{"I-09", "the lot ahead does not continue the one before", func(s *scene) string {
		return s.change("credit_lots", "lot 2", "effective_at = effective_at + interval '1 hour'")
	}},
	{"I-09", "a rule is not in the plan version", func(s *scene) string {
		s.insert("credit_lots", created, columns{"id": s.id("odd"), "billing_account_id": s.id("acme"), "asset": "CREDIT", "source_kind": "plan",
			"source_ref": "odd", "assignment_id": s.id("acme starter"), "rule": "odd", "period_index": 0, "issued": "1", "remaining": "1",
			"status": "active", "granted_at": boundaries[0], "effective_at": boundaries[0], "expires_at": boundaries[1]})
		s.exec("UPDATE credit_lots SET expires_at = NULL WHERE id = $1", s.id("odd").String())
		return s.row("credit_lots", "odd")
	}},
	{"I-09", "a period went by without its lot", func(s *scene) string {
		s.insert("billing_periods", sceneNow, columns{"id": s.id("period 3"), "billing_account_id": s.id("acme"), "assignment_id": s.id("acme starter"),
			"plan_version_id": s.id("starter v1"), "period_index": 3, "start_at": boundaries[3], "end_at": boundaries[3].Add(time.Hour),
			"grace_until": boundaries[3].Add(time.Hour), "status": "closed"})
		return s.row("billing_periods", "period 3")
	}},
	{"I-10", "a lot was consumed by nobody", func(s *scene) string { return s.change("credit_lots", "unposted", "remaining = 4, consumed = 1") }},
	{"I-10", "an exhausted lot has credit", func(s *scene) string { return s.change("credit_lots", "unposted", "status = 'exhausted'") }},
	{"I-10", "a lot paid for usage before it began", func(s *scene) string {
		s.change("credit_lots", "gift", "effective_at = effective_at + interval '2 days'")
		return s.row("allocations", "rating 2") + "/1"
	}},
	{"I-10", "a later lot was drawn first", func(s *scene) string {
		s.change("credit_lots", "lot 1", "remaining = 18, consumed = 2")
		s.change("credit_lots", "unposted", "remaining = 4, consumed = 1")
		s.exec("UPDATE allocations SET lot_id = $1 WHERE rating_id = $2", s.id("unposted").String(), s.id("rating 4").String())
		return s.row("allocations", "rating 4") + "/1"
	}},
	{"I-10", "overage while a lot had credit", func(s *scene) string {
		s.change("credit_lots", "lot 1", "remaining = 18, consumed = 2")
		s.exec("UPDATE allocations SET kind = 'overage', lot_id = NULL WHERE rating_id = $1", s.id("rating 4").String())
		return s.row("allocations", "rating 4") + "/1"
	}},
	{"I-15", "a gap between base plans", func(s *scene) string {
		return s.change("assignment_phases", "acme starter phase", "start_at = start_at + interval '1 microsecond'")
	}},
	{"I-15", "the last base plan ends", func(s *scene) string {
		return s.change("assignment_phases", "acme starter phase", "end_at = '2027-01-01T00:00Z'")
	}},
	{"I-15", "an account without a base plan", func(s *scene) string {
		s.exec("DELETE FROM assignment_phases WHERE billing_account_id = $1", s.id("boundless").String())
		return s.row("billing_accounts", "boundless")
	}},
	{"I-15", "a phase of another account's assignment", func(s *scene) string {
		s.exec("UPDATE assignment_phases SET assignment_id = $1 WHERE id = $2", s.id("acme free").String(), s.id("boundless free phase").String())
		return s.row("assignment_phases", "boundless free phase")
	}},
}

// creditUsed lets a credit of 2 pay for a part of the open invoice, and gives the transaction.
func (s *scene) creditUsed() uuid.UUID {
	s.t.Helper()
	s.post(ledger.AccountCreditGiven(s.wire(), "EUR", num("2"), ledger.DeferredRevenue))("credit given", boundaries[1])
	s.change("invoices", "invoice 1", "applied_credits = 2")
	return s.post(ledger.AccountCreditUsed(s.wire(), "EUR", num("2")))(keys.InvoiceCreditUsed(s.id("invoice 1")), boundaries[1].Add(time.Hour))
}

var usagePlants = []plant{
	{"I-06", "nothing will settle a rating", func(s *scene) string {
		s.exec("DELETE FROM dispatch WHERE id = $1", s.id("rating 4").String())
		return s.row("ratings", "rating 4")
	}},
	{"I-06", "allocations are not the amount", func(s *scene) string {
		s.exec("UPDATE allocations SET amount = 2 WHERE rating_id = $1", s.id("rating 4").String())
		return s.row("ratings", "rating 4")
	}},
	{"I-06", "a waived rating was settled", func(s *scene) string {
		s.insert("settlements", sceneNow, columns{"rating_id": s.id("waived"), "billing_account_id": s.id("boundless")})
		return s.row("ratings", "waived")
	}},
	{"I-06", "a settlement has no rating", func(s *scene) string {
		s.insert("settlements", sceneNow, columns{"rating_id": s.id("ghost"), "billing_account_id": s.id("acme")})
		return s.row("settlements", "ghost")
	}},
	{"I-06", "a settlement posts nothing for something", func(s *scene) string {
		s.exec("DELETE FROM dispatch WHERE id = $1", s.id("rating 4").String())
		s.insert("settlements", sceneNow, columns{"rating_id": s.id("rating 4"), "billing_account_id": s.id("acme")})
		return s.row("settlements", "rating 4")
	}},
	{"I-06", "a settlement posted more than was allocated", func(s *scene) string { return s.entries("settlement/rating 3", "amount = amount * 2") }},
	{"I-08", "an active lease is over", func(s *scene) string { return s.change("leases", "active", "expires_at = '2026-03-10T11:44:59Z'") }},
	{"I-08", "a released lease does not say when", func(s *scene) string { return s.change("leases", "released", "closed_at = NULL") }},
	{"I-08", "a committed lease has no commit", func(s *scene) string {
		s.exec("DELETE FROM commits WHERE id = $1", s.id("commit of rating 4").String())
		return s.row("leases", "committed")
	}},
	{"I-08", "a commit came after the release", func(s *scene) string {
		s.exec("UPDATE commits SET lease_id = $1, recorded_at = $2 WHERE id = $3", s.id("released").String(), sceneNow, s.id("commit of rating 4").String())
		s.exec("DELETE FROM leases WHERE id = $1", s.id("committed").String())
		return s.row("commits", "commit of rating 4")
	}},
	{"I-08", "a commit on an expired lease was rated", func(s *scene) string {
		s.change("leases", "committed", "status = 'expired', expires_at = effective_at - interval '1 second'")
		return s.row("commits", "commit of rating 4")
	}},
	{"I-11", "a line is not the sum of its ratings", func(s *scene) string { return s.change("invoice_lines", "invoice 1 usage", "quantity = 2100000") }},
	{"I-11", "a line was changed after the total", func(s *scene) string {
		s.change("invoice_lines", "invoice 1 usage", "amount = 2")
		return s.row("invoices", "invoice 1")
	}},
	{"I-11", "a line is not in minor units", func(s *scene) string {
		s.insert("invoice_lines", sceneNow, columns{"id": s.id("fraction"), "invoice_id": s.id("draft"), "seq": 1, "kind": "fee", "description": "x",
			"period_start": boundaries[1], "period_end": boundaries[2], "quantity": "1", "exact_amount": "0.001", "amount": "0.001"})
		return s.row("invoice_lines", "fraction")
	}},
	{"I-11", "the receivable is another amount", func(s *scene) string {
		s.entries(keys.InvoiceFinalized(s.id("invoice 0")), "amount = amount * 2")
		return s.row("invoices", "invoice 0")
	}},
	{"I-11", "the finalisation was never posted", func(s *scene) string {
		s.forget(keys.InvoiceFinalized(s.id("invoice 0")))
		return s.row("invoices", "invoice 0")
	}},
	{"I-11", "account credit paid and was not taken", func(s *scene) string { return s.change("invoices", "invoice 1", "applied_credits = 1") }},
	{"I-11", "account credit was taken for another amount", func(s *scene) string {
		s.exec("UPDATE ledger_entries SET amount = amount * 2 WHERE transaction_id = $1", s.creditUsed().String())
		return s.row("invoices", "invoice 1")
	}},
	{"I-11", "account credit was taken for an invoice that is not there", func(s *scene) string {
		used := s.creditUsed()
		s.change("invoices", "invoice 1", "applied_credits = 0")
		s.exec("UPDATE ledger_transactions SET operation_key = 'invoice/inv_0/credit_used' WHERE id = $1", used.String())
		return "ledger_transactions/" + used.String()
	}},
	{"I-11", "an invoice carries what nobody owes", func(s *scene) string { return s.change("invoices", "invoice 1", "carried_in = 1") }},
	{"I-11", "a carried invoice is open and its carrier paid", func(s *scene) string {
		s.change("invoices", "invoice 0", "carried_in = 30")
		return s.change("invoices", "invoice 1", "collection = 'carried', carried_to = '"+s.id("invoice 0").String()+"'")
	}},
	{"I-30", "a paid invoice was never paid", func(s *scene) string {
		s.change("invoices", "invoice 1", "status = 'paid'")
		return s.row("billing_accounts", "acme") + "/EUR"
	}},
	{"I-04", "account credit was used before it was given", func(s *scene) string {
		used := s.creditUsed()
		s.exec("UPDATE ledger_entries SET effective_at = effective_at - interval '1 month' WHERE transaction_id = $1", used.String())
		return "ledger_balances/account_credit:" + s.wire() + "/EUR"
	}},
	{"I-11", "an open invoice has no number", func(s *scene) string { return s.change("invoices", "invoice 1", "number = NULL") }},
	{"I-11", "a draft has a number", func(s *scene) string { return s.change("invoices", "draft", "number = 'INV-9'") }},
	{"I-11", "a currency that nobody knows", func(s *scene) string { return s.change("invoices", "draft", "currency = 'ZZZ'") }},
	{"I-11", "a rating was billed to another account", func(s *scene) string {
		s.exec("UPDATE ratings SET quantity = 0 WHERE id = $1", s.id("waived").String())
		s.insert("invoice_line_ratings", time.Time{}, columns{"rating_id": s.id("waived"), "line_id": s.id("invoice 1 usage")})
		return s.row("invoice_line_ratings", "waived")
	}},
}

func (s *scene) event(id, set string) string {
	s.t.Helper()
	s.exec("UPDATE stripe_inbox SET "+set+" WHERE realm_id = $1 AND id = $2", s.realm.String(), id)
	return "stripe_inbox/" + id
}

func (s *scene) stored(set string) string {
	s.t.Helper()
	s.exec("UPDATE idempotency_keys SET "+set+" WHERE realm_id = $1", s.realm.String())
	return "idempotency_keys/POST /v1/meters/k-1"
}

var outerPlants = append([]plant{
	{"I-29", "the assignment that was to bill overage has ended without a run", func(s *scene) string {
		s.exec("DELETE FROM invoice_line_ratings WHERE realm_id = $1", s.realm.String())
		s.exec("DELETE FROM outbox WHERE realm_id = $1", s.realm.String())
		s.exec("UPDATE billing_periods SET status = 'closed' WHERE realm_id = $1", s.realm.String())
		s.exec("UPDATE plan_assignments SET status = 'ended' WHERE realm_id = $1 AND NOT is_free", s.realm.String())
		return s.row("billing_accounts", "acme")
	}},
	{"I-13", "a finished event does not say when", func(s *scene) string { return s.event("evt_done", "finished_at = NULL") }},
	{"I-13", "an event waits", func(s *scene) string {
		return s.event("evt_new", "recorded_at = clock_timestamp() - interval '16 minutes'")
	}},
	{"I-14", "an error was stored", func(s *scene) string { return s.stored("status = 500") }},
	{"I-14", "half a hash", func(s *scene) string { return s.stored("request_hash = '\\x0011'") }},
}, bodies("", `{"id":`, "<html>", "]")...)

func bodies(broken ...string) []plant {
	plants := make([]plant, 0, len(broken))
	for i, body := range broken {
		plants = append(plants, plant{"I-14", "broken body " + strconv.Itoa(i), func(s *scene) string {
			s.exec("UPDATE idempotency_keys SET body = $1 WHERE realm_id = $2", []byte(body), s.realm.String())
			return s.stored("status = 201")
		}})
	}
	return plants
}
