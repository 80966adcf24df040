package store

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/models"
)

// chainFormat names the canonical text's shape. It is hashed with it, so that another shape can never pass for this one.
const chainFormat = "ledger-transaction/1"

// chainHash is the hash of a transaction in its account's chain: sha256 over the hash before it and the canonical text.
// The first transaction of an account follows the empty hash. invariants/I-05.sql computes the same from the rows.
func chainHash(previous []byte, transaction models.LedgerTransaction, entries []models.LedgerEntry) []byte {
	h := sha256.New()
	_, _ = h.Write(previous)
	_, _ = h.Write([]byte(chainText(transaction, entries)))
	return h.Sum(nil)
}

// chainText is everything a transaction and its entries say, except the hashes. Each field carries its length in bytes, so
// that no two transactions share a text. Instants are whole microseconds, which is what the database keeps of them; entries
// come in the order of their seq, which the caller has set.
func chainText(transaction models.LedgerTransaction, entries []models.LedgerEntry) string {
	var b strings.Builder
	put := func(fields ...string) {
		for _, f := range fields {
			b.WriteString(strconv.Itoa(len(f)))
			b.WriteByte(':')
			b.WriteString(f)
			b.WriteByte(',')
		}
	}
	t := transaction
	seq := ""
	if t.Seq != nil {
		seq = strconv.FormatInt(*t.Seq, 10)
	}
	put(chainFormat, t.RealmID.String(), t.ID.String(), t.OperationKey, t.Kind, optionalID(t.BillingAccountID), seq,
		t.SourceType, t.SourceID, optionalID(t.ReversesID), t.WorkflowID, t.RunID, micros(t.EffectiveAt), micros(t.RecordedAt),
		strconv.Itoa(len(entries)))
	for _, e := range entries {
		put(strconv.Itoa(e.Seq), e.Account, optionalID(e.BillingAccountID), string(e.Asset),
			e.Amount.StringFixed(money.LedgerScale), micros(e.EffectiveAt), micros(e.RecordedAt))
	}
	return b.String()
}

func optionalID(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func micros(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }
