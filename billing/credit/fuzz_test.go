package credit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/calendar"
	"github.com/durabill/durabill/billing/credit"
)

// FuzzReplay reads grants and steps from bytes: nothing makes a replay panic, and what it accepts is accounted for.
func FuzzReplay(f *testing.F) {
	f.Add([]byte{2, 10, 1, 0, 20, 5, 3, 2, 25, 3, 0, 2, 7, 0, 1, 4, 3, 0})
	f.Add([]byte("grants and steps, in no order at all"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			return
		}
		grants, steps, o := read(data)
		r, err := credit.Replay(grants, steps, o)
		if err == nil {
			conserved(t, r)
		}
	})
}

type bytesOf struct{ left []byte }

func (b *bytesOf) next(n int) int {
	if len(b.left) == 0 {
		return 0
	}
	v := int(b.left[0])
	b.left = b.left[1:]
	return v % n
}

func (b *bytesOf) name() string { return string(rune('a' + b.next(6))) }

func (b *bytesOf) amount() decimal.Decimal {
	return decimal.New(int64(b.next(256)-8), -int32(b.next(4)))
}

func (b *bytesOf) instant() *time.Time {
	if n := b.next(40); n > 0 {
		return ptr(day(n))
	}
	return nil
}

func (b *bytesOf) grant() credit.Grant {
	g := credit.Grant{Name: b.name(), Amount: b.amount(), Priority: b.next(3), EffectiveAt: day(b.next(30)), ExpiresAt: b.instant()}
	switch b.next(6) {
	case 1:
		g.Rollover = &credit.Rollover{Max: ptr(b.amount())}
	case 2:
		g.Opening = ptr(b.amount())
	case 3:
		g.ExpiresAfter = &calendar.Cadence{Unit: calendar.Month, Count: b.next(3)}
	case 4, 5:
		g.Recurrence = &credit.Recurrence{Mode: []credit.Mode{credit.Refill, credit.NewLot, ""}[b.next(3)],
			Anchor: calendar.Anchor{At: day(b.next(30)), Zone: "Europe/Berlin", Cadence: calendar.Cadence{Unit: calendar.Day, Count: b.next(9)}}}
	}
	return g
}

func read(data []byte) ([]credit.Grant, []credit.Step, credit.Options) {
	b := &bytesOf{data}
	o := credit.Options{Overage: []credit.Overage{credit.Keep, credit.Carry, credit.Refuse}[b.next(3)], History: true, MaxMovements: 5_000}
	if b.next(2) == 1 {
		o.Until = ptr(day(50))
	}
	grants := make([]credit.Grant, b.next(6))
	for i := range grants {
		grants[i] = b.grant()
	}
	var steps []credit.Step
	for i := 0; len(b.left) > 0; i++ {
		s := credit.Step{Name: fmt.Sprint(i), At: day(b.next(40)), Op: credit.Ops()[b.next(len(credit.Ops()))]}
		switch s.Op {
		case credit.OpUse, credit.OpHold, credit.OpTopUp:
			s.Amount = ptr(b.amount())
		case credit.OpCorrect:
			s.Ref, s.Amount = fmt.Sprint(b.next(len(steps)+1)), ptr(b.amount())
		case credit.OpRelease:
			s.Ref = fmt.Sprint(b.next(len(steps) + 1))
		case credit.OpGrant:
			s.Grant = ptr(b.grant())
			s.Grant.Name += fmt.Sprint(i)
		case credit.OpVoid:
			if s.Lot = b.name(); b.next(2) == 1 {
				s.Amount = ptr(b.amount())
			}
		case credit.OpRefund:
			s.Lot, s.Amount = b.name(), ptr(b.amount())
		case credit.OpExpire, credit.OpCancel:
			s.Lot = b.name()
		case credit.OpReset:
			s.PreserveOverage, s.ExpiresAt = b.next(2) == 1, b.instant()
		}
		steps = append(steps, s)
	}
	return grants, steps, o
}
