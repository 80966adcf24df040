package pricing

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// Request asks what usage costs. Exactly one of Quantity, Transactions, Buckets, Combinations and Events is given, and one
// that the model can price:
//
//	Quantity      any cumulative model
//	Transactions  percentage and dynamic, each for itself; any cumulative model, each as the difference it makes
//	Buckets       any cumulative model, applied to each bucket anew: tiers and packages restart
//	Combinations  matrix
//	Events        graduated, prorated
type Request struct {
	Asset        money.Asset
	Price        Price
	Quantity     *decimal.Decimal
	Transactions []decimal.Decimal
	Buckets      []decimal.Decimal
	Combinations []Combination
	Events       []Event
	Conversion   *Conversion
	Billed       Billed
	Terms        Terms
	// Interim says that more of the period is to come, so that nothing is made up to a minimum or commitment yet.
	Interim bool
}

// Billed is what of the same period was priced earlier. Without Quantity this usage opens the period, and pays what a price
// asks at zero. Without Amount it is what Quantity comes to under the same price and terms. Of a percentage, Quantity is
// the sum of the transactions and Events their number.
type Billed struct {
	Quantity *decimal.Decimal
	Events   *int64
	Amount   *decimal.Decimal
}

const (
	inQuantity     = "quantity"
	inTransactions = "transactions"
	inBuckets      = "buckets"
	inCombinations = "combinations"
	inEvents       = "events"
)

// takes lists in which forms the model's usage may come.
func (m Model) takes() []string {
	switch {
	case m == ModelGraduated:
		return []string{inQuantity, inTransactions, inBuckets, inEvents}
	case m.Cumulative():
		return []string{inQuantity, inTransactions, inBuckets}
	case m == ModelMatrix:
		return []string{inCombinations}
	default:
		return []string{inTransactions}
	}
}

// forms lists the forms in which usage is given. A list may be given and empty: then there was none.
func (r Request) forms() []string {
	var out []string
	for _, form := range []struct {
		name  string
		given bool
	}{
		{inQuantity, r.Quantity != nil}, {inTransactions, r.Transactions != nil}, {inBuckets, r.Buckets != nil},
		{inCombinations, r.Combinations != nil}, {inEvents, r.Events != nil},
	} {
		if form.given {
			out = append(out, form.name)
		}
	}
	return out
}

// Validate reports every wrong field at once, with pointers relative to the request.
func (r Request) Validate() error {
	var f problems
	f.below("/price", r.Price.Validate())
	priced := len(f) == 0
	f.asset("/currency", r.Asset)
	r.validateUsage(&f, priced)
	if r.Conversion != nil {
		r.Conversion.validate(&f)
	}
	r.Terms.validate(&f)
	if priced {
		r.validateBilled(&f)
		r.validateFit(&f)
	}
	return f.fault()
}

func (r Request) validateUsage(f *problems, priced bool) {
	forms := r.forms()
	switch {
	case len(forms) == 0:
		f.at("", "required", "Say the usage: quantity, transactions, buckets, combinations or events.")
	case len(forms) > 1:
		for _, extra := range forms[1:] {
			f.at("/"+extra, "field_not_allowed", "Usage is given in exactly one form.")
		}
	case priced && !slices.Contains(r.Price.Model.takes(), forms[0]):
		f.at("/"+forms[0], "field_not_allowed", fmt.Sprintf("A %s price is not a price of %s.", r.Price.Model, forms[0]))
	}
	f.optional("/quantity", r.Quantity)
	f.list("/transactions", r.Transactions, r.Price.Model == ModelDynamic)
	f.list("/buckets", r.Buckets, false)
	if len(r.Combinations) > MaxItems || len(r.Events) > MaxItems {
		f.at("", "out_of_range", fmt.Sprintf("A list of usage may have at most %d entries.", MaxItems))
		return
	}
	for i, c := range r.Combinations {
		at := fmt.Sprintf("/combinations/%d", i)
		f.number(at+"/quantity", c.Quantity)
		f.number(at+"/already_billed_quantity", c.Before)
		if priced && r.Price.Model == ModelMatrix {
			f.combination(at+"/values", r.Price.Dimensions, c.Values)
		}
	}
	for i, e := range r.Events {
		f.event(fmt.Sprintf("/events/%d", i), e)
	}
}

// asset refuses what looks like a currency and is none: a mistyped currency must not be taken for a credit type.
func (f *problems) asset(pointer string, a money.Asset) {
	if len(a) <= 3 && !a.IsCurrency() {
		f.at(pointer, "currency_unknown", "There is no such currency; the code of a credit type is longer.")
	}
}

func (f *problems) list(pointer string, list []decimal.Decimal, signed bool) {
	if len(list) > MaxItems {
		f.length(pointer, len(list), MaxItems)
		return
	}
	for i, v := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if signed {
			f.size(at, v)
		} else {
			f.number(at, v)
		}
	}
}

func (f *problems) event(at string, e Event) {
	if !f.size(at+"/units", e.Units) || !f.size(at+"/prorated_units", e.Prorated) {
		return
	}
	if e.Prorated.Sign() != 0 && e.Prorated.Sign() != e.Units.Sign() || e.Prorated.Abs().GreaterThan(e.Units.Abs()) {
		f.at(at+"/prorated_units", "out_of_range", "The prorated units are a share of the units, and have their sign.")
	}
}

func (r Request) validateBilled(f *problems) {
	b, model := r.Billed, r.Price.Model
	f.optional("/already_billed/quantity", b.Quantity)
	if b.Amount != nil {
		f.size("/already_billed/amount", *b.Amount)
	}
	counts := model.Cumulative() && r.Buckets == nil && r.Events == nil
	if b.Quantity != nil && !counts && model != ModelPercentage {
		f.at("/already_billed/quantity", "field_not_allowed", "Nothing that was priced before changes what this usage costs.")
	}
	switch {
	case b.Events != nil && model != ModelPercentage:
		f.at("/already_billed/events", "field_not_allowed", "Only a percentage price counts events.")
	case b.Events != nil && *b.Events < 0:
		f.at("/already_billed/events", "out_of_range", "The value must not be negative.")
	}
	if model == ModelPercentage && b.Quantity != nil && b.Amount == nil && !r.Terms.none() {
		f.at("/already_billed/amount", "required", "What a percentage came to does not follow from its total.")
	}
}

// validateFit refuses what is well formed but would be ignored.
func (r Request) validateFit(f *problems) {
	if r.Conversion != nil && (!r.Price.Model.Cumulative() || r.Events != nil) {
		f.at("/conversion", "field_not_allowed", "Only the quantity of a cumulative model is converted.")
	}
	if r.Terms.Share != nil && r.Terms.none() {
		f.at("/period_share", "field_not_allowed", "Only a minimum, a maximum or a commitment is prorated here.")
	}
	if r.Price.MinorUnits && !r.Asset.IsCurrency() {
		f.at("/price/minor_units", "field_not_allowed", "Only a currency has minor units.")
	}
}

// below takes the fields of an object that stands at a pointer.
func (f *problems) below(pointer string, err error) {
	for _, field := range fieldsOf(err) {
		f.at(pointer+field.Pointer, field.Code, field.Detail)
	}
}
