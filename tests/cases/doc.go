// Package cases holds the billing test vectors and plays them against the compute endpoints, over HTTP.
//
// The vectors are facts from public test suites and documentation, each recomputed (testdata/*.json, each with its source).
// An adapter gives a case's inputs the names that the endpoint has for them, and nothing else: it knows no arithmetic, no
// dates and no rounding, so a green run says that the endpoint can be asked what the case asks and answers it. A case whose
// expectation holds under another policy than ours is skipped, by id, with the row of policies.md that makes it differ.
package cases
