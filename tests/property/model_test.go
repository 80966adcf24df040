package property_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/durabill/durabill/tests/property/model"
)

func TestTheModelKeepsEveryInvariantAfterEveryOperation(t *testing.T) {
	size(t, "MODEL", 200, 80)
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(nil)
		defer m.tell(t)
		m.begin(t)
		t.Repeat(m.actions())
		m.finish(t)
	})
}

func TestPostgresGivesTheModelsStateAfterEveryOperation(t *testing.T) {
	d := openDatabase(t)
	size(t, "POSTGRES", 15, 50)
	rapid.Check(t, func(t *rapid.T) {
		r := d.realm(model.Standard(began))
		r.verify = rapid.IntRange(0, 9).Draw(t, "careful") == 0
		m := newMachine(r)
		defer m.tell(t)
		m.begin(t)
		t.Repeat(m.actions())
		r.sound(t)
		m.finish(t)
		r.sound(t)
	})
}
