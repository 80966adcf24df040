package fault

// The crash points: the places where a process may end and leave the most behind. In a build with the tag faults each can
// be told to end it (point_faults.go); in every other build Point is an empty function that the compiler removes.
const (
	PointClaimed        = "store.claimed"        // the Idempotency-Key is claimed, nothing is decided
	PointBeforeCommit   = "store.before_commit"  // a decision's rows are written, its transaction is open
	PointCommitted      = "store.committed"      // a decision is committed, its caller does not know
	PointUnanswered     = "api.unanswered"       // a write of the API is done, its answer has not left
	PointUnsent         = "relay.unsent"         // a message is claimed, Temporal has not been asked
	PointUnmarked       = "relay.unmarked"       // Temporal has the message, the outbox does not say so
	PointUncompleted    = "activity.uncompleted" // an activity has had its effect, Temporal does not know
	PointCallBegun      = "provider.begun"       // a call to the provider is written down and has not left
	PointCallUnrecorded = "provider.unrecorded"  // the provider has answered, nothing here says so
	PointUnsettled      = "settlement.unmarked"  // usage is posted, its ratings are not marked as settled
	PointUnfinished     = "event.unfinished"     // a provider's event is applied, the inbox does not say so
)

// Points lists every crash point.
func Points() []string {
	return []string{PointClaimed, PointBeforeCommit, PointCommitted, PointUnanswered, PointUnsent, PointUnmarked, PointUncompleted,
		PointCallBegun, PointCallUnrecorded, PointUnsettled, PointUnfinished}
}
