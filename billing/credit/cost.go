package credit

import "github.com/shopspring/decimal"

// costScale is where the quotient of a cost ends; the ledger telescopes sums of them, so what is cut off here does not add up.
const costScale = 20

// Cost is the part of a lot's paid price that belongs to a part of its credits: what becomes revenue when they are used or lost.
func Cost(issued, price, part decimal.Decimal) decimal.Decimal {
	return price.Mul(part).DivRound(issued, costScale)
}
