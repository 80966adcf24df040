-- Overage is on an invoice line, or a run is to come that bills it
-- (unless the account was closed with its test clock, which bills nothing any more)
-- A run comes while an assignment goes on or a period is not closed; else one has been sent for, and its boundary is not long past.
SELECT 'billing_accounts/' || r.billing_account_id AS key,
       format('%s ratings with %s of overage are billed by nobody', count(*), sum(r.overage_fiat)) AS detail
  FROM ratings r
  JOIN billing_accounts b ON b.id = r.billing_account_id
  LEFT JOIN test_clocks c ON c.id = b.test_clock_id
 WHERE c.status IS DISTINCT FROM 'deleted' AND r.kind = 'billed' AND r.overage > 0 AND r.currency <> ''
   AND NOT EXISTS (SELECT FROM invoice_line_ratings x WHERE x.rating_id = r.id)
   AND NOT EXISTS (SELECT FROM plan_assignments a
                    WHERE a.billing_account_id = r.billing_account_id AND NOT a.is_free AND a.status NOT IN ('ended', 'canceled'))
   AND NOT EXISTS (SELECT FROM billing_periods p WHERE p.billing_account_id = r.billing_account_id AND p.status <> 'closed')
   AND NOT EXISTS (SELECT FROM outbox o
                    WHERE o.billing_account_id = r.billing_account_id AND o.workflow_type = 'BillingPeriod'
                      AND (o.payload ->> 'boundary')::timestamptz >= coalesce(c.now_at, clock_timestamp()) - interval '1 hour')
 GROUP BY r.billing_account_id
