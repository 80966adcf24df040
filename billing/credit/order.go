package credit

import (
	"cmp"
	"slices"
	"time"

	"github.com/durabill/durabill/fault"
)

// Rank is one question that is asked of two lots to say which pays first.
type Rank string

// The ranks there are. Promotional before paid is also what others call granted before purchased.
const (
	ByPriority        Rank = "priority"         // the lower number first
	ByExpiry          Rank = "expires_at"       // the earlier first, never last
	ByPromotional     Rank = "promotional"      // promotional before paid
	ByRestrictedFirst Rank = "restricted_first" // a lot that is limited to some usage before one that is not
	ByEffective       Rank = "effective_at"     // the earlier first
	ByGranted         Rank = "granted_at"       // the older first
	ByID              Rank = "id"
)

// Ranks lists them all.
func Ranks() []Rank {
	return []Rank{ByPriority, ByExpiry, ByPromotional, ByRestrictedFirst, ByEffective, ByGranted, ByID}
}

// Order is a burn order: each rank decides only where the ones before it tie. Ids are unique and always decide last, named or
// not, so every order is total.
type Order []Rank

// Standard is the burn order of policies.md.
func Standard() Order { return Order{ByPriority, ByExpiry, ByPromotional, ByGranted, ByID} }

// RestrictedFirst is Standard with the switch that spends limited lots before general ones of the same priority.
func RestrictedFirst() Order {
	return Order{ByPriority, ByRestrictedFirst, ByExpiry, ByPromotional, ByGranted, ByID}
}

// Validate refuses a rank that is unknown or asked twice.
func (o Order) Validate() error {
	var wrong []fault.Field
	for i, rank := range o {
		switch {
		case !slices.Contains(Ranks(), rank):
			wrong = append(wrong, fault.At(index("", i), "rank_unknown", "There is no such rank in a burn order.").Fields...)
		case slices.Contains(o[:i], rank):
			wrong = append(wrong, fault.At(index("", i), "duplicate", "A rank is asked once.").Fields...)
		}
	}
	return invalid(wrong)
}

// Sort returns the lots in the order in which they pay. It depends on nothing but the lots: not on the order they come in,
// which is left alone.
func (o Order) Sort(lots []Lot) []Lot {
	ordered := slices.Clone(lots)
	slices.SortStableFunc(ordered, func(a, b Lot) int { return o.compare(&a, &b) })
	return ordered
}

func (o Order) compare(a, b *Lot) int {
	for _, rank := range o {
		if c := rank.compare(a, b); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.ID, b.ID)
}

func (r Rank) compare(a, b *Lot) int {
	switch r {
	case ByPriority:
		return cmp.Compare(a.Priority, b.Priority)
	case ByExpiry:
		return compareExpiry(a.ExpiresAt, b.ExpiresAt)
	case ByPromotional:
		return trueFirst(a.Promotional, b.Promotional)
	case ByRestrictedFirst:
		return trueFirst(a.Scope.limits(), b.Scope.limits())
	case ByEffective:
		return a.EffectiveAt.Compare(b.EffectiveAt)
	case ByGranted:
		return a.GrantedAt.Compare(b.GrantedAt)
	default:
		return cmp.Compare(a.ID, b.ID)
	}
}

func compareExpiry(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return a.Compare(*b)
	}
}

func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
