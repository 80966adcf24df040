package api

// resources lists every resource of the API; a new file of endpoints adds its line here.
func resources(d Deps) []resource {
	b := newBase(d)
	return []resource{
		realms{b}, serviceKeys{b}, auditLog{b}, operations{b},
		pricingModels{b}, featureFamilies{b}, features{b}, meters{b}, meterPrices{b}, creditTypes{b}, plans{b},
		accounts{b}, balances{b}, assignments{b}, clocks{b}, invoices{b}, payments{b}, periods{b},
		ratings{b}, quarantine{b}, explain{b}, ledger{b}, settlements{b},
		authorize{b, d.LeaseSecret}, leases{b}, usage{b}, entitlements{b},
		computePrice{},
		aggregates{b},
		checkouts{b, d.OpenCheckout}, newWebhook(b, d.Metrics), stripeEvents{b},
		computeInvoice{}, computePeriods{}, computeProration{},
		computeCredits{},
	}
}
