package pricing

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/fault"
)

// Event is a change of a quantity that is held over time: Units more, or fewer if negative, of which Prorated is the share
// for the rest of the period.
type Event struct {
	Units    decimal.Decimal
	Prorated decimal.Decimal
}

// prorated charges events by tiers whose position follows the running full units: an event's prorated share is spread over
// the tiers that its full units cover, and units taken away come off the top. A flat fee is not prorated: it is paid in full
// when its tier is first entered, and kept when the quantity falls again.
func (p Price) prorated(events []Event) ([][]Line, error) {
	out := make([][]Line, 0, len(events))
	position, entered := decimal.Zero, 0
	for i, e := range events {
		next := position.Add(e.Units)
		if next.IsNegative() {
			return nil, fault.At(fmt.Sprintf("/events/%d/units", i), "quantity_negative", "More units are taken away than there are.")
		}
		lines := p.share(e, decimal.Min(position, next), decimal.Max(position, next))
		for n := range lines {
			if lines[n].Tier > entered && e.Units.IsPositive() {
				entered = lines[n].Tier
				lines[n].FlatPart = p.Tiers[entered-1].FlatAmount
				lines[n].Amount = lines[n].UnitPart.Add(lines[n].FlatPart)
			}
		}
		out = append(out, lines)
		position = next
	}
	return out, nil
}

// share spreads the event over the tiers between two positions.
func (p Price) share(e Event, low, high decimal.Decimal) []Line {
	var lines []Line
	lower := decimal.Zero
	for i, t := range p.Tiers {
		upper := high
		if t.UpTo != nil {
			upper = decimal.Min(high, *t.UpTo)
		}
		if units := upper.Sub(decimal.Max(low, lower)); units.IsPositive() {
			line := Line{Kind: LineTier, Tier: i + 1, Quantity: e.Prorated.Mul(units).DivRound(e.Units.Abs(), QuotientScale)}
			line.UnitPart = t.Amount.Mul(e.Prorated).Mul(units).DivRound(t.PerUnits.Mul(e.Units.Abs()), QuotientScale)
			line.Amount = line.UnitPart
			lines = append(lines, line)
		}
		lower = upper
	}
	return lines
}
