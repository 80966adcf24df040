package api

// Scopes are the rights a service key can carry: read and write for each area. Writing does not imply reading.
func Scopes() []string {
	areas := []string{"catalog", "plans", "accounts", "funds", "billing", "ledger", "runtime", "events", "webhooks",
		"imports", "keys", "audit", "ops"}
	out := make([]string, 0, 2*len(areas))
	for _, area := range areas {
		out = append(out, area+":read", area+":write")
	}
	return out
}
