package replay_test

import (
	"net/http"
	"strings"

	"github.com/durabill/durabill/gateway/stripefake"
)

// declines lets every card be declined.
func declines(r *http.Request) stripefake.Fault {
	if strings.HasSuffix(r.URL.Path, "/pay") {
		return stripefake.Decline
	}
	return stripefake.NoFault
}
