package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/billing/pricing"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

func TestThePriceInForceIsTheLatestThatHasBegun(t *testing.T) {
	c := newCatalog(t)
	first, second := day("2026-01-01T00:00:00Z"), day("2026-02-01T00:00:00Z")
	one := c.price("CREDIT", "1", first)
	two := c.price("CREDIT", "2", second)

	for name, at := range map[string]struct {
		at   time.Time
		want *uuid.UUID
	}{
		"before the first there is none":         {first.Add(-time.Microsecond), nil},
		"its first instant belongs to it":        {first, &one.ID},
		"the last instant before the next":       {second.Add(-time.Microsecond), &one.ID},
		"the next one's instant belongs to it":   {second, &two.ID},
		"the last one stays in force ever after": {second.AddDate(50, 0, 0), &two.ID},
	} {
		got, found, err := c.st.PriceAt(c.ctx, c.call, c.meter.ID, "EUR", at.at)
		require.NoError(t, err, name)
		require.Equal(t, at.want != nil, found, name)
		if found {
			require.Equal(t, *at.want, got.ID, name)
		}
	}
}

func TestAPriceInTheAccountsCurrencyBeatsCreditsAndOtherCurrenciesNeverCount(t *testing.T) {
	c := newCatalog(t)
	at := day("2026-01-01T00:00:00Z")
	euro := c.price("EUR", "3", at)
	credit := c.price("CREDIT", "1", at.AddDate(0, 1, 0)) // later, and still second to the account's own currency
	c.price("USD", "4", at.AddDate(0, 2, 0))
	now := at.AddDate(0, 3, 0)

	for currency, want := range map[money.Asset]uuid.UUID{"EUR": euro.ID, "GBP": credit.ID, "": credit.ID} {
		got, found, err := c.st.PriceAt(c.ctx, c.call, c.meter.ID, currency, now)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, got.ID, "account in %q", currency)
	}
	_, found, err := c.st.PriceAt(c.ctx, c.call, c.meter.ID, "GBP", at)
	require.NoError(t, err)
	require.False(t, found, "a price in EUR is no price for an account in GBP")
}

func TestAPriceComesBackExactlyAsItWasWritten(t *testing.T) {
	c := newCatalog(t)
	terms := pricing.Price{Version: 1, Model: pricing.ModelPackage, Amount: dec("0.00000000000000000001"), PerUnits: dec("100000000000000"), FreeUnits: dec("100.5")}
	at := day("2026-01-01T00:00:00Z")
	_, err := c.st.CreateMeterPrice(c.ctx, c.call, store.NewMeterPrice{MeterID: c.meter.ID, Asset: "EUR", Terms: terms, EffectiveAt: &at})
	require.NoError(t, err)
	got, _, err := c.st.PriceAt(c.ctx, c.call, c.meter.ID, "EUR", at)
	require.NoError(t, err)
	require.True(t, got.Terms.Amount.Equal(terms.Amount) && got.Terms.PerUnits.Equal(terms.PerUnits) && got.Terms.FreeUnits.Equal(terms.FreeUnits))
	require.Equal(t, pricing.ModelPackage, got.Terms.Model)
}

func TestTwoPricesOfOneAssetCannotBeginAtOneInstant(t *testing.T) {
	c := newCatalog(t)
	at := day("2026-01-01T00:00:00Z")
	c.price("EUR", "1", at)
	_, err := c.st.CreateMeterPrice(c.ctx, c.call, store.NewMeterPrice{MeterID: c.meter.ID, Asset: "EUR", Terms: perUnit("2"), EffectiveAt: &at})
	require.True(t, fault.Is(err, "already_exists"), "%v", err)
}

func TestAPriceCannotBeginBeforeUsageThatIsRated(t *testing.T) {
	c := newCatalog(t)
	rated := day("2026-02-01T00:00:00Z")
	price := c.price("EUR", "1", rated.AddDate(0, -1, 0))
	c.rate(price, rated)

	begin := func(at time.Time) error {
		_, err := c.st.CreateMeterPrice(c.ctx, c.call, store.NewMeterPrice{MeterID: c.meter.ID, Asset: "EUR", Terms: perUnit("9"), EffectiveAt: &at})
		return err
	}
	require.True(t, fault.Is(begin(rated.Add(-time.Second)), "state_conflict"))
	require.True(t, fault.Is(begin(rated), "state_conflict"), "the rating's own instant would be priced anew")
	require.NoError(t, begin(rated.Add(time.Microsecond)))
}

// rate plants a rating underneath the store: making one properly is not what is tested here.
func (c *catalog) rate(price models.MeterPrice, at time.Time) {
	c.t.Helper()
	conn := harness.Owner(c.t, c.url)
	account := models.NewID()
	_, err := conn.Exec(c.ctx, `SET session_replication_role = replica`)
	require.NoError(c.t, err)
	_, err = conn.Exec(c.ctx, `INSERT INTO ratings (realm_id, id, billing_account_id, period_start, meter_id, price_id, price_source, kind,
		source_kind, source_id, before, quantity, asset, amount, covered, overage, currency, overage_fiat, effective_at, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'meter', 'billed', 'usage', $2, 0, 1, $7, 1, 0, 1, 'EUR', 1, $4, $4)`,
		c.call.Realm, models.NewID(), account, at, price.MeterID, price.ID, string(price.Asset))
	require.NoError(c.t, err)
}

func TestACreditsValueIsDated(t *testing.T) {
	c := newCatalog(t)
	first, second := day("2026-01-01T00:00:00Z"), day("2026-02-01T00:00:00Z")
	for at, value := range map[time.Time]string{first: "1.00", second: "1.10"} {
		_, err := c.st.CreateCreditValue(c.ctx, c.call, store.NewCreditValue{CreditTypeID: c.credit.ID, Currency: "EUR", Value: dec(value), EffectiveAt: &at})
		require.NoError(t, err)
	}
	for at, want := range map[time.Time]string{first: "1.00", second.Add(-time.Microsecond): "1.00", second: "1.10"} {
		got, found, err := c.st.CreditValueAt(c.ctx, c.call, "CREDIT", "EUR", at)
		require.NoError(t, err)
		require.True(t, found)
		require.True(t, got.Value.Equal(dec(want)), "%s at %s", got.Value, at)
	}
	_, found, err := c.st.CreditValueAt(c.ctx, c.call, "CREDIT", "EUR", first.Add(-time.Microsecond))
	require.NoError(t, err)
	require.False(t, found)
	_, found, err = c.st.CreditValueAt(c.ctx, c.call, "CREDIT", "USD", second)
	require.NoError(t, err)
	require.False(t, found)
}

func TestTheTimelineCanBeReadAsOfAnInstant(t *testing.T) {
	c := newCatalog(t)
	at := day("2026-01-01T00:00:00Z")
	c.price("EUR", "1", at)
	want := c.price("EUR", "2", at.AddDate(0, 1, 0))
	c.price("EUR", "3", at.AddDate(0, 2, 0))

	all, more, err := c.st.ListMeterPrices(c.ctx, c.call, store.Page{Limit: 2}, store.MeterPriceFilter{MeterID: c.meter.ID})
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.True(t, more)
	rest, more, err := c.st.ListMeterPrices(c.ctx, c.call, store.Page{Limit: 2, After: &all[1].ID}, store.MeterPriceFilter{MeterID: c.meter.ID})
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.False(t, more)

	then, _, err := c.st.ListMeterPrices(c.ctx, c.call, store.Page{Limit: 10},
		store.MeterPriceFilter{MeterID: c.meter.ID, At: ptr(at.AddDate(0, 1, 15))})
	require.NoError(t, err)
	require.Len(t, then, 1)
	require.Equal(t, want.ID, then[0].ID)
}

func TestWrongCatalogInputNamesEveryWrongField(t *testing.T) {
	c := newCatalog(t)
	_, err := c.st.CreateMeterPrice(c.ctx, c.call, store.NewMeterPrice{MeterID: c.meter.ID, Asset: "NOPE",
		Terms: pricing.Price{Model: "guess", Amount: dec("1"), PerUnits: dec("1")}})
	requireFields(t, err, "/model", "/currency")
	_, err = c.st.CreateMeterPrice(c.ctx, c.call, store.NewMeterPrice{MeterID: c.meter.ID, Asset: "NOPE",
		Terms: pricing.Price{Model: pricing.ModelPackage, Amount: dec("-1")}})
	requireFields(t, err, "/amount", "/per_units", "/currency")

	_, err = c.st.CreateMeter(c.ctx, c.call, store.NewMeter{Code: "Bad Code", Aggregation: "mode"})
	requireFields(t, err, "/code", "/name", "/unit", "/aggregation")

	_, err = c.st.CreateFeature(c.ctx, c.call, store.NewFeature{Code: "f", Name: "F", Kind: models.Toggle,
		FamilyID: ptr(models.NewID()), MeterIDs: []uuid.UUID{c.meter.ID, models.NewID()}})
	requireWrong(t, err, "not_found", "/family_id", "/meter_ids/1")

	_, err = c.st.CreateCreditType(c.ctx, c.call, store.NewCreditType{Code: "EUR", Scale: 10})
	requireFields(t, err, "/code", "/name", "/scale")

	_, err = c.st.CreateCreditValue(c.ctx, c.call, store.NewCreditValue{CreditTypeID: c.credit.ID, Currency: "CREDIT", Value: dec("-1")})
	requireFields(t, err, "/currency", "/value")

	_, err = c.st.CreatePlan(c.ctx, c.call, store.NewPlan{Code: "p", Name: "P", Kind: "other", FeatureIDs: []uuid.UUID{models.NewID()}})
	requireFields(t, err, "/kind", "/pricing_model_id", "/feature_ids/0")
}

func requireFields(t *testing.T, err error, pointers ...string) {
	t.Helper()
	requireWrong(t, err, "validation_failed", pointers...)
}

func requireWrong(t *testing.T, err error, code string, pointers ...string) {
	t.Helper()
	require.Error(t, err)
	f := fault.Of(err)
	require.Equal(t, code, f.Code, "%v", err)
	got := make([]string, len(f.Fields))
	for i, field := range f.Fields {
		got[i] = field.Pointer
	}
	require.ElementsMatch(t, pointers, got)
}

func TestFeaturesGainMetersAndKeepThoseTheyHave(t *testing.T) {
	c := newCatalog(t)
	other, err := c.st.CreateMeter(c.ctx, c.call, store.NewMeter{Code: "pageviews", Name: "Pageviews", Unit: "view", Aggregation: "sum"})
	require.NoError(t, err)
	got, err := c.st.UpdateFeature(c.ctx, c.call, c.feature.ID, store.FeatureChange{Version: store.Versions{1}, Name: ptr("The API"),
		AddMeterIDs: []uuid.UUID{other.ID, c.meter.ID}})
	require.NoError(t, err)
	require.Equal(t, "The API", got.Name)
	require.ElementsMatch(t, []uuid.UUID{c.meter.ID, other.ID}, got.MeterIDs)

	_, err = c.st.UpdateFeature(c.ctx, c.call, c.feature.ID, store.FeatureChange{Version: store.Versions{1}, Name: ptr("late")})
	require.True(t, fault.Is(err, "version_conflict"), "%v", err)
}

func TestARealmHasOneDefaultPricingModel(t *testing.T) {
	c := newCatalog(t)
	require.True(t, c.model.IsDefault, "the first is the default without being asked")
	second, err := c.st.CreatePricingModel(c.ctx, c.call, store.NewPricingModel{Code: "other", Name: "Other"})
	require.NoError(t, err)
	require.False(t, second.IsDefault)
	third, err := c.st.CreatePricingModel(c.ctx, c.call, store.NewPricingModel{Code: "new", Name: "New", IsDefault: true})
	require.NoError(t, err)
	rows, _, err := c.st.ListPricingModels(c.ctx, c.call, store.Page{Limit: 10}, "")
	require.NoError(t, err)
	for _, row := range rows {
		require.Equal(t, row.ID == third.ID, row.IsDefault, row.Code)
	}
}
