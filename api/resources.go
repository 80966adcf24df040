package api

// resources lists every resource of the API; a new file of endpoints adds its line here.
func resources(_ Deps) []resource {
	return []resource{}
}
