package store_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// asApp is a connection in the application's role with no realm: what a query sees that went around the store.
func asApp(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn := harness.Owner(t, url)
	_, err := conn.Exec(t.Context(), "SET ROLE durabill_app")
	require.NoError(t, err)
	return conn
}

func TestEveryTenantTableIsEmptyOutsideARealm(t *testing.T) {
	c := newCatalog(t)
	c.price("EUR", "1", day("2026-01-01T00:00:00Z"))
	c.publish(c.plan("p", starter()))
	app := asApp(t, c.url)

	rows, err := app.Query(c.ctx, `SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'goose_db_version'`)
	require.NoError(t, err)
	type table struct {
		Name  string
		Bound bool
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	for _, table := range tables {
		require.True(t, table.Bound, "%s must force row level security", table.Name)
		var n int
		require.NoError(t, app.QueryRow(c.ctx, "SELECT count(*) FROM "+pgx.Identifier{table.Name}.Sanitize()).Scan(&n))
		require.Zero(t, n, table.Name)
	}
}

func TestAWriteOutsideARealmOrForAnotherRealmFails(t *testing.T) {
	c := newCatalog(t)
	other := harness.Realm(t, c.st)
	app := asApp(t, c.url)
	_, err := app.Exec(c.ctx, `INSERT INTO meters (realm_id, id, code, name, unit, aggregation, effective_at, recorded_at)
		VALUES ($1, gen_random_uuid(), 'm', 'M', 'u', 'sum', now(), now())`, c.call.Realm)
	require.ErrorContains(t, err, "row-level security", "no realm at all")

	err = c.st.InRealm(c.ctx, other, `INSERT INTO meters (realm_id, id, code, name, unit, aggregation, effective_at, recorded_at)
		VALUES (?, gen_random_uuid(), 'm', 'M', 'u', 'sum', now(), now())`, c.call.Realm)
	require.ErrorContains(t, err, "row-level security", "another realm's row")

	require.NoError(t, c.st.InRealm(c.ctx, other, `UPDATE meters SET name = 'taken' WHERE id = ?`, c.meter.ID))
	kept, err := c.st.GetMeter(c.ctx, c.call, c.meter.ID)
	require.NoError(t, err)
	require.Equal(t, c.meter.Name, kept.Name, "an update reaches no row of another realm")
}

func TestTheStoreRefusesAQueryWithoutARealm(t *testing.T) {
	c := newCatalog(t)
	require.ErrorContains(t, c.st.OutsideRealm(c.ctx), "outside a realm")
	_, err := c.st.GetMeter(c.ctx, store.Call{}, c.meter.ID)
	require.ErrorContains(t, err, "outside a realm")
}

func TestTheRealmDoesNotStayBehindOnAPooledConnection(t *testing.T) {
	c := newCatalog(t)
	app := asApp(t, c.url)
	tx, err := app.Begin(c.ctx)
	require.NoError(t, err)
	_, err = tx.Exec(c.ctx, "SELECT set_config('app.realm_id', $1, true)", c.call.Realm.String())
	require.NoError(t, err)
	var n int
	require.NoError(t, tx.QueryRow(c.ctx, "SELECT count(*) FROM meters").Scan(&n))
	require.Equal(t, 1, n)
	require.NoError(t, tx.Commit(c.ctx))
	require.NoError(t, app.QueryRow(c.ctx, "SELECT count(*) FROM meters").Scan(&n))
	require.Zero(t, n)
}

func TestOneRealmSeesNothingOfAnother(t *testing.T) {
	c := newCatalog(t)
	plan := c.publish(c.plan("p", starter()))
	other := harness.Realm(t, c.st)
	page := store.Page{Limit: 10}

	for name, read := range map[string]func() (int, error){
		"meters":   func() (int, error) { rows, _, err := c.st.ListMeters(c.ctx, other, page, ""); return len(rows), err },
		"features": func() (int, error) { rows, _, err := c.st.ListFeatures(c.ctx, other, page, ""); return len(rows), err },
		"plans": func() (int, error) {
			rows, _, err := c.st.ListPlans(c.ctx, other, page, store.PlanFilter{})
			return len(rows), err
		},
		"credits": func() (int, error) {
			rows, _, err := c.st.ListCreditTypes(c.ctx, other, page, "")
			return len(rows), err
		},
		"models": func() (int, error) {
			rows, _, err := c.st.ListPricingModels(c.ctx, other, page, "")
			return len(rows), err
		},
		"keys": func() (int, error) { rows, _, err := c.st.ListServiceKeys(c.ctx, other, page); return len(rows), err },
		"audit log": func() (int, error) {
			rows, _, err := c.st.ListAudit(c.ctx, other, page, store.AuditFilter{ObjectType: "plan"})
			return len(rows), err
		},
	} {
		n, err := read()
		require.NoError(t, err, name)
		require.Zero(t, n, name)
	}
	for name, touch := range map[string]func() error{
		"read a meter": func() error { _, err := c.st.GetMeter(c.ctx, other, c.meter.ID); return err },
		"read a plan":  func() error { _, err := c.st.GetPlan(c.ctx, other, plan.ID); return err },
		"price a meter": func() error {
			_, err := c.st.CreateMeterPrice(c.ctx, other, store.NewMeterPrice{MeterID: c.meter.ID, Asset: "EUR", Terms: perUnit("1")})
			return err
		},
		"deprecate a plan": func() error {
			_, err := c.st.DeprecatePlanVersion(c.ctx, other, store.PlanRef{PlanID: plan.ID})
			return err
		},
	} {
		require.True(t, fault.Is(touch(), "not_found"), "%s: %v", name, touch())
	}
	_, err := c.st.CreateMeter(c.ctx, other, store.NewMeter{Code: c.meter.Code, Name: "Same code", Unit: "u", Aggregation: "sum"})
	require.NoError(t, err, "a code is taken only in its own realm")
}

func TestARealmIsFoundByCodeAndByIDFromOutside(t *testing.T) {
	c := newCatalog(t)
	realm, err := c.st.GetRealm(c.ctx, c.call)
	require.NoError(t, err)
	for _, name := range []string{realm.Code, keys.Encode(keys.Realm, realm.ID)} {
		found, err := c.st.FindRealm(c.ctx, name)
		require.NoError(t, err)
		require.Equal(t, realm, found)
	}
	for _, name := range []string{"nobody", keys.Encode(keys.Realm, models.NewID()), ""} {
		_, err := c.st.FindRealm(c.ctx, name)
		require.True(t, fault.Is(err, "not_found"), "%q: %v", name, err)
	}
	_, err = c.st.CreateRealm(c.ctx, store.Call{}, store.NewRealm{Code: realm.Code, Name: "Again", Mode: models.Live})
	require.True(t, fault.Is(err, "already_exists"), "%v", err)
}

func TestEveryManagementWriteLeavesAnAuditRow(t *testing.T) {
	c := newCatalog(t)
	count := func() int {
		rows, more, err := c.st.ListAudit(c.ctx, c.call, store.Page{Limit: 200}, store.AuditFilter{})
		require.NoError(t, err)
		require.False(t, more)
		return len(rows)
	}
	plan := c.plan("p", starter())
	free := c.publish(c.plan("free", free()))
	key, err := c.st.CreateServiceKey(c.ctx, c.call, store.NewServiceKey{Name: "k0", Scopes: []string{"catalog:read"}})
	require.NoError(t, err)
	for _, write := range []struct {
		name string
		run  func() error
	}{
		{"family", func() error {
			_, err := c.st.CreateFeatureFamily(c.ctx, c.call, store.NewFeatureFamily{Code: "fam", Name: "F"})
			return err
		}},
		{"meter", func() error {
			_, err := c.st.CreateMeter(c.ctx, c.call, store.NewMeter{Code: "m2", Name: "M", Unit: "u", Aggregation: "sum"})
			return err
		}},
		{"feature", func() error {
			_, err := c.st.CreateFeature(c.ctx, c.call, store.NewFeature{Code: "f2", Name: "F", Kind: models.Toggle})
			return err
		}},
		{"feature change", func() error {
			_, err := c.st.UpdateFeature(c.ctx, c.call, c.feature.ID, store.FeatureChange{Name: ptr("New")})
			return err
		}},
		{"price", func() error {
			_, err := c.st.CreateMeterPrice(c.ctx, c.call, store.NewMeterPrice{MeterID: c.meter.ID, Asset: "EUR", Terms: perUnit("1")})
			return err
		}},
		{"credit type", func() error {
			_, err := c.st.CreateCreditType(c.ctx, c.call, store.NewCreditType{Code: "XUSD", Name: "X"})
			return err
		}},
		{"credit value", func() error {
			_, err := c.st.CreateCreditValue(c.ctx, c.call, store.NewCreditValue{CreditTypeID: c.credit.ID, Currency: "EUR", Value: dec("1")})
			return err
		}},
		{"pricing model", func() error {
			_, err := c.st.CreatePricingModel(c.ctx, c.call, store.NewPricingModel{Code: "m", Name: "M"})
			return err
		}},
		{"free plan", func() error {
			_, err := c.st.SetFreePlan(c.ctx, c.call, store.FreePlan{PricingModelID: c.model.ID, PlanID: free.ID})
			return err
		}},
		{"plan draft", func() (err error) {
			plan, err = c.st.UpdateDraft(c.ctx, c.call, store.DraftChange{PlanRef: latest(plan), Rank: ptr(2)})
			return err
		}},
		{"publish", func() (err error) { plan, err = c.st.PublishPlanVersion(c.ctx, c.call, latest(plan)); return err }},
		{"new version", func() (err error) {
			plan, err = c.st.AddPlanVersion(c.ctx, c.call, store.PlanRef{PlanID: plan.ID})
			return err
		}},
		{"delete draft", func() (err error) { plan, err = c.st.DeletePlanDraft(c.ctx, c.call, latest(plan)); return err }},
		{"deprecate", func() error { _, err := c.st.DeprecatePlanVersion(c.ctx, c.call, latest(plan)); return err }},
		{"revoke", func() error { _, err := c.st.RevokeServiceKey(c.ctx, c.call, key.ID); return err }},
	} {
		before := count()
		require.NoError(t, write.run(), write.name)
		require.Greater(t, count(), before, write.name)
	}
}

func TestAnAuditRowSaysWhoDidWhatToWhatAndHoldsNoSecret(t *testing.T) {
	c := newCatalog(t)
	key, err := c.st.CreateServiceKey(c.ctx, c.call, store.NewServiceKey{Name: "backend", Scopes: []string{"catalog:read"}})
	require.NoError(t, err)
	rows, _, err := c.st.ListAudit(c.ctx, c.call, store.Page{Limit: 10}, store.AuditFilter{ObjectID: keys.Encode(keys.ServiceKey, key.ID)})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, "service_key.created", rows[0].Action)
	require.Equal(t, c.call.Actor, rows[0].Actor)
	require.Equal(t, c.call.RequestID, rows[0].RequestID)
	after, ok := rows[0].After.(map[string]any)
	require.True(t, ok)
	require.Equal(t, "backend", after["name"])
	require.NotContains(t, after, "secret_hash")
	require.Nil(t, rows[0].Before)
}

func TestARefusedWriteLeavesNothing(t *testing.T) {
	c := newCatalog(t)
	before, _, err := c.st.ListAudit(c.ctx, c.call, store.Page{Limit: 200}, store.AuditFilter{})
	require.NoError(t, err)
	_, err = c.st.CreateMeter(c.ctx, c.call, store.NewMeter{Code: c.meter.Code, Name: "M", Unit: "u", Aggregation: "sum"})
	require.True(t, fault.Is(err, "already_exists"), "%v", err)
	after, _, err := c.st.ListAudit(c.ctx, c.call, store.Page{Limit: 200}, store.AuditFilter{})
	require.NoError(t, err)
	require.Equal(t, before, after)
}
