// Package badinput sends the API what nobody should send, at every place where it takes something.
//
// It owns the list of bad values, the walk over the OpenAPI document that puts each of them at each field, parameter and
// header of each operation, and the judgement of the answer: definitive, soon, a problem with a registered code that points at
// the place, silent about our insides, and without any change of any row. A value that was taken must be legal by a rule that
// stands in rules_test.go. It refuses to know what an operation means; a new one needs a valid request in fixtures_test.go.
package badinput
