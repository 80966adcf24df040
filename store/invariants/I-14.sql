-- A stored answer is a success with a whole request hash and a body that looks like JSON
-- SQL sees the outside of a body only: that a repeat gets the same bytes, and that a conflict changes nothing, is for tests.
SELECT format('idempotency_keys/%s/%s', k.scope, k.key) AS key,
       format('status %s, request hash of %s bytes, body of %s bytes', k.status, octet_length(k.request_hash), octet_length(k.body)) AS detail
  FROM idempotency_keys k
 WHERE k.expires_at > clock_timestamp()
   AND (k.status NOT BETWEEN 200 AND 299 OR octet_length(k.request_hash) <> 32 OR k.expires_at <= k.created_at
     OR jsonb_typeof(k.headers) NOT IN ('object', 'null')
     OR CASE octet_length(k.body) WHEN 0 THEN k.status <> 204
          ELSE (substring(k.body FROM 1 FOR 1), right(encode(btrim(k.body, '\x0a0d2009'), 'hex'), 2)) NOT IN (('\x7b', '7d'), ('\x5b', '5d')) END)
