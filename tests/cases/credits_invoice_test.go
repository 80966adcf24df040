package cases_test

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/durabill/durabill/billing/money"
)

const creditsInvoicePath = "/mgt/v1/compute/invoice"

// creditsOnInvoices are the shapes of cases about what lowers an invoice, by an input that only they have.
var creditsOnInvoices = []struct {
	says string
	ask  func(vector) []question
}{
	{"credit_notes_cents", askAppliedNotes}, {"amount_to_credit_cents", askIssuedNote}, {"credit_note_line", askNoteOnLine},
	{"coupons", askCoupons}, {"refunds", askRefunds}, {"invoices", askCreditOnInvoices}, {"recurring", askCreditOnTaxed},
}

// major gives minor units by the currency's exponent.
func major(in object, minor any) string {
	units, err := minor.(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	amount, err := money.FromMinor(units, money.Asset(in["currency"].(string)))
	if err != nil {
		panic(err)
	}
	return amount.Text()
}

func mapped[T any](list any, of func(T) any) []any {
	out := []any{}
	switch l := list.(type) {
	case []any:
		for _, x := range l {
			out = append(out, of(x.(T)))
		}
	case T:
		out = append(out, of(l))
	}
	return out
}

func linesOf(in object, cents any) []any {
	return mapped(cents, func(c json.Number) any { return object{"amount": major(in, c)} })
}

// minorWanted puts a list of minor units, or one, at the pointers of a pattern.
func minorWanted(v vector, places map[string]string) object {
	want := object{}
	for name, pattern := range places {
		list, many := v.Expected[name].([]any)
		for i, c := range list {
			want[fmt.Sprintf(pattern, i)] = major(v.Inputs, c)
		}
		if one, there := v.Expected[name]; there && !many {
			want[pattern] = major(v.Inputs, one)
		}
	}
	return want
}

func onInvoice(v vector, body, want object) []question {
	body["currency"] = v.Inputs["currency"]
	return []question{{path: creditsInvoicePath, body: body, want: want}}
}

func askAppliedNotes(v vector) []question {
	notes := mapped(v.Inputs["credit_notes_cents"], func(c json.Number) any { return major(v.Inputs, c) })
	fees := v.Inputs["fees_cents"]
	if fees == nil {
		fees = v.Inputs["invoice_cents"]
	}
	want := object{}
	if total := v.Inputs["invoice_cents"]; total != nil {
		want["/totals/net"] = major(v.Inputs, total)
	}
	maps.Copy(want, minorWanted(v, map[string]string{"applied_cents": "/collection/credit_notes/%d/applied", "total_applied_cents": "/collection/credit_notes_total",
		"share_per_fee_cents": "/lines/%d/credit_notes", "amount_due_cents": "/collection/amount_due"}))
	return onInvoice(v, object{"lines": linesOf(v.Inputs, fees), "credit_notes": notes}, want)
}

func askIssuedNote(v vector) []question {
	body := object{"lines": linesOf(v.Inputs, v.Inputs["fees_cents"]), "issue": []any{object{"amount": major(v.Inputs, v.Inputs["amount_to_credit_cents"])}}}
	if percent, taxed := v.Inputs["tax_percent"]; taxed {
		body["taxes"] = []any{object{"percent": fmt.Sprint(percent)}}
	}
	return onInvoice(v, body, minorWanted(v, map[string]string{"items_cents": "/issued/0/items/%d/net", "credit_note_total_cents": "/issued/0/total"}))
}

func askNoteOnLine(v vector) []question {
	return onInvoice(v, object{"lines": []any{object{"amount": v.Inputs["invoice_line"]}},
		"issue": []any{object{"items": []any{object{"line": "0", "amount": v.Inputs["credit_note_line"]}}}}},
		object{"/issued/0/result": wordOf(v.Expected["result"], map[any]string{"rejected": "rejected", "accepted": "issued", "issued": "issued"})})
}

func askCoupons(v vector) []question {
	coupons := mapped(v.Inputs["coupons"], func(c object) any {
		if wordOf(c["type"], map[any]bool{"percentage": true, "fixed": false}) {
			return object{"percent": fmt.Sprint(c["value"])}
		}
		return object{"amount": major(v.Inputs, c["value"])}
	})
	return onInvoice(v, object{"lines": linesOf(v.Inputs, v.Inputs["fees_cents"]), "discounts": coupons},
		minorWanted(v, map[string]string{"coupon_cents": "/discounts/%d/amount", "total_coupons_cents": "/totals/discount", "subtotal_cents": "/totals/net"}))
}

func askRefunds(v vector) []question {
	want := expected(v, map[string]string{"refunded_total": "/settled/refunded", "invoice_charged_after": "/settled/charged"})
	balances, _ := v.Expected["invoice_balance_after_each"].([]any)
	for i, balance := range balances {
		want[fmt.Sprintf("/refunds/%d/balance", i)] = balance
	}
	return onInvoice(v, object{"lines": []any{object{"amount": v.Inputs["invoice"]}}, "paid": v.Inputs["paid"],
		"refunds": mapped(v.Inputs["refunds"], func(r object) any {
			return renamed(r, map[string]string{"amount": "amount", "item_adjustment": "adjustment"})
		})}, want)
}

// askCreditOnInvoices asks each invoice with those before it.
func askCreditOnInvoices(v vector) []question {
	var out []question
	invoices := v.Inputs["invoices"].([]any)
	for i := range invoices {
		nth := []string{"first", "second", "third", "fourth", "fifth"}[i]
		want := expected(v, map[string]string{"balance_after_" + nth: "/collection/balance_after", "payment_for_" + nth: "/collection/amount_due"})
		if len(want) > 0 {
			out = append(out, onInvoice(v, object{"lines": []any{object{"amount": invoices[i]}}, "earlier_invoices": invoices[:i],
				"account_credit": v.Inputs["credit"]}, want)...)
		}
	}
	return out
}

// askCreditOnTaxed has the tax as an amount and not as a rate, so that it is a line.
func askCreditOnTaxed(v vector) []question {
	body := object{"lines": []any{object{"amount": v.Inputs["recurring"]}, object{"amount": v.Inputs["tax"], "category": "tax"}}}
	maps.Copy(body, renamed(v.Inputs, map[string]string{"credit": "account_credit"}))
	return onInvoice(v, body, expected(v, map[string]string{"credit_used": "/collection/account_credit_used",
		"credit_left": "/collection/account_credit_left", "amount_due": "/collection/amount_due"}))
}
