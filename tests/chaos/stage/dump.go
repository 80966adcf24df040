package stage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// books are the queries of a dump, a line of text each row. What may differ between two runs of one story is left out:
// database time, hashes over it, run ids, how often a row was written; how many ratings one settlement took, which depends on when the loop looked, so
// that settlements count by their sums.
var books = []string{
	`SELECT 'ledger ' || jsonb_build_object('kind', t.kind, 'key', CASE t.source_type WHEN 'settlement' THEN '' ELSE t.operation_key END,
			'effective_at', e.effective_at, 'recorded_at', e.recorded_at, 'account', e.account, 'asset', e.asset, 'amount', sum(e.amount))::text
	   FROM ledger_entries e JOIN ledger_transactions t ON (t.realm_id, t.id) = (e.realm_id, e.transaction_id)
	  GROUP BY t.kind, t.source_type, CASE t.source_type WHEN 'settlement' THEN '' ELSE t.operation_key END, e.effective_at, e.recorded_at,
			e.account, e.asset`,
	`SELECT 'balance ' || (to_jsonb(b) - ARRAY['realm_id', 'version'])::text FROM ledger_balances b`,
	`SELECT 'exact sum ' || (to_jsonb(x) - 'realm_id')::text FROM ledger_exact_sums x`,
	`SELECT 'funds ' || (to_jsonb(f) - ARRAY['realm_id', 'version', 'updated_at'])::text FROM account_funds f`,
	`SELECT 'lot ' || (to_jsonb(l) - 'realm_id')::text FROM credit_lots l`,
	`SELECT 'rating ' || (to_jsonb(r) - 'realm_id')::text FROM ratings r`,
	`SELECT 'allocation ' || (to_jsonb(a) - 'realm_id')::text FROM allocations a`,
	`SELECT 'settled ' || rating_id FROM settlements`,
	`SELECT 'invoice ' || (to_jsonb(i) - ARRAY['realm_id', 'version'])::text FROM invoices i`,
	`SELECT 'line ' || (to_jsonb(l) - 'realm_id')::text FROM invoice_lines l`,
	`SELECT 'line of ' || rating_id || ' ' || line_id FROM invoice_line_ratings`,
	`SELECT 'payment ' || (to_jsonb(p) - 'realm_id')::text FROM payments p`,
	`SELECT 'period ' || (to_jsonb(p) - 'realm_id')::text FROM billing_periods p`,
}

// Dump writes down the ledger, lots, ratings, invoices and payments, and what the provider thinks it was asked for. Ids are
// replaced by numbers in the order of the lines, the same id by the same number; the times are those of the test clock and
// stay. Two runs of one story must come to the same text.
func (s *Stage) Dump(ctx context.Context) (string, error) {
	var lines []string
	for _, query := range books {
		found, err := s.lines(ctx, query)
		if err != nil {
			return "", fmt.Errorf("%s: %w", query, err)
		}
		lines = append(lines, found...)
	}
	theirs, err := s.atProvider(ctx)
	if err != nil {
		return "", err
	}
	return numbered(append(lines, theirs...)), nil
}

// atProvider lists what the provider made, by what it is worth: a second charge shows, even one that we do not know of.
func (s *Stage) atProvider(ctx context.Context) ([]string, error) {
	var lines []string
	for _, kind := range []string{"customers", "invoices", "invoiceitems", "charges"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Stripe+"/v1/"+kind+"?limit=100", nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+stripeKey)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		var page struct {
			Data []struct {
				Status, Description, Currency string
				Amount, Total                 int64
			}
		}
		err = json.NewDecoder(res.Body).Decode(&page)
		_ = res.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("the provider's %s: %w", kind, err)
		}
		for _, o := range page.Data {
			lines = append(lines, fmt.Sprintf("provider's %s %s %q %s %d %d", kind, o.Status, o.Description, o.Currency, o.Amount, o.Total))
		}
	}
	return lines, nil
}

var (
	ids  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[a-z]+_(?:[0-7][0-9a-hjkmnp-tv-z]{25}|fake\d+)\b`)
	host = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
)

// rounds is how far an id may be from the text that tells it from others: a line that names a rating that a lot paid for.
const rounds = 4

// numbered gives each id the number of its place, and sorts the lines. Two books that differ in ids and order alone come to
// the same text: an id is known by the lines that it is in, and these by the other ids in them.
func numbered(lines []string) string {
	for i, l := range lines {
		lines[i] = host.ReplaceAllString(l, "http://host")
	}
	known := map[string]string{}
	for range rounds {
		known = refined(lines, known)
	}
	name := func(l string) string {
		return ids.ReplaceAllStringFunc(l, func(id string) string { return known[id] })
	}
	slices.SortFunc(lines, func(a, b string) int {
		return cmp.Or(cmp.Compare(ids.ReplaceAllString(a, "#"), ids.ReplaceAllString(b, "#")), cmp.Compare(name(a), name(b)))
	})
	number := map[string]int{}
	var out strings.Builder
	for _, l := range lines {
		out.WriteString(ids.ReplaceAllStringFunc(l, func(id string) string {
			if number[id] == 0 {
				number[id] = len(number) + 1
			}
			return fmt.Sprintf("#%d", number[id])
		}))
		out.WriteByte('\n')
	}
	return out.String()
}

// refined names each id by all its lines, with what is known of the other ids in them.
func refined(lines []string, known map[string]string) map[string]string {
	seen := map[string][]string{}
	for _, l := range lines {
		for _, own := range slices.Compact(slices.Sorted(slices.Values(ids.FindAllString(l, -1)))) {
			seen[own] = append(seen[own], ids.ReplaceAllStringFunc(l, func(id string) string {
				if id == own {
					return "@"
				}
				return "#" + known[id]
			}))
		}
	}
	out := map[string]string{}
	for id, where := range seen {
		slices.Sort(where)
		sum := sha256.Sum256([]byte(strings.Join(where, "\n")))
		out[id] = hex.EncodeToString(sum[:])
	}
	return out
}
