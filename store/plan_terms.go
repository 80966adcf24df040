package store

import (
	"time"

	"github.com/durabill/durabill/billing/gate"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

const (
	termsVersion = 1
	maxGrace     = 72 * time.Hour
	maxGrants    = 20
)

// checkTerms refuses terms that could not be billed as they stand. It runs when a version is published: a draft may be unfinished.
func (t *tx) checkTerms(terms models.PlanTerms) error {
	var f fields
	f.below("/terms/cadence", terms.Cadence.Validate())
	checkFee(&f, terms.Fee)
	if len(terms.Grants) > maxGrants {
		f.at("/terms/grants", "out_of_range", "A plan has at most %d grant rules.", maxGrants)
	} else if err := t.checkGrants(&f, terms.Grants); err != nil {
		return err
	}
	switch terms.OverageMode {
	case gate.OverageInvoice, gate.OverageTopUp, gate.OverageBlock:
	default:
		f.at("/terms/overage_mode", "bad_format", "The overage mode must be one of: invoice, top_up, block.")
	}
	if terms.GraceSeconds < 0 || terms.Grace() > maxGrace {
		f.at("/terms/grace_seconds", "out_of_range", "The grace must be between 0 and 259200 seconds.")
	}
	switch terms.Collection {
	case models.CollectStripe, models.CollectManual, models.CollectExport, models.CollectNone:
	default:
		f.at("/terms/collection", "bad_format", "The collection must be one of: stripe, manual, export, none.")
	}
	return f.fault()
}

func checkFee(f *fields, fee *models.Fee) {
	if fee == nil {
		return
	}
	currency, known := money.Lookup(string(fee.Currency))
	if !known {
		f.at("/terms/fee/currency", "unknown_asset", "The currency of a fee must be an ISO 4217 code.")
	}
	if fee.Amount.IsNegative() {
		f.at("/terms/fee/amount", "out_of_range", "A fee must not be negative.")
	}
	if known && !fee.Amount.Equal(fee.Amount.Truncate(currency.Exponent)) {
		f.at("/terms/fee/amount", "bad_scale", "A fee in %s has at most %d decimals.", currency.Code, currency.Exponent)
	}
}

func (t *tx) checkGrants(f *fields, grants []models.GrantRule) error {
	seen := make(map[string]bool, len(grants))
	for i, g := range grants {
		at := pointer("/terms/grants", i)
		f.code(at+"/code", g.Code)
		if seen[g.Code] {
			f.at(at+"/code", "duplicate_key", "Another rule of this version has this code.")
		}
		seen[g.Code] = true
		if g.Expires != models.ExpiresPeriodEnd && g.Expires != models.ExpiresNever {
			f.at(at+"/expires", "bad_format", "It must be one of: period_end, never.")
		}
		scale, known, err := t.scaleOf(g.Asset)
		if err != nil {
			return err
		}
		if !known {
			f.at(at+"/asset", "unknown_asset", "It must be an ISO 4217 currency or the code of a credit type.")
			scale = money.LedgerScale
		}
		if !g.Amount.IsPositive() {
			f.at(at+"/amount", "out_of_range", "A grant must be greater than zero.")
		} else if !g.Amount.Equal(g.Amount.Truncate(scale)) {
			f.at(at+"/amount", "bad_scale", "This asset has at most %d decimals.", scale)
		}
	}
	return nil
}

// scaleOf gives how many decimals a grant of an asset may have: the credit type's own, else what the ledger keeps.
func (t *tx) scaleOf(asset money.Asset) (int32, bool, error) {
	if asset.IsCurrency() {
		return money.LedgerScale, true, nil
	}
	kind, known, err := first[models.CreditType](t.Where("code = ?", asset))
	return kind.Scale, known, err
}
