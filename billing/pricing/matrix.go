package pricing

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// UnitPrice is an amount for so many units.
type UnitPrice struct {
	Amount   decimal.Decimal `json:"amount"`
	PerUnits decimal.Decimal `json:"per_units"`
}

// Cell is the price of one combination: a value for every dimension.
type Cell struct {
	Values map[string]string `json:"values"`
	UnitPrice
}

// Combination is usage of one combination. Before is what of it was priced earlier in the period.
type Combination struct {
	Values   map[string]string
	Quantity decimal.Decimal
	Before   decimal.Decimal
}

// key writes the values in the order of the dimensions, each with its length, so that no two combinations share a key.
func (p Price) key(values map[string]string) string {
	var b strings.Builder
	for _, dimension := range p.Dimensions {
		v := values[dimension]
		b.WriteString(strconv.Itoa(len(v)) + ":" + v)
	}
	return b.String()
}

// table is a matrix made ready to look combinations up.
type table struct {
	price Price
	cells map[string]int
	used  map[string]decimal.Decimal
}

func (p Price) table() table {
	t := table{price: p, cells: make(map[string]int, len(p.Cells)), used: map[string]decimal.Decimal{}}
	for i, c := range p.Cells {
		t.cells[p.key(c.Values)] = i
	}
	return t
}

// line prices a combination from where the last of the same combination ended; ok is false if nothing prices it. Its Tier is
// the number of the cell, 0 for the default.
func (t table) line(c Combination) (line Line, ok bool) {
	key := t.price.key(c.Values)
	unit := t.price.Default
	number := 0
	if i, found := t.cells[key]; found {
		unit, number = &t.price.Cells[i].UnitPrice, i+1
	}
	if unit == nil {
		return Line{}, false
	}
	before := c.Before.Add(t.used[key])
	t.used[key] = t.used[key].Add(c.Quantity)
	amount := perUnit(unit.Amount, before.Add(c.Quantity), unit.PerUnits).Sub(perUnit(unit.Amount, before, unit.PerUnits))
	return Line{Kind: LineUnits, Tier: number, Quantity: c.Quantity, UnitPart: amount, Amount: amount}, true
}
