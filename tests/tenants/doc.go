// Package tenants proves that one realm cannot reach, see or change anything of another.
//
// It owns the list of routes and of the ids they take, read from the OpenAPI document, and a table that says how each route
// is called with a realm's own objects. A route or an id that the table does not know fails by name, so nothing new goes
// untested. It refuses to know what a route means beyond a call that succeeds.
package tenants
