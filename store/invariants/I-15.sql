-- Every account that is not closed has exactly one base plan at every instant since it began
WITH phases AS (
  SELECT p.id, p.billing_account_id, p.start_at, p.end_at,
         row_number() OVER line AS nth, row_number() OVER (PARTITION BY p.billing_account_id ORDER BY p.start_at DESC, p.id DESC) AS from_last,
         max(coalesce(p.end_at, 'infinity')) OVER (line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered_until
    FROM assignment_phases p
    JOIN billing_accounts b ON b.id = p.billing_account_id AND b.status <> 'closed'
   WHERE p.kind = 'base'
  WINDOW line AS (PARTITION BY p.billing_account_id ORDER BY p.start_at, p.id)
)
SELECT 'billing_accounts/' || b.id AS key, format('began at %s, its base plan at %s', b.effective_at, coalesce(p.start_at::text, 'no time')) AS detail
  FROM billing_accounts b LEFT JOIN phases p ON p.billing_account_id = b.id AND p.nth = 1
 WHERE b.status <> 'closed' AND (p.id IS NULL OR p.start_at > b.effective_at)
UNION ALL
SELECT 'assignment_phases/' || p.id, format('begins at %s, the base phase before it ends at %s', p.start_at, p.covered_until)
  FROM phases p WHERE p.nth > 1 AND p.start_at <> p.covered_until
UNION ALL
SELECT 'assignment_phases/' || p.id, format('is the last base phase and ends at %s', p.end_at)
  FROM phases p WHERE p.from_last = 1 AND p.end_at IS NOT NULL
UNION ALL
SELECT 'assignment_phases/' || p.id, 'its assignment is missing, of another kind or of another account'
  FROM assignment_phases p LEFT JOIN plan_assignments a ON a.id = p.assignment_id
 WHERE (a.billing_account_id, a.kind) IS DISTINCT FROM (p.billing_account_id, p.kind)
