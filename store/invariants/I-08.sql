-- A lease ends once, in time, and nothing is committed on it afterwards
-- That an ended lease holds nothing is the sum of I-02. A commit on an expired lease is kept, and its usage quarantined, so it
-- must have no ratings. Times are the account's: a commit at the very instant of an end passes.
SELECT 'leases/' || l.id AS key, format('is %s with closed_at %s', l.status, coalesce(l.closed_at::text, 'empty')) AS detail
  FROM leases l
 WHERE (l.status = 'active') <> (l.closed_at IS NULL)
UNION ALL
SELECT 'leases/' || l.id, format('is active, expired at %s, and it is %s', l.expires_at, now.at)
  FROM leases l
  JOIN billing_accounts b ON b.id = l.billing_account_id
  LEFT JOIN test_clocks c ON c.id = b.test_clock_id
 CROSS JOIN LATERAL (SELECT coalesce(c.now_at, clock_timestamp()) AS at) now
 WHERE l.status = 'active' AND l.expires_at + interval '15 minutes' < now.at
UNION ALL
SELECT 'leases/' || l.id, 'is committed and has no commit'
  FROM leases l
 WHERE l.status = 'committed' AND NOT EXISTS (SELECT FROM commits m WHERE m.lease_id = l.id)
UNION ALL
SELECT 'commits/' || m.id, format('was recorded at %s on a lease that was %s at %s', m.recorded_at, l.status, l.closed_at)
  FROM commits m JOIN leases l ON l.id = m.lease_id
 WHERE l.status IN ('committed', 'released') AND l.closed_at < m.recorded_at
UNION ALL
SELECT 'commits/' || m.id, format('was rated at %s on a lease that expired at %s', m.recorded_at, l.expires_at)
  FROM commits m JOIN leases l ON l.id = m.lease_id
 WHERE m.recorded_at > l.expires_at AND EXISTS (SELECT FROM ratings r WHERE r.source_kind = 'commit' AND r.source_id = m.id)
UNION ALL
SELECT 'commits/' || m.id, 'has no lease, or one of another account'
  FROM commits m LEFT JOIN leases l ON l.id = m.lease_id
 WHERE l.id IS NULL OR l.billing_account_id <> m.billing_account_id
