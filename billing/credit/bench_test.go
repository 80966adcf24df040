package credit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/credit"
)

func manyLots(n int) []credit.Lot {
	lots := make([]credit.Lot, n)
	for i := range lots {
		lots[i] = credit.Lot{ID: fmt.Sprintf("lot-%d", i), Remaining: decimal.NewFromInt(10), Priority: i % 3, EffectiveAt: day(1), GrantedAt: day(i % 28)}
	}
	return lots
}

func BenchmarkBurn(b *testing.B) {
	for _, n := range []int{1, 1_000} {
		lots, need := manyLots(n), decimal.RequireFromString("12.5")
		b.Run(fmt.Sprintf("%d lots", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				credit.Burn(need, lots, day(30))
			}
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	for _, size := range []struct{ lots, uses int }{{1, 1}, {1, 1_000}, {1_000, 1_000}, {1, 1_000_000}, {1_000, 1_000_000}} {
		grants := make([]credit.Grant, size.lots)
		for i := range grants {
			grants[i] = credit.Grant{Name: fmt.Sprintf("g%d", i), Amount: decimal.NewFromInt(int64(max(1, size.uses/size.lots))), Priority: i % 3, EffectiveAt: day(1)}
		}
		steps := make([]credit.Step, size.uses)
		for i := range steps {
			steps[i] = credit.Step{At: day(2).Add(time.Duration(i) * time.Second), Op: credit.OpUse, Amount: ptr(decimal.New(11, -1))}
		}
		b.Run(fmt.Sprintf("%d lots, %d uses", size.lots, size.uses), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := credit.Replay(grants, steps, credit.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
