package rating

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/credit"
	"github.com/durabill/durabill/fault"
)

// Reverse takes a rating back as a whole: its mirror, whose sum with it is nothing. What lots paid goes back to them, last drawn first.
func Reverse(r Result) Result {
	return Result{Amount: r.Amount.Neg(), Covered: r.Covered.Neg(), Overage: r.Overage.Neg(), OverageFiat: r.OverageFiat.Neg(), Kind: Reversal,
		Units: r.Units.Neg(), Returned: backwards(r.Draws), UnitReturned: backwards(r.UnitDraws),
		Draws: backwards(r.Returned), UnitDraws: backwards(r.UnitReturned)}
}

func backwards(draws []credit.Draw) []credit.Draw {
	out := slices.Clone(draws)
	slices.Reverse(out)
	return out
}

// Correct makes a rated usage of quantity smaller by a part. In is the usage's, but for Before, which is the period's priced quantity as
// it stands now: the period must cost P(total − part) afterwards. What was priced goes back before what unit lots paid, overage before
// lots. A part that cost the period more than this rating took is refused: then the ratings after it have to be corrected too.
func Correct(in Input, r Result, part decimal.Decimal) (Result, error) {
	if part.IsNegative() || part.GreaterThan(in.Quantity) {
		return Result{}, fault.New(fault.Invalid, CodeOutOfRange, "A correction lies between nothing and the usage.")
	}
	priced := decimal.Min(part, in.Quantity.Sub(r.Units))
	if priced.GreaterThan(in.Before) {
		return Result{}, fault.New(fault.Invalid, CodeOutOfRange, "The period has less usage than is corrected.")
	}
	amount, err := in.Price.Delta(in.Before.Sub(priced), priced)
	if err != nil {
		return Result{}, err
	}
	out := Result{Amount: amount.Neg(), Kind: Adjustment, Units: priced.Sub(part)}
	out.UnitReturned, _, _ = credit.Return(r.UnitDraws, part.Sub(priced))
	if r.Kind == Waived {
		return out, nil
	}
	return in.giveBack(out, r.Draws, r.Overage)
}

// giveBack lets a negative amount lower overage first, then return to the lots that paid, last first.
func (in Input) giveBack(out Result, paid []credit.Draw, over decimal.Decimal) (Result, error) {
	back := out.Amount.Neg()
	owed := decimal.Min(back, decimal.Max(over, decimal.Zero))
	returned, _, rest := credit.Return(paid, back.Sub(owed))
	if rest.IsPositive() {
		return Result{}, fault.New(fault.Invalid, CodeOutOfRange, "More would be given back than was taken.")
	}
	fiat, err := in.fiat(owed)
	if err != nil {
		return Result{}, err
	}
	out.Overage, out.OverageFiat = owed.Neg(), fiat.Neg()
	out.Covered, out.Returned = owed.Sub(back), returned
	return out, nil
}
