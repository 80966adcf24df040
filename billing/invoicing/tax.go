package invoicing

import (
	"fmt"
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
)

// TaxRounding says what is rounded once.
type TaxRounding string

// By default a tax is rounded once for all lines of one (category, rate); per line, once for each.
const (
	RoundPerRate TaxRounding = "per_rate"
	RoundPerLine TaxRounding = "per_line"
)

// Tax is a rate on a line. Rates of one line stack: each is taken of the net. A compound rate is taken of the net and the
// taxes listed before it. An inclusive rate is contained in the line's amount. Reason says why the rate is zero.
type Tax struct {
	Code      string
	Percent   decimal.Decimal
	Inclusive bool
	Compound  bool
	Reason    string
}

// TaxShare is one tax of one line: Base is what it was taken of.
type TaxShare struct {
	Tax
	Base   decimal.Decimal
	Amount decimal.Decimal
}

// TaxTotal is one tax of one category over all lines.
type TaxTotal struct {
	Category string
	Tax
	Taxable decimal.Decimal
	Amount  decimal.Decimal
}

// pool is a sum of which a tax is taken and rounded once: numerator ÷ denominator of it.
type pool struct {
	shares                 []*TaxShare
	numerator, denominator decimal.Decimal
}

// pools gathers the shares of one round of taxes by what they have in common, in the order of the lines.
type pools struct {
	perLine bool
	byKey   map[string]*pool
	order   []*pool
}

func newPools(rounding TaxRounding) *pools {
	return &pools{perLine: rounding == RoundPerLine, byKey: map[string]*pool{}}
}

func (p *pools) add(line int, key string, share *TaxShare, numerator, denominator decimal.Decimal) {
	if p.perLine {
		key = fmt.Sprint(line, " ", key)
	}
	one, known := p.byKey[key]
	if !known {
		one = &pool{numerator: numerator, denominator: denominator}
		p.byKey[key], p.order = one, append(p.order, one)
	}
	one.shares = append(one.shares, share)
}

// settle rounds each pool's tax and spreads it over its lines.
func (p *pools) settle(currency money.Asset) {
	for _, one := range p.order {
		one.settle(currency)
	}
}

// settle spreads by largest remainder. Lines of both signs cannot be weights of one sum, so each then takes its own exact
// tax as its claim.
func (p *pool) settle(currency money.Asset) {
	sum, signs := decimal.Zero, map[int]bool{}
	weights := make([]decimal.Decimal, len(p.shares))
	for i, s := range p.shares {
		sum, weights[i] = sum.Add(s.Base), s.Base.Abs()
		signs[s.Base.Sign()] = true
	}
	var parts []decimal.Decimal
	if signs[1] && signs[-1] {
		exact := make([]*big.Rat, len(p.shares))
		for i, s := range p.shares {
			exact[i] = new(big.Rat).Quo(s.Base.Mul(p.numerator).Rat(), p.denominator.Rat())
		}
		_, parts = money.RoundParts(exact, currency)
	} else {
		total := money.RoundQuotient(sum.Mul(p.numerator), p.denominator, currency)
		parts = money.Allocate(total, weights, money.Scale(currency))
	}
	for i, s := range p.shares {
		s.Amount = parts[i]
	}
}

// addTaxes takes the inclusive taxes out of the lines, then the others of the nets, and those that compound last, in the
// order in which a line lists them.
func (b *Bill) addTaxes(rounding TaxRounding) {
	b.takeOut(rounding)
	for i := range b.Lines {
		b.Lines[i].Net = b.Lines[i].left().Sub(b.Lines[i].taxed(true, len(b.Lines[i].Taxes)))
	}
	for depth, more := 0, true; more; depth++ {
		more = b.putOn(depth, rounding)
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		for n := range l.Taxes {
			if l.Taxes[n].Inclusive {
				l.Taxes[n].Base = l.Net
			}
			l.Tax = l.Tax.Add(l.Taxes[n].Amount)
		}
		l.Gross = l.Net.Add(l.Tax)
	}
	b.Taxes = b.taxTotals()
}

// taxed adds up a line's taxes before the n-th: those included in its amount, or all.
func (l *BillLine) taxed(includedOnly bool, n int) (sum decimal.Decimal) {
	for _, s := range l.Taxes[:n] {
		if s.Inclusive || !includedOnly {
			sum = sum.Add(s.Amount)
		}
	}
	return sum
}

// takeOut finds the taxes that the lines' amounts include. With effective rates e on the net, the amount is the net times
// 1 + Σe, so each tax is e ÷ (1 + Σe) of it. Only lines with the same inclusive rates are one sum.
func (b *Bill) takeOut(rounding TaxRounding) {
	p := newPools(rounding)
	for i := range b.Lines {
		l := &b.Lines[i]
		effective, key, sum := make([]decimal.Decimal, len(l.Taxes)), "", decimal.Zero
		for n, s := range l.Taxes {
			if !s.Inclusive {
				continue
			}
			effective[n] = s.Percent.Shift(-2)
			if s.Compound {
				effective[n] = effective[n].Mul(sum.Add(decimal.NewFromInt(1)))
			}
			sum, key = sum.Add(effective[n]), key+s.key(l.category)
		}
		for n := range l.Taxes {
			if s := &l.Taxes[n]; s.Inclusive {
				s.Base = l.left()
				p.add(i, fmt.Sprint(n, " ", key), s, effective[n], sum.Add(decimal.NewFromInt(1)))
			}
		}
	}
	p.settle(b.Currency)
}

// putOn adds the exclusive taxes that have so many compound ones before them, counting themselves; none more when it
// says so.
func (b *Bill) putOn(depth int, rounding TaxRounding) (more bool) {
	p := newPools(rounding)
	for i := range b.Lines {
		l, compounds := &b.Lines[i], 0
		for n := range l.Taxes {
			s, at := &l.Taxes[n], 0
			if s.Inclusive {
				continue
			}
			if s.Compound {
				compounds++
				at = compounds
			}
			more = more || at > depth
			if at != depth {
				continue
			}
			s.Base = l.Net
			if s.Compound {
				s.Base = l.Net.Add(l.taxed(false, n))
			}
			p.add(i, s.key(l.category), s, s.Percent.Shift(-2), decimal.NewFromInt(1))
		}
	}
	p.settle(b.Currency)
	return more
}

// key is what two rates must have in common to be one.
func (t Tax) key(category string) string {
	return fmt.Sprintf("%q %q %s %t %t %q", category, t.Code, t.Percent, t.Inclusive, t.Compound, t.Reason)
}

// taxTotals adds the lines' taxes up by category and rate, in the order in which the lines bring them.
func (b *Bill) taxTotals() []TaxTotal {
	var out []TaxTotal
	places := map[string]int{}
	for i := range b.Lines {
		for _, s := range b.Lines[i].Taxes {
			key := s.key(b.Lines[i].category)
			at, known := places[key]
			if !known {
				at = len(out)
				places[key], out = at, append(out, TaxTotal{Category: b.Lines[i].category, Tax: s.Tax})
			}
			out[at].Taxable, out[at].Amount = out[at].Taxable.Add(s.Base), out[at].Amount.Add(s.Amount)
		}
	}
	return out
}
