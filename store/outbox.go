package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/durabill/durabill/models"
)

// claimFor is how long a relay keeps a message to itself; after that, another may publish it (starts and signals repeat harmlessly).
const claimFor = 10 * time.Second

// headStart is how long a message belongs to the process that decided it, before a relay takes it up.
const headStart = time.Second

// message is a workflow to start or to wake, decided together with the rows it is about.
type message struct {
	kind       models.OutboxKind
	workflow   string // registered workflow type
	workflowID string
	account    *models.BillingAccount
	input      any
	summary    string
	status     string
}

// send writes the message; for an account on a test clock the workflow counts as running from this moment on.
func (t *tx) send(m message, now time.Time) error {
	payload, err := json.Marshal(m.input)
	if err != nil {
		return err
	}
	row := models.Outbox{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, Kind: m.kind, WorkflowType: m.workflow,
		WorkflowID: m.workflowID, Payload: payload, Summary: m.summary, Status: m.status,
		Traceparent: traceparent(t.Statement.Context), Times: models.At(now)}
	if m.account != nil {
		row.BillingAccountID = &m.account.ID
		if err := t.markRunning(*m.account, m, now); err != nil {
			return err
		}
	}
	if err := t.Create(&row).Error; err != nil {
		return err
	}
	if !t.heard {
		return t.dispatch(models.TopicOutbox, row.ID, row.BillingAccountID, 0)
	}
	t.sent = append(t.sent, row)
	return t.Exec(`INSERT INTO dispatch (realm_id, topic, id, billing_account_id, due_at)
		VALUES (?, ?, ?, ?, clock_timestamp() + ? * interval '1 second')`,
		t.call.Realm, models.TopicOutbox, row.ID, row.BillingAccountID, headStart.Seconds()).Error
}

// traceparent names the span that a message is decided in, so that sending it later goes on in the same trace.
func traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// markRunning keeps the clock from resting between this decision and the moment the workflow acts on it.
func (t *tx) markRunning(a models.BillingAccount, m message, now time.Time) error {
	if a.TestClockID == nil {
		return nil
	}
	if m.kind == models.OutboxSignal {
		return t.Model(&models.Wait{}).Where("workflow_id = ?", m.workflowID).
			Updates(map[string]any{"status": models.WaitRunning, "due_at": nil}).Error
	}
	// A workflow that is waiting already is woken by a start as by a signal.
	return t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "realm_id"}, {Name: "workflow_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"status", "due_at"})}).Create(&models.Wait{RealmID: t.call.Realm, WorkflowID: m.workflowID,
		ClockID: *a.TestClockID, BillingAccountID: a.ID, Status: models.WaitRunning, Times: models.At(now)}).Error
}

func (t *tx) dispatch(topic models.Topic, id uuid.UUID, account *uuid.UUID, shard int) error {
	return t.Create(&models.Dispatch{RealmID: t.call.Realm, Topic: topic, ID: id, BillingAccountID: account, Shard: shard}).Error
}

// asDispatcher runs fn in the role that sees dispatch tables of every realm, and nothing else.
func (s *Store) asDispatcher(ctx context.Context, fn func(*gorm.DB) error) error {
	// It reads, or claims work: a claim that nobody heard of runs out.
	return retry(ctx, ends{repeatable: true}, func() error {
		return s.transaction(ctx, uuid.Nil, func(g *gorm.DB) error {
			if err := g.Exec("SET LOCAL ROLE durabill_dispatcher").Error; err != nil {
				return err
			}
			return fn(g)
		})
	})
}

// Due is work found across realms: enter Realm and look at ID.
type Due struct {
	RealmID          uuid.UUID
	ID               uuid.UUID
	BillingAccountID *uuid.UUID
	Attempts         int
}

// ClaimOutbox takes up to limit due messages for this relay.
func (s *Store) ClaimOutbox(ctx context.Context, limit int) ([]Due, error) {
	var due []Due
	err := s.asDispatcher(ctx, func(g *gorm.DB) error {
		due = nil
		return g.Raw(`
			UPDATE dispatch d SET due_at = clock_timestamp() + ? * interval '1 second', attempts = d.attempts + 1
			  FROM (SELECT realm_id, topic, id FROM dispatch
			         WHERE topic = 'outbox' AND due_at <= clock_timestamp()
			         ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED) pick
			 WHERE (d.realm_id, d.topic, d.id) = (pick.realm_id, pick.topic, pick.id)
			RETURNING d.realm_id, d.id, d.billing_account_id, d.attempts`, claimFor.Seconds(), limit).Scan(&due).Error
	})
	return due, err
}

// UnclaimOutbox makes claimed messages due again, for whoever comes first.
func (s *Store) UnclaimOutbox(ctx context.Context, due []Due) error {
	ids := make([]uuid.UUID, len(due))
	for i, d := range due {
		ids[i] = d.ID
	}
	return s.asDispatcher(ctx, func(g *gorm.DB) error {
		return g.Exec("UPDATE dispatch SET due_at = clock_timestamp(), attempts = attempts - 1 WHERE topic = 'outbox' AND id IN ?", ids).Error
	})
}

// FindOutbox reads a claimed message.
func (s *Store) FindOutbox(ctx context.Context, call Call, id uuid.UUID) (models.Outbox, error) {
	return get[models.Outbox](ctx, s, call, id)
}

// MarkPublished ends a message: Temporal has it.
func (s *Store) MarkPublished(ctx context.Context, call Call, id uuid.UUID) error {
	return s.within(ctx, call, func(t *tx) error {
		if err := t.Exec("UPDATE outbox SET published_at = clock_timestamp() WHERE id = ? AND published_at IS NULL", id).Error; err != nil {
			return err
		}
		return t.undispatch(models.TopicOutbox, id)
	})
}

// MarkUnpublished notes why a message did not get through and when it is tried again.
func (s *Store) MarkUnpublished(ctx context.Context, call Call, id uuid.UUID, cause error, after time.Duration) error {
	return s.within(ctx, call, func(t *tx) error {
		if err := t.Exec("UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE id = ?", cause.Error(), id).Error; err != nil {
			return err
		}
		return t.Exec("UPDATE dispatch SET due_at = clock_timestamp() + ? * interval '1 second' WHERE topic = 'outbox' AND id = ?",
			after.Seconds(), id).Error
	})
}

func (t *tx) undispatch(topic models.Topic, ids ...uuid.UUID) error {
	return t.Where("topic = ? AND id IN ?", topic, ids).Delete(&models.Dispatch{}).Error
}
