package store_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
	"github.com/durabill/durabill/tests/harness"
)

// once is an intent that stores the meter it made as its answer.
func once(key, hash string) *store.Once {
	return &store.Once{Scope: "createMeter/tester", Key: key, Hash: []byte(hash), Render: func(result any) (store.Answer, uuid.UUID, error) {
		m := result.(models.Meter)
		body, err := json.Marshal(map[string]string{"code": m.Code, "id": m.ID.String()})
		return store.Answer{Status: 201, Headers: map[string]string{"Location": "/meters/" + m.ID.String()}, Body: body}, m.ID, err
	}}
}

func createMeter(t *testing.T, st *store.Store, call store.Call, o *store.Once, code string) error {
	call.Once = o
	_, err := st.CreateMeter(t.Context(), call, store.NewMeter{Code: code, Name: code, Unit: "u", Aggregation: "sum"})
	return err
}

func TestARepeatedKeyGetsTheStoredAnswerAndHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	first := once("k1", "hash")
	require.NoError(t, createMeter(t, st, call, first, "m1"))
	require.False(t, first.Replayed)

	again := once("k1", "hash")
	require.ErrorIs(t, createMeter(t, st, call, again, "m1"), store.ErrReplayed)
	require.True(t, again.Replayed)
	require.Equal(t, first.Answer, again.Answer, "byte for byte")
	rows, _, err := st.ListMeters(t.Context(), call, store.Page{Limit: 10}, "")
	require.NoError(t, err)
	require.Len(t, rows, 1)
}

func TestAKeyReusedForAnotherRequestIsAConflict(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	require.NoError(t, createMeter(t, st, call, once("k1", "one"), "m1"))
	err := createMeter(t, st, call, once("k1", "two"), "m2")
	require.True(t, fault.Is(err, "idempotency_key_reused"), "%v", err)
	require.NoError(t, createMeter(t, st, call, once("k2", "two"), "m2"), "under a key of its own it goes through")

	other := harness.Realm(t, st)
	require.NoError(t, createMeter(t, st, other, once("k1", "elsewhere"), "m1"), "keys of another realm are other keys")
}

func TestAFailedRequestLeavesItsKeyFree(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	err := createMeter(t, st, call, once("k1", "wrong"), "Not A Code")
	require.True(t, fault.Is(err, "validation_failed"), "%v", err)
	require.NoError(t, createMeter(t, st, call, once("k1", "mended"), "m1"))
}

func TestOfSixteenAtOnceWithOneKeyOneHasTheEffect(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	const n = 16
	var made, replayed, running atomic.Int32
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wg.Go(func() {
			<-start
			switch err := createMeter(t, st, call, once("k1", "hash"), "m1"); {
			case err == nil:
				made.Add(1)
			case store.ErrReplayed.Error() == err.Error():
				replayed.Add(1)
			case fault.Is(err, "idempotency_in_progress"):
				running.Add(1)
			default:
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	close(start)
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
	require.EqualValues(t, n, made.Load()+replayed.Load()+running.Load())
	rows, _, err := st.ListMeters(t.Context(), call, store.Page{Limit: 10}, "")
	require.NoError(t, err)
	require.Len(t, rows, 1)
}

func TestAKeyStillRunningIsSaidToBe(t *testing.T) {
	t.Parallel()
	st := harness.Store(t)
	call := harness.Realm(t, st)
	inside, finish := make(chan struct{}), make(chan struct{})
	slow := once("k1", "hash")
	render := slow.Render
	slow.Render = func(result any) (store.Answer, uuid.UUID, error) {
		close(inside)
		<-finish
		return render(result)
	}
	done := make(chan error, 1)
	go func() { done <- createMeter(t, st, call, slow, "m1") }()
	<-inside
	err := createMeter(t, st, call, once("k1", "hash"), "m1")
	close(finish)
	require.True(t, fault.Is(err, "idempotency_in_progress"), "%v", err)
	require.NoError(t, <-done)
	require.ErrorIs(t, createMeter(t, st, call, once("k1", "hash"), "m1"), store.ErrReplayed)
}
