package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/store"
)

// Turn is the next thing in an assignment's life.
type Turn = store.Turn

// TurnOver says that the assignment has ended.
const TurnOver = store.TurnOver

// AssignmentInput names an assignment.
type AssignmentInput struct {
	Realm      uuid.UUID
	Assignment uuid.UUID
}

// NextTurn reads what comes next for an assignment.
func (a *Activities) NextTurn(ctx context.Context, in AssignmentInput) (Turn, error) {
	turn, err := a.Store.NextTurn(ctx, a.call(ctx, in.Realm), in.Assignment)
	return turn, report(err)
}

// TakeTurnInput names an assignment and the turn that is due.
type TakeTurnInput struct {
	Realm      uuid.UUID
	Assignment uuid.UUID
	Turn       Turn
}

// TakeTurn starts the assignment, turns its period or ends it.
func (a *Activities) TakeTurn(ctx context.Context, in TakeTurnInput) error {
	return report(a.Store.TakeTurn(ctx, a.call(ctx, in.Realm), in.Assignment, in.Turn))
}

// Issuance is the next lot of a grant rule.
type Issuance = store.Issuance

// IssuanceInput names a grant rule of an assignment.
type IssuanceInput struct {
	Realm      uuid.UUID
	Assignment uuid.UUID
	Rule       string
}

// NextIssuance reads which lot comes next.
func (a *Activities) NextIssuance(ctx context.Context, in IssuanceInput) (Issuance, error) {
	next, err := a.Store.NextIssuance(ctx, a.call(ctx, in.Realm), in.Assignment, in.Rule)
	return next, report(err)
}

// IssueLotInput names a lot by its rule and period.
type IssueLotInput struct {
	Realm      uuid.UUID
	Assignment uuid.UUID
	Rule       string
	Index      int
}

// IssueLot brings a lot to life and puts the next on its way.
func (a *Activities) IssueLot(ctx context.Context, in IssueLotInput) error {
	return report(a.Store.IssueLot(ctx, a.call(ctx, in.Realm), in.Assignment, in.Rule, in.Index))
}
