// Package model is a naive billing service in memory: what the real one must amount to.
//
// It owns no product code and decides nothing for anybody: it restates the written rules in the plainest way there is, so
// that a difference between it and the store is a defect of one of them. Nothing is projected: funds are the sum of lots and
// leases, balances the sum of entries, the plan of an instant is found by looking at every assignment. Every operation is
// total: it is refused with a code and changes nothing, or it happens. Check states the invariants; Lines shows the state in
// words, one fact a line, for comparing. The package refuses clocks, randomness, I/O and the product's decision code; decimals
// and the calendar are the only things the two have in common.
package model
