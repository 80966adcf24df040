package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/durabill/durabill/activities"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/store"
)

// TestAWorkflowThatIsPokedOftenContinuesAsNewOnceTheServerSuggestsIt: a wait of years has no period that would end a run, and a
// history without an end is one that the server ends.
func TestAWorkflowThatIsPokedOftenContinuesAsNewOnceTheServerSuggestsIt(t *testing.T) {
	t.Parallel()
	far := noon.AddDate(3, 0, 0)
	for kind, c := range map[string]struct {
		reads string
		input any
	}{
		keys.TypePlanAssignment: {"NextTurn", keys.PlanAssignmentInput{}},
		keys.TypeCreditIssuance: {"NextIssuance", keys.CreditIssuanceInput{Rule: "monthly"}},
		keys.TypeInvoice:        {"InspectInvoice", keys.InvoiceInput{}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.clockTime(noon)
			answers(s, "NextTurn", turn(store.TurnNext, far, 1))
			answers(s, "NextIssuance", activities.Issuance{DueAt: far, Index: 1})
			answers(s, "InspectInvoice", invoiceAt(activities.StepWait))
			for day := range 5 {
				s.after(time.Duration(day+1)*24*time.Hour, func() {
					require.Equal(t, day+1, s.times(c.reads), "before the suggestion each poke is a look and no more")
					s.SetContinueAsNewSuggested(day == 4)
					poke(s.TestWorkflowEnvironment)
				})
			}
			s.ExecuteWorkflow(kind, c.input)
			var again *workflow.ContinueAsNewError
			require.ErrorAs(t, s.GetWorkflowError(), &again)
			require.Equal(t, kind, again.WorkflowType.Name)
			require.Equal(t, 5, s.times(c.reads))
			require.NotContains(t, s.order(), "EndWait", "the wait goes on in the next run")
		})
	}
}
