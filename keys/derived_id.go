package keys

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// InvoiceID is the id of the invoice of an account, boundary, currency and billing entity. It is derived, not drawn: a database
// restored from yesterday makes the same invoice again under the same id, so the provider's keys are the same too and
// nothing is charged twice.
func InvoiceID(account uuid.UUID, boundary time.Time, currency, entity string) uuid.UUID {
	return deriveAt(boundary, "invoice", Encode(BillingAccount, account), instant(boundary), currency, entity)
}

// InvoiceLineID is the id of an invoice's line number seq.
func InvoiceLineID(invoice uuid.UUID, boundary time.Time, seq int) uuid.UUID {
	return deriveAt(boundary, "invoice line", Encode(Invoice, invoice), strconv.Itoa(seq))
}

// deriveAt is Derive as a UUIDv8: like a v7 it begins with 48 bits of milliseconds, so that ids sort by time.
func deriveAt(at time.Time, ns string, parts ...string) uuid.UUID {
	id := Derive(ns, parts...)
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(at.UnixMilli(), 0)))
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0F | 0x80
	return id
}
