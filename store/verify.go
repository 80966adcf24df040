package store

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
)

// Each file is one invariant: its first line is the title, the comments below it say what it leaves out, and its query gives
// a key and a detail for every violation. A file stands alone: it can be pasted into psql inside a realm.
//
//go:embed invariants/*.sql
var invariantFiles embed.FS

// verifyTimeout bounds one invariant's query; checking everything may take longer than a business query may.
const verifyTimeout = 10 * time.Minute

// Invariant is a statement about the rows that must always hold.
type Invariant struct {
	ID    string
	Title string
	query string
}

// Violation names a row (table/key) that breaks an invariant, and says how.
type Violation struct {
	Key    string
	Detail string
}

// Finding is the outcome of checking one invariant.
type Finding struct {
	Invariant
	Violations []Violation
	Checked    time.Duration
}

// Verification is the outcome of checking one realm.
type Verification struct {
	RealmID   uuid.UUID
	RealmCode string
	Findings  []Finding
}

// Violations counts the rows that break something.
func (r Verification) Violations() int {
	n := 0
	for _, f := range r.Findings {
		n += len(f.Violations)
	}
	return n
}

var invariants = func() []Invariant {
	entries, err := invariantFiles.ReadDir("invariants")
	if err != nil {
		panic(err)
	}
	all := make([]Invariant, 0, len(entries))
	for _, e := range entries {
		text, err := invariantFiles.ReadFile("invariants/" + e.Name())
		if err != nil {
			panic(err)
		}
		title, _, _ := strings.Cut(string(text), "\n")
		all = append(all, Invariant{ID: strings.TrimSuffix(e.Name(), ".sql"), Title: strings.TrimPrefix(title, "-- "), query: string(text)})
	}
	return all
}()

// Invariants lists what Verify can check, by id.
func Invariants() []Invariant { return slices.Clone(invariants) }

// Verify checks the realm's rows against the named invariants, or against all of them. Each is one statement and so sees one
// moment; the caller may run it at any time, beside everything else.
func (s *Store) Verify(ctx context.Context, call Call, ids ...string) (Verification, error) {
	report := Verification{RealmID: call.Realm}
	chosen, err := choose(ids)
	if err != nil {
		return report, err
	}
	for _, inv := range chosen {
		finding, err := s.check(ctx, call, inv)
		if err != nil {
			return report, err
		}
		report.Findings = append(report.Findings, finding)
	}
	return report, nil
}

// VerifyRealms is Verify for every realm, in the order of their codes.
func (s *Store) VerifyRealms(ctx context.Context, ids ...string) ([]Verification, error) {
	var realms []struct {
		ID   uuid.UUID
		Code string
	}
	err := s.asDispatcher(ctx, func(g *gorm.DB) error {
		realms = nil
		return g.Raw("SELECT id, code FROM realms ORDER BY code").Scan(&realms).Error
	})
	if err != nil {
		return nil, err
	}
	reports := make([]Verification, 0, len(realms))
	for _, realm := range realms {
		report, err := s.Verify(ctx, Call{Realm: realm.ID, Actor: "verify"}, ids...)
		if err != nil {
			return reports, err
		}
		report.RealmCode = realm.Code
		reports = append(reports, report)
	}
	return reports, nil
}

func choose(ids []string) ([]Invariant, error) {
	if len(ids) == 0 {
		return invariants, nil
	}
	chosen := make([]Invariant, 0, len(ids))
	for _, id := range ids {
		i := slices.IndexFunc(invariants, func(inv Invariant) bool { return inv.ID == id })
		if i < 0 {
			return nil, fault.New(fault.Invalid, "unknown_invariant", "There is no invariant %q.", id)
		}
		chosen = append(chosen, invariants[i])
	}
	return chosen, nil
}

func (s *Store) check(ctx context.Context, call Call, inv Invariant) (Finding, error) {
	finding := Finding{Invariant: inv}
	err := s.read(ctx, call, func(t *tx) error {
		if err := t.prepareVerify(); err != nil {
			return err
		}
		began := time.Now()
		finding.Violations = nil
		if err := t.Raw(inv.query).Scan(&finding.Violations).Error; err != nil {
			return err
		}
		finding.Checked = time.Since(began)
		return nil
	})
	slices.SortFunc(finding.Violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Detail, b.Detail))
	})
	return finding, err
}

// prepareVerify makes the transaction read-only, gives it time, and tells it the minor units that money knows; a currency
// that money does not know stays out and shows as a violation.
func (t *tx) prepareVerify() error {
	if err := t.Exec("SET TRANSACTION READ ONLY").Error; err != nil {
		return err
	}
	var currencies []string
	if err := t.Raw("SELECT DISTINCT currency FROM invoices").Scan(&currencies).Error; err != nil {
		return err
	}
	exponents := map[string]int32{}
	for _, code := range currencies {
		if c, known := money.Lookup(code); known {
			exponents[code] = c.Exponent
		}
	}
	text, err := json.Marshal(exponents)
	if err != nil {
		return err
	}
	return t.Exec("SELECT set_config('verify.exponents', ?, true), set_config('statement_timeout', ?, true)",
		string(text), millis(verifyTimeout)).Error
}
