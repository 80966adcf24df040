package oracle

import (
	"context"
	"maps"
	"net/http"
	"slices"
)

// thing is an object that one client changes and nobody else.
type thing struct {
	path string
	id   string // as the audit log names it
	read func(context.Context) (State, error)
}

// step is one change in the life of a thing.
type step struct {
	name, method string
	path         string // below the thing's
	body         any
	match        string // fresh, or an If-Match to send as it is
	once         []string
	fails        bool
	later        string // the code of a refusal that passes: others are at work
}

const (
	fresh = "fresh"        // the thing's tag of now
	past  = `"v1"`         // of anything that has changed
	never = `"v123456789"` // of nothing
)

func (w *World) at(path, id string) thing {
	t := thing{path: path + "/" + id, id: id}
	t.read = func(ctx context.Context) (State, error) {
		a, err := w.read(ctx, t.path)
		return State{Tag: a.Tag, Body: a.Body}, err
	}
	return t
}

// live takes a thing through its steps, and remembers how it ended.
func (w *World) live(ctx context.Context, t thing, steps ...step) error {
	for _, s := range steps {
		ch := Change{Op: Op{Name: s.name, Method: s.method, Path: t.path + s.path, Body: s.body, Match: s.match, Once: s.once},
			Object: t.id, Read: t.read, Fails: s.fails, Either: s.later != ""}
		if s.method == http.MethodPost {
			ch.Key = w.next(s.name)
		}
		if s.match == fresh {
			now, err := t.read(ctx)
			if err != nil {
				return err
			}
			ch.Match = now.Tag
		}
		a, err := w.Change(ctx, ch)
		for err == nil && a.Class == Refused && a.Code == s.later {
			if err = w.rest(ctx); err == nil {
				a, err = w.Change(ctx, ch)
			}
		}
		if err != nil {
			return err
		}
	}
	last, err := t.read(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ends == nil {
		w.ends = map[string]end{}
	}
	w.ends[t.path] = end{t, last}
	return nil
}

// end is how a thing was when it was last changed.
type end struct {
	thing
	State
}

// checkEnds looks at everything that was changed again: what was answered must have lasted.
func (w *World) checkEnds(ctx context.Context) error {
	w.mu.Lock()
	ends := slices.Collect(maps.Values(w.ends))
	w.mu.Unlock()
	for _, e := range ends {
		now, err := e.read(ctx)
		if err != nil {
			return err
		}
		if now.Tag != e.Tag || string(now.Body) != string(e.Body) {
			w.Violation("%s was %s %s, and is %s %s", e.path, e.Tag, e.Body, now.Tag, now.Body)
		}
	}
	return nil
}
