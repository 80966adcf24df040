-- An invoice is the sum of its lines and tax in minor units, its finalisation posts that, its lines are their ratings, and what
-- credit or another invoice pays of it is in the books
-- verify.exponents gives the minor units of the currencies in use. A total of zero may have nothing to post. That a rating
-- is on one line is its primary key; numbers are checked to be unique, not gap-free; discounts are not known yet. An invoice
-- voided as a draft counts as a draft.
WITH minor AS (
  SELECT key AS currency, value::int AS exponent FROM jsonb_each_text(current_setting('verify.exponents')::jsonb)
), wires AS (
  -- keys.Encode in SQL: 128 bits after two zeros, five at a time.
  SELECT i.id, 'invoice/inv_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
           substring(B'00' || ('x' || replace(i.id::text, '-', ''))::bit(128) FROM 5 * n + 1 FOR 5)::bit(5)::int + 1, 1), '' ORDER BY n)
         AS operation
    FROM invoices i, generate_series(0, 25) n GROUP BY i.id
), facts AS (
  SELECT i.*, i.finalized_at IS NOT NULL OR i.status IN ('open', 'paid', 'uncollectible') AS final, w.operation, m.exponent,
         t.id AS transaction_id, t.billing_account_id AS transaction_account,
         (SELECT coalesce(sum(l.amount), 0) FROM invoice_lines l WHERE l.invoice_id = i.id) AS lines,
         (SELECT coalesce(sum(e.amount), 0) FROM ledger_entries e
           WHERE e.transaction_id = t.id AND e.billing_account_id = i.billing_account_id AND e.account LIKE 'ar:%'
             AND e.asset = i.currency) AS receivable,
         (SELECT coalesce(sum(e.amount), 0) FROM ledger_entries e JOIN ledger_transactions u ON u.id = e.transaction_id
           WHERE u.operation_key = w.operation || '/credit_used' AND e.billing_account_id = i.billing_account_id
             AND e.account LIKE 'account_credit:%' AND e.asset = i.currency) AS credit_used,
         (SELECT coalesce(sum(c.total - c.applied_credits + c.carried_in), 0) FROM invoices c WHERE c.carried_to = i.id) AS carried
    FROM invoices i
    JOIN wires w ON w.id = i.id
    LEFT JOIN minor m ON m.currency = i.currency
    LEFT JOIN ledger_transactions t ON t.operation_key = w.operation || '/finalized'
), billed AS (
  SELECT lr.line_id, sum(r.quantity) AS quantity, sum(r.covered) AS covered, sum(r.overage) AS overage, sum(r.overage_fiat) AS fiat
    FROM invoice_line_ratings lr JOIN ratings r ON r.id = lr.rating_id GROUP BY 1
)
SELECT 'invoices/' || id AS key, format('subtotal %s + tax %s = total %s, its lines are %s', subtotal, tax, total, lines) AS detail
  FROM facts WHERE final AND (subtotal <> lines OR total <> lines + tax)
UNION ALL
SELECT 'invoices/' || id, format('tax %s or total %s is not in minor units of %s', tax, total, currency)
  FROM facts WHERE exponent IS NULL OR tax <> round(tax, exponent) OR total <> round(total, exponent)
UNION ALL
SELECT 'invoices/' || id, format('is %s with number %s, finalised %s, transaction %s', status, coalesce(number, 'none'),
         coalesce(finalized_at::text, 'never'), coalesce(transaction_id::text, 'none'))
  FROM facts
 WHERE CASE WHEN final THEN number IS NULL OR finalized_at IS NULL OR (transaction_id IS NULL AND total <> 0)
            ELSE number IS NOT NULL OR transaction_id IS NOT NULL END
UNION ALL
SELECT 'invoices/' || id, format('total %s, its finalisation posted %s', total, receivable)
  FROM facts
 WHERE transaction_id IS NOT NULL AND (receivable <> total OR transaction_account IS DISTINCT FROM billing_account_id)
UNION ALL
SELECT 'invoices/' || id, format('%s of account credit paid for it, of %s; the ledger says %s', applied_credits, total, credit_used)
  FROM facts
 WHERE applied_credits <> credit_used OR applied_credits > total OR applied_credits <> round(applied_credits, exponent)
    OR (NOT final AND applied_credits <> 0)
UNION ALL
SELECT 'invoices/' || id, format('carries %s; what others owe by way of it is %s', carried_in, carried) FROM facts WHERE carried_in <> carried
UNION ALL
SELECT 'invoices/' || c.id, format('is %s and %s, carried to an invoice that is %s', c.status, c.collection, i.status)
  FROM facts c JOIN facts i ON i.id = c.carried_to
 WHERE (c.billing_account_id, c.currency, c.billing_entity) <> (i.billing_account_id, i.currency, i.billing_entity)
    OR NOT c.final OR NOT i.final OR (c.status = 'paid') <> (i.status = 'paid')
UNION ALL
SELECT 'ledger_transactions/' || t.id, 'is about an invoice that is not there'
  FROM ledger_transactions t
 WHERE t.kind IN ('invoice_finalized', 'account_credit_used')
   AND NOT EXISTS (SELECT FROM wires w WHERE t.operation_key IN (w.operation || '/finalized', w.operation || '/credit_used'))
UNION ALL
SELECT 'invoices/' || max(i.id::text), format('number %s was given out %s times', i.number, count(*))
  FROM invoices i WHERE i.number IS NOT NULL GROUP BY i.billing_entity, i.number HAVING count(*) > 1
UNION ALL
SELECT 'invoice_lines/' || l.id, format('%s is not in minor units of %s', l.amount, i.currency)
  FROM invoice_lines l JOIN facts i ON i.id = l.invoice_id
 WHERE i.exponent IS NULL OR l.amount <> round(l.amount, i.exponent)
UNION ALL
SELECT 'invoice_lines/' || l.id, format('quantity %s, covered %s, overage %s = %s; its ratings say %s, %s, %s = %s', l.quantity, l.covered,
         l.overage, l.exact_amount, coalesce(b.quantity, 0), coalesce(b.covered, 0), coalesce(b.overage, 0), coalesce(b.fiat, 0))
  FROM invoice_lines l LEFT JOIN billed b ON b.line_id = l.id
 WHERE CASE l.kind WHEN 'usage'
         THEN (l.quantity, l.covered, l.overage, l.exact_amount)
           <> (coalesce(b.quantity, 0), coalesce(b.covered, 0), coalesce(b.overage, 0), coalesce(b.fiat, 0))
         ELSE b.line_id IS NOT NULL END
UNION ALL
SELECT 'invoice_line_ratings/' || lr.rating_id, 'its rating and its line are not of one account and meter'
  FROM invoice_line_ratings lr
  LEFT JOIN ratings r ON r.id = lr.rating_id
  LEFT JOIN invoice_lines l ON l.id = lr.line_id
  LEFT JOIN invoices i ON i.id = l.invoice_id
 WHERE (r.billing_account_id, r.meter_id) IS DISTINCT FROM (i.billing_account_id, l.meter_id)
