package store_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func TestTheInvariantsThatAreChecked(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, inv := range store.Invariants() {
		require.NotEmpty(t, inv.Title)
		ids = append(ids, inv.ID)
	}
	require.Equal(t, []string{"I-01", "I-02", "I-03", "I-04", "I-05", "I-06", "I-08", "I-09", "I-10", "I-11", "I-13", "I-14", "I-15", "I-19", "I-22", "I-28", "I-29", "I-30"}, ids)
}

func TestACleanSceneBreaksNoInvariant(t *testing.T) {
	t.Parallel()
	url := harness.Database(t)
	st := harness.Open(t, url)
	newScene(t, harness.Owner(t, url))
	newScene(t, harness.Owner(t, url))
	reports, err := st.VerifyRealms(t.Context())
	require.NoError(t, err)
	require.Len(t, reports, 2)
	for _, report := range reports {
		require.NotEmpty(t, report.RealmCode)
		require.Len(t, report.Findings, len(store.Invariants()))
		for _, f := range report.Findings {
			require.Empty(t, f.Violations, "%s %s", f.ID, f.Title)
			require.Positive(t, f.Checked)
		}
		require.Zero(t, report.Violations())
	}
}

func TestAnUnknownInvariantIsRefused(t *testing.T) {
	t.Parallel()
	_, err := harness.Store(t).Verify(t.Context(), store.Call{Realm: (&scene{}).id("x")}, "I-99")
	require.ErrorContains(t, err, "I-99")
}

// plant breaks a row behind the database's back and says which key verify must name for it.
type plant struct {
	id   string
	what string
	do   func(s *scene) (key string)
}

// TestEachPlantedViolationIsNamed plants one broken row per scene. The invariant it breaks must name that row and no other;
// what one lie makes wrong elsewhere is for the other invariants to say.
func TestEachPlantedViolationIsNamed(t *testing.T) {
	t.Parallel()
	url := harness.Database(t)
	st := harness.Open(t, url)
	clean := newScene(t, harness.Owner(t, url))
	all := slices.Concat(ledgerPlants, accountPlants, usagePlants, outerPlants)
	planted := map[string]bool{"I-19": true, "I-28": true} // TestHolesBetweenTenantsAreNamed, TestAnAuditRowThatWasEditedOrTakenAwayIsNamed
	t.Run("planted", func(t *testing.T) {
		for _, p := range all {
			planted[p.id] = true
			t.Run(p.id+" "+p.what, func(t *testing.T) {
				t.Parallel()
				s := newScene(t, harness.Owner(t, url))
				s.exec("SET session_replication_role = replica")
				key := p.do(s)
				require.Equal(t, []string{key}, violated(t, st, s, p.id))
			})
		}
	})
	for _, inv := range store.Invariants() {
		require.True(t, planted[inv.ID], inv.ID)
	}
	report, err := st.Verify(t.Context(), clean.call())
	require.NoError(t, err)
	require.Zero(t, report.Violations(), "the other realms' violations are not this one's")
}

// violated gives the keys that an invariant names, each once.
func violated(t *testing.T, st *store.Store, s *scene, id string) []string {
	t.Helper()
	report, err := st.Verify(t.Context(), s.call(), id)
	require.NoError(t, err)
	require.Len(t, report.Findings, 1)
	var named []string
	for _, v := range report.Findings[0].Violations {
		require.NotEmpty(t, v.Detail)
		named = append(named, v.Key)
	}
	return slices.Compact(named)
}

// TestMissingGuardsAreNamed and the test after it change the schema, so each case has a database of its own.
func TestMissingGuardsAreNamed(t *testing.T) {
	t.Parallel()
	for sql, key := range map[string]string{
		"ALTER TABLE ratings DISABLE TRIGGER append_only":                 "ratings/append_only",
		"DROP TRIGGER balanced ON ledger_entries":                         "ledger_entries/balanced",
		"GRANT UPDATE ON ledger_entries TO durabill_app":                  "ledger_entries/durabill_app",
		"GRANT UPDATE (amount) ON invoice_lines TO durabill_app":          "invoice_lines/durabill_app",
		"ALTER TABLE meter_prices ENABLE REPLICA TRIGGER append_only_all": "meter_prices/append_only_all",
	} {
		require.Equal(t, []string{key}, afterDDL(t, "I-05", sql), sql)
	}
}

func TestHolesBetweenTenantsAreNamed(t *testing.T) {
	t.Parallel()
	for sql, key := range map[string]string{
		"ALTER TABLE ratings DISABLE ROW LEVEL SECURITY":                      "ratings",
		"ALTER TABLE ratings NO FORCE ROW LEVEL SECURITY":                     "ratings",
		"DROP POLICY tenant ON invoices":                                      "invoices",
		"CREATE POLICY wide ON invoices USING (true)":                         "invoices/wide",
		"ALTER TABLE leases OWNER TO durabill_app":                            "leases",
		"CREATE TABLE loose (id uuid); GRANT SELECT ON loose TO durabill_app": "loose",
		"ALTER TABLE meters ADD UNIQUE (id); ALTER TABLE features ADD CONSTRAINT crossing FOREIGN KEY (family_id) REFERENCES meters (id)": "features/crossing",
	} {
		require.Equal(t, []string{key}, afterDDL(t, "I-19", sql), sql)
	}
}

func afterDDL(t *testing.T, id, sql string) []string {
	t.Helper()
	url := harness.Database(t)
	s := newScene(t, harness.Owner(t, url))
	_, err := s.conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err, sql)
	return violated(t, harness.Open(t, url), s, id)
}
