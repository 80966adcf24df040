package credit

import "time"

// event is something that happens to a lot by itself.
type event struct {
	at   time.Time
	rank int
	lot  int // of rankExpire and rankBegin
	rule int // of rankRoll, and of a refill
	seq  int
}

func (e event) before(o event) bool {
	if c := e.at.Compare(o.at); c != 0 {
		return c < 0
	}
	if e.rank != o.rank {
		return e.rank < o.rank
	}
	return e.seq < o.seq
}

// queue is a binary heap of events, the earliest first; events of one instant and rank leave in the order they came.
type queue struct {
	heap []event
	next int
}

func (q *queue) push(e event) {
	e.seq = q.next
	q.next++
	q.heap = append(q.heap, e)
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.heap[i].before(q.heap[parent]) {
			return
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
}

func (q *queue) pop() event {
	top := q.heap[0]
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < last && q.heap[child].before(q.heap[least]) {
				least = child
			}
		}
		if least == i {
			return top
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}
