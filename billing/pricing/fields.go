package pricing

import "slices"

// modelFields lists what each model has besides version and model; a field whose name ends in ! must be given.
var modelFields = []struct {
	model  Model
	fields []string
}{
	{ModelFlat, []string{"amount!", "flat_fee_at_zero"}},
	{ModelPerUnit, []string{"amount!", "per_units", "free_units"}},
	{ModelPackage, []string{"amount!", "per_units", "free_units", "round"}},
	{ModelGraduated, []string{"tiers!", "flat_fee_at_zero"}},
	{ModelVolume, []string{"tiers!", "flat_fee_at_zero"}},
	{ModelGraduatedPercentage, []string{"tiers!", "flat_fee_at_zero"}},
	{ModelTieredBlocks, []string{"blocks!", "policy"}},
	{ModelPercentage, []string{"rate_percent!", "fixed_amount", "free_events", "free_amount", "transaction_minimum", "transaction_maximum"}},
	{ModelDynamic, []string{"multiplier", "minor_units"}},
	{ModelMatrix, []string{"dimensions!", "cells", "default"}},
}

// Models lists the models, as they are written.
func Models() []Model {
	out := make([]Model, 0, len(modelFields))
	for _, m := range modelFields {
		out = append(out, m.model)
	}
	return out
}

func (m Model) fields() []string {
	for _, f := range modelFields {
		if f.model == m {
			return f.fields
		}
	}
	return nil
}

// Has tells whether prices of the model have the field of this JSON name.
func (m Model) Has(field string) bool {
	return slices.Contains(m.fields(), field) || m.Requires(field)
}

// Requires tells whether a price of the model must say the field.
func (m Model) Requires(field string) bool { return slices.Contains(m.fields(), field+"!") }

// given tells for every field that only some models have whether it is set, in the order in which they are reported.
func (p Price) given() []struct {
	name string
	set  bool
} {
	return []struct {
		name string
		set  bool
	}{
		{"amount", !p.Amount.IsZero()}, {"per_units", !p.PerUnits.IsZero()}, {"free_units", !p.FreeUnits.IsZero()}, {"round", p.Round != ""},
		{"tiers", len(p.Tiers) > 0}, {"flat_fee_at_zero", p.FlatFeeAtZero}, {"rate_percent", p.RatePercent != nil},
		{"fixed_amount", p.FixedAmount != nil}, {"free_events", p.FreeEvents != nil}, {"free_amount", p.FreeAmount != nil},
		{"transaction_minimum", p.TransactionMinimum != nil}, {"transaction_maximum", p.TransactionMaximum != nil},
		{"multiplier", p.Multiplier != nil}, {"minor_units", p.MinorUnits}, {"blocks", len(p.Blocks) > 0}, {"policy", p.Policy != ""},
		{"dimensions", len(p.Dimensions) > 0}, {"cells", len(p.Cells) > 0}, {"default", p.Default != nil},
	}
}
