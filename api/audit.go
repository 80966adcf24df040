package api

import (
	"context"
	"encoding/hex"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type auditLog struct{ base }

type auditEntry struct {
	ID           string  `json:"id" example:"aud_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Actor        string  `json:"actor"`
	Action       string  `json:"action" example:"plan_version.published"`
	ObjectType   string  `json:"object_type"`
	ObjectID     string  `json:"object_id"`
	Before       any     `json:"before,omitempty" doc:"Columns before the change; absent when it was created."`
	After        any     `json:"after,omitempty" doc:"Columns after the change; absent when it was deleted."`
	RequestID    string  `json:"request_id"`
	RecordedAt   Instant `json:"recorded_at"`
	Seq          int64   `json:"seq" doc:"Its place in the chain of its object."`
	PreviousHash string  `json:"previous_hash" doc:"Of the row before it in the chain, in hex; empty for the first."`
	Hash         string  `json:"hash"`
}

type listAuditIn struct {
	PageQuery
	Actor      string `query:"actor" maxLength:"200"`
	Action     string `query:"action" maxLength:"200"`
	ObjectType string `query:"object_type" maxLength:"200"`
	ObjectID   string `query:"object_id" maxLength:"200"`
}

func (r auditLog) register(a huma.API) {
	get(a, op{ID: "listAuditLog", Path: "/mgt/v1/audit-log", Summary: "Who changed what, latest first", Tag: "Platform",
		Scope: "audit:read"}, r.list)
}

func (r auditLog) list(ctx context.Context, in *listAuditIn) (*List[auditEntry], error) {
	filter := store.AuditFilter{Actor: in.Actor, Action: in.Action, ObjectType: in.ObjectType, ObjectID: in.ObjectID}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.AuditEntry, bool, error) {
		return r.store.ListAudit(ctx, callOf(ctx), p, filter)
	}, showAudit)
}

func showAudit(e models.AuditEntry) (auditEntry, uuid.UUID) {
	return auditEntry{ID: keys.Encode(keys.AuditEntry, e.ID), Actor: e.Actor, Action: e.Action, ObjectType: e.ObjectType,
		ObjectID: e.ObjectID, Before: e.Before, After: e.After, RequestID: e.RequestID, RecordedAt: instant(e.RecordedAt),
		Seq: e.Seq, PreviousHash: hex.EncodeToString(e.PreviousHash), Hash: hex.EncodeToString(e.Hash)}, e.ID
}
