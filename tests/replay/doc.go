// Package replay keeps recorded workflow histories and replays them on every run: whoever changes what a workflow asks of
// Temporal, and in which order, learns it here and not from workflows that run already. `make histories` records new ones from
// a real server, under names that are not there yet. A history that has once been released is never changed; new behaviour adds new ones.
package replay
