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

// unavailable lets every question about an invoice go without an answer of use.
func unavailable(r *http.Request) stripefake.Fault {
	if strings.HasPrefix(r.URL.Path, "/v1/invoices") {
		return stripefake.ErrorNoEffect
	}
	return stripefake.NoFault
}
