package harness

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Breach puts a safety bound that was met beside an account, as its owner: for tests of what an operator then does.
func Breach(t testing.TB, url string, account uuid.UUID) {
	t.Helper()
	conn := connect(t, url)
	_, err := conn.Exec(t.Context(), `INSERT INTO safety_breaches (realm_id, id, billing_account_id, bound, subject, value, bound_limit, effective_at, recorded_at)
		SELECT realm_id, gen_random_uuid(), id, 'invoice_total', 'for the test ' || id, 2, 1, effective_at, recorded_at FROM billing_accounts WHERE id = $1`, account)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
}
