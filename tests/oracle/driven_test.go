package oracle_test

import (
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/tests/contract"
	"github.com/durabill/durabill/tests/harness/system"
)

// undriven are the writes that the oracle does not ask for, and why.
var undriven = map[string]string{
	"checkEntitlements":  "reads",
	"computeInvoice":     "reads",
	"computeCredits":     "reads",
	"computePrice":       "reads",
	"computePeriods":     "reads",
	"computeProration":   "reads",
	"computeAggregate":   "reads",
	"receiveStripeEvent": "Stripe writes it",
	"replayStripeEvent":  "an event has to be dead first",
}

// A new operation that writes needs a place in World: what nobody drives, no cut and no storm has ever touched.
func TestEveryWriteOfTheAPIIsDriven(t *testing.T) {
	sys := system.Start(t)
	s := newScene(t, sys, func() string { return sys.Base })
	for name, write := range s.writes() {
		require.NoError(t, write(t.Context()), name)
	}
	require.Empty(t, s.Record().Violations)
	var missing []string
	driven := s.Record().Writes
	raw, err := os.ReadFile("../../api/openapi.json")
	require.NoError(t, err)
	document, err := contract.Load(raw)
	require.NoError(t, err)
	for _, path := range document.Paths.Map() {
		for method, o := range path.Operations() {
			if method != http.MethodGet && (driven[o.OperationID] > 0) == (undriven[o.OperationID] != "") {
				missing = append(missing, o.OperationID)
			}
		}
	}
	slices.Sort(missing)
	require.Empty(t, missing)
	s.requireKept(t)
}
