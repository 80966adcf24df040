package metering

import (
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
)

// peak is the state of max. The greatest of none is 0; the greatest of negative numbers is negative.
type peak struct {
	highest decimal.Decimal
	seen    bool
}

func newPeak(carried *decimal.Decimal) *peak {
	p := new(peak)
	if carried != nil {
		p.see(*carried)
	}
	return p
}

func (p *peak) see(v decimal.Decimal) {
	if !p.seen || v.GreaterThan(p.highest) {
		p.highest, p.seen = v, true
	}
}

func (p *peak) Add(s Sample) { p.see(s.Number) }

func (p *peak) Merge(other State) {
	if o := other.(*peak); o.seen {
		p.see(o.highest)
	}
}

func (p *peak) Value() Number                  { return NumberOf(p.highest) }
func (p *peak) carry() *Number                 { return carriedIf(p.seen, p.Value()) }
func (p *peak) next(calendar.Interval) folding { return new(peak) }
