package pricing

import "github.com/shopspring/decimal"

// LineKind says how a Line's amount came about.
type LineKind string

// The kinds there are.
const (
	LineFree     LineKind = "free"     // units given away
	LineUnits    LineKind = "units"    // units × amount ÷ per_units
	LinePackages LineKind = "packages" // packages begun × amount
)

// Line is one step of the computation, for a person who asks why. Lines of a Delta have amounts that sum to it and
// quantities that sum to its quantity.
type Line struct {
	Kind     LineKind        `json:"kind"`
	Quantity decimal.Decimal `json:"quantity"`
	Packages decimal.Decimal `json:"packages"` // begun by this quantity; zero unless Kind is packages
	Amount   decimal.Decimal `json:"amount"`
}

// Explain takes the same arguments as Delta and shows its parts. A part without quantity is left out.
func (p Price) Explain(before, quantity decimal.Decimal) ([]Line, error) {
	amount, err := p.Delta(before, quantity)
	if err != nil {
		return nil, err
	}
	after := before.Add(quantity)
	charged := p.chargeable(after).Sub(p.chargeable(before))
	var lines []Line
	if free := quantity.Sub(charged); free.IsPositive() {
		lines = append(lines, Line{Kind: LineFree, Quantity: free})
	}
	if !charged.IsPositive() {
		return lines, nil
	}
	line := Line{Kind: LineUnits, Quantity: charged, Amount: amount}
	if p.Model == ModelPackage {
		line.Kind = LinePackages
		line.Packages = p.packages(p.chargeable(after)).Sub(p.packages(p.chargeable(before)))
	}
	return append(lines, line), nil
}
