package workflows

// Every GetVersion flag of this package has its constant here, named as the question it answers, with its date, its reason
// and when it may go. None is in use.
