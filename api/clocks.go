package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

const clocksPath = "/mgt/v1/test-clocks"

type clocks struct{ base }

type testClock struct {
	ID         string   `json:"id" example:"clk_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Name       string   `json:"name"`
	Now        Instant  `json:"now"`
	Target     Instant  `json:"target" doc:"Where it is going; its now when it rests."`
	Status     string   `json:"status" enum:"ready,advancing,blocked,deleted"`
	BlockedOn  []string `json:"blocked_on" doc:"What did not come to rest in time."`
	WaitsFor   []string `json:"waits_for,omitempty" doc:"What its accounts still have to do at its now; only in the read of one."`
	Version    int64    `json:"version"`
	RecordedAt Instant  `json:"recorded_at"`
}

type createClockIn struct {
	Body struct {
		Name string  `json:"name" minLength:"1" maxLength:"200" example:"demo"`
		Now  Instant `json:"now"`
	}
}

type advanceClockIn struct {
	Changed
	Body struct {
		Target Instant `json:"target"`
	}
}

type deleteClockIn struct{ Changed }

type listClocksIn struct {
	PageQuery
	Name string `query:"name" maxLength:"200"`
}

func (r clocks) register(a huma.API) {
	const tag = "Test clocks"
	post(a, op{ID: "createTestClock", Path: clocksPath, Summary: "Create a test clock", Tag: tag, Scope: "ops:write",
		Description: "Accounts created on it live by its time. Only in a realm of mode test.", Status: http.StatusCreated, Idempotent: true}, r.create)
	get(a, op{ID: "listTestClocks", Path: clocksPath, Summary: "Test clocks", Tag: tag, Scope: "ops:read"}, r.list)
	get(a, op{ID: "getTestClock", Path: clocksPath + "/{id}", Summary: "One test clock, and what it waits for", Tag: tag, Scope: "ops:read", Live: true}, r.one)
	post(a, op{ID: "advanceTestClock", Path: clocksPath + "/{id}/advance", Summary: "Move a test clock forward", Tag: tag, Scope: "ops:write",
		Description: "It stops at every instant at which something is due and goes on when that has come to rest. Read it until it is ready.",
		Status:      http.StatusAccepted, Idempotent: true, Workflow: "test-clock/{id}",
		Ends: outcome{http.StatusOK, reflect.TypeFor[testClock]()}}, r.advance)
	del(a, op{ID: "deleteTestClock", Path: clocksPath + "/{id}", Summary: "Delete a test clock and close its accounts", Tag: tag, Scope: "ops:write",
		Description: "Its accounts are closed where they stand and their workflows end; nothing more is billed, collected or granted. Every row stays " +
			"readable, the clock too, because ledgers are append-only; its name is free again. 409 while it advances, and clock_busy while work of its accounts is under way."}, r.delete)
}

func (r clocks) create(ctx context.Context, in *createClockIn) (*Reply[testClock], error) {
	return keyed(ctx, http.StatusCreated, renderedClock, func(call store.Call) (models.TestClock, error) {
		return r.store.CreateClock(ctx, call, in.Body.Name, in.Body.Now.Time)
	})
}

func (r clocks) advance(ctx context.Context, in *advanceClockIn) (*Reply[testClock], error) {
	id, match, err := in.object(keys.TestClock)
	if err != nil {
		return nil, err
	}
	began, err := keyed(ctx, http.StatusAccepted, renderedClock, func(call store.Call) (models.TestClock, error) {
		call.Match = match
		return r.store.AdvanceClock(ctx, call, id, in.Body.Target.Time)
	})
	if err != nil {
		return nil, err
	}
	return ended(ctx, r.base, began, http.StatusOK, ending[testClock]{func(ctx context.Context) (bool, error) {
		c, err := r.store.FindClock(ctx, callOf(ctx), id)
		return c.Status != models.ClockAdvancing, err
	}, func(ctx context.Context) (*One[testClock], error) { return r.one(ctx, &idPath{ID: in.ID}) }})
}

func (r clocks) delete(ctx context.Context, in *deleteClockIn) (*One[testClock], error) {
	id, match, err := in.object(keys.TestClock)
	if err != nil {
		return nil, err
	}
	call := callOf(ctx)
	call.Match = match
	row, err := r.store.DeleteClock(ctx, call, id)
	if err != nil {
		return nil, err
	}
	body, _ := showClock(row)
	return &One[testClock]{ETag: etagOf(row.Version), Body: body}, nil
}

func (r clocks) list(ctx context.Context, in *listClocksIn) (*List[testClock], error) {
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.TestClock, bool, error) {
		return r.store.ListClocks(ctx, callOf(ctx), p, in.Name)
	}, showClock)
}

func (r clocks) one(ctx context.Context, in *idPath) (*One[testClock], error) {
	id, err := pathID(keys.TestClock, in.ID)
	if err != nil {
		return nil, err
	}
	row, err := r.store.FindClock(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body, _ := showClock(row)
	if body.WaitsFor, err = r.store.ClockBusy(ctx, callOf(ctx), id); err != nil {
		return nil, err
	}
	return &One[testClock]{ETag: etagOf(row.Version), Body: body}, nil
}

func renderedClock(c models.TestClock) rendered[testClock] {
	body, id := showClock(c)
	return rendered[testClock]{body: body, id: id, location: clocksPath + "/" + body.ID, etag: etagOf(c.Version)}
}

func showClock(c models.TestClock) (testClock, uuid.UUID) {
	blocked := c.BlockedOn
	if blocked == nil {
		blocked = []string{}
	}
	return testClock{ID: keys.Encode(keys.TestClock, c.ID), Name: c.Name, Now: instant(c.NowAt), Target: instant(c.TargetAt),
		Status: string(c.Status), BlockedOn: blocked, Version: c.Version, RecordedAt: instant(c.RecordedAt)}, c.ID
}
