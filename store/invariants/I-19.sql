-- Tenants are apart: no foreign key crosses realms, row level security binds every tenant table, and the app cannot step over it
-- Other realms' rows cannot be seen from inside one, so their data is not compared; that answers leak nothing is for tests.
WITH tables AS (
  SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner,
         (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
             AND a.attname = CASE c.relname WHEN 'realms' THEN 'id' ELSE 'realm_id' END) AS realm
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
)
SELECT format('%s/%s', f.relname, k.conname) AS key, 'refers to ' || t.relname || ' without the realm' AS detail
  FROM pg_constraint k
  JOIN tables f ON f.oid = k.conrelid AND f.realm IS NOT NULL
  JOIN tables t ON t.oid = k.confrelid AND t.realm IS NOT NULL
 WHERE k.contype = 'f'
   AND NOT EXISTS (SELECT FROM unnest(k.conkey, k.confkey) pair (child, parent) WHERE pair.child = f.realm AND pair.parent = t.realm)
UNION ALL
SELECT t.relname, format('row level security enabled %s, forced %s', t.relrowsecurity, t.relforcerowsecurity)
  FROM tables t WHERE t.realm IS NOT NULL AND NOT (t.relrowsecurity AND t.relforcerowsecurity)
UNION ALL
SELECT t.relname, 'has no policy that keeps all its rows to their realm'
  FROM tables t
 WHERE t.realm IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_policy p
                    WHERE p.polrelid = t.oid AND p.polname = 'tenant' AND p.polcmd = '*' AND p.polroles = '{0}'
                      AND pg_get_expr(p.polqual, t.oid) LIKE '(%id = current_realm())'
                      AND pg_get_expr(p.polwithcheck, t.oid) LIKE '(%id = current_realm())')
UNION ALL
SELECT format('%s/%s', t.relname, p.polname), 'opens the table to more than the dispatcher'
  FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
 WHERE p.polname <> 'tenant' AND p.polroles <> ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'durabill_dispatcher')]
UNION ALL
SELECT t.relname, 'has no realm and is open to ' || r.role
  FROM tables t CROSS JOIN (VALUES ('durabill_app'), ('durabill_dispatcher')) r (role)
 WHERE t.realm IS NULL AND has_any_column_privilege(r.role, t.oid, 'SELECT, INSERT, UPDATE')
UNION ALL
SELECT 'roles/' || r.rolname, format('superuser %s, bypassrls %s, inherits %s', r.rolsuper, r.rolbypassrls, r.rolinherit)
  FROM pg_roles r
 WHERE r.rolname IN ('durabill_app', 'durabill_dispatcher') AND (r.rolsuper OR r.rolbypassrls OR r.rolinherit)
UNION ALL
SELECT 'roles/' || current_user, 'verify does not run as the application'
 WHERE current_user <> 'durabill_app'
UNION ALL
SELECT t.relname, 'belongs to a role that the app can be'
  FROM tables t WHERE pg_has_role('durabill_app', t.relowner, 'MEMBER')
