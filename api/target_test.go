package api

import (
	"net/http"
	"testing"
)

func TestTextThatNoColumnCanHoldIsRefusedAtTheGate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, query := range []string{"?name=%00", "?name=%ff", "?name=%zz", "?name=a;limit=1", "?%ff=1"} {
		refused(t, b.call(http.MethodGet, "/mgt/v1/widgets"+query, ""), 400, "unknown_parameter")
	}
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets/prd_%00", ""), 400, "invalid_id")
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets/prd_%ff", ""), 400, "invalid_id")
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets", "", "X-Principal-Id", "\xff"), 400, "invalid_header")
	refused(t, b.call(http.MethodGet, "/mgt/v1/widgets", "", "X-Realm-Id", "\xff"), 400, "invalid_header")
}
