// Package pricing says how much usage costs.
//
// # What it owns
//
// A Price is a value: the same Go type in the pure functions here, in the jsonb column of the price row (which is why it
// carries a version) and in requests. Each model lives in a file of its own. Request and Compute put around a price what a
// period adds to it: conversion of the quantity, what was billed before, minimum, maximum and commitment. Every amount comes
// with the lines it is the sum of, tier by tier.
//
// # Cumulative models
//
// flat, per_unit, package, graduated, volume, graduated_percentage and tiered_blocks are a function P from the quantity of
// a whole period to an amount. What a single rating costs is a difference, P(before + q) − P(before), so that the ratings of
// a period add up to P of the period's total whatever way the usage was cut into events: packages fill up across events,
// free units are given once, tiers continue. P(0) is 0, and P never falls when the quantity grows, with two exceptions that
// the models mean: volume, and blocks under top_tier, fall where the whole quantity enters a cheaper tier (the difference is
// then negative), and flat_fee_at_zero makes P(0) the flat fee of the first tier. That fee belongs to the period and not to
// a rating: Of has it, a difference never does.
//
// # The others
//
// percentage is clamped and discounted transaction by transaction; dynamic takes each event's own price. They have no P: a
// list of transactions telescopes because each is priced from the count and sum of those before it, so a list may be cut
// anywhere and its parts continued. matrix is one per-unit price for every combination of dimension values, cumulative within
// a combination.
//
// # Exactness
//
// Nothing is rounded to money here. A price is an amount per so many units and the unit price is never computed, so 1e-14
// per unit × 1e14 units is exactly 1. Only a quotient that needs more than QuotientScale decimals is rounded, there, and
// being a function of the cumulative quantity it telescopes all the same. Tier bounds are inclusive and continuous: 100.5
// units lie in the tier after 100.
//
// # What it refuses
//
// Prices that are not well formed, at every wrong field at once, with a pointer into the price object: tiers out of order
// or without an open end, negative amounts, fields that the model does not have. Negative quantities (a dynamic event may
// carry a negative price: it corrects another). A combination without a cell and without a default: price_missing, never
// zero. And the choice of which price applies: the caller resolved that from contract, plan and meter.
package pricing

// Model names the function from usage to amount.
type Model string

// The models there are.
const (
	ModelFlat                Model = "flat"
	ModelPerUnit             Model = "per_unit"
	ModelPackage             Model = "package"
	ModelGraduated           Model = "graduated"
	ModelVolume              Model = "volume"
	ModelGraduatedPercentage Model = "graduated_percentage"
	ModelTieredBlocks        Model = "tiered_blocks"
	ModelPercentage          Model = "percentage"
	ModelDynamic             Model = "dynamic"
	ModelMatrix              Model = "matrix"
)

// Cumulative tells whether the model is a function of a period's quantity.
func (m Model) Cumulative() bool {
	switch m {
	case ModelFlat, ModelPerUnit, ModelPackage, ModelGraduated, ModelVolume, ModelGraduatedPercentage, ModelTieredBlocks:
		return true
	default:
		return false
	}
}

// QuotientScale is how many decimals a quotient keeps; it is also the most a price's own numbers may have.
const QuotientScale = 20

// Version is the version of the Price object that this code writes.
const Version = 1

// The longest lists there may be, so that pricing the largest request stays well below a second.
const (
	MaxTiers      = 100
	MaxCells      = 1000
	MaxDimensions = 5
	MaxItems      = 1000 // transactions, buckets, combinations or events of one request
)
