package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
)

// Change is a write to an object that exists. Its witnesses are the audit log, which has one row for each change and none for
// a refusal, and the object itself, as everybody reads it.
type Change struct {
	Op
	Object string // as the audit log names it
	Action string // of the rows that count, where others write about the object too
	// Read gives the object; nil where others change it too.
	Read   func(context.Context) (State, error)
	Fails  bool // it must be refused
	Either bool // whether it is refused is not for the client to know
}

// State is an object as it is read.
type State struct {
	Tag  string // its version, if the API gives one
	Body []byte
}

// sight is what the witnesses say at one moment.
type sight struct {
	State
	rows int
}

// Change sends the write until its outcome is known, and asks the witnesses. Where the API takes no Idempotency-Key, If-Match is
// what makes a repeat safe: it meets the version that the first try made, and is refused.
func (c *Client) Change(ctx context.Context, ch Change) (Answer, error) {
	before, err := c.look(ctx, ch)
	if err != nil {
		return Answer{}, err
	}
	first, err := c.begin(ctx, ch.Op)
	if err != nil || first.Class != Success && first.Class != Refused {
		return first, err
	}
	changed := first.Class == Success || ch.met(first)
	if changed == ch.Fails && !ch.Either {
		c.Violation("%s %s %s: answered %d %s, which cannot be", ch.Name, ch.Key, ch.Match, first.Status, first.Body)
	}
	if err := c.compare(ctx, ch, first, before, changed); err != nil || first.Class != Success {
		return first, err
	}
	again, err := c.decide(ctx, ch.Op)
	if err != nil {
		return first, err
	}
	if !ch.repeats(first, again) {
		c.Violation("%s %s %s: answered %d %s, and when repeated %d %s", ch.Name, ch.Key, ch.Match, first.Status, first.Body, again.Status, again.Body)
	}
	return first, c.compare(ctx, ch, first, before, true)
}

const conflict = "version_conflict"

// conditional says whether nothing but If-Match keeps a repeat from changing the object again.
func (ch Change) conditional() bool { return ch.Key == "" && ch.Match != "" }

// met says whether a refusal is by the version that an earlier try of the same request has made.
func (ch Change) met(a Answer) bool {
	return a.Class == Refused && a.Code == conflict && a.Doubted && ch.conditional() && !ch.Fails
}

func (ch Change) repeats(first, again Answer) bool {
	if ch.conditional() {
		return again.Code == conflict
	}
	return again.Status == first.Status && same(first, again, ch.Once)
}

func (c *Client) look(ctx context.Context, ch Change) (out sight, err error) {
	rows := "/mgt/v1/audit-log?object_id=" + url.QueryEscape(ch.Object)
	if ch.Action != "" {
		rows += "&action=" + url.QueryEscape(ch.Action)
	}
	if out.rows, err = listing(ctx, c, rows, func(struct{}) bool { return true }); err != nil || ch.Read == nil {
		return out, err
	}
	out.State, err = ch.Read(ctx)
	return out, err
}

// compare looks again and notes where the witnesses contradict the answer.
func (c *Client) compare(ctx context.Context, ch Change, a Answer, before sight, changed bool) error {
	now, err := c.look(ctx, ch)
	if err != nil {
		return err
	}
	said := fmt.Sprintf("%s %s %s was answered %d %s", ch.Name, ch.Key, ch.Match, a.Status, a.Code)
	want := before
	if changed {
		want.rows++
		want.Tag = following(before.Tag)
		if a.Class == Success && ch.Read != nil && !agree(a.Body, now.Body, ch.Once) {
			c.Violation("%s with %s, and it reads %s", said, a.Body, now.Body)
		}
		if name := contradiction(ch.Body, now.Body); name != "" && ch.Read != nil {
			c.Violation("%s, and its %s is not what was asked for: %s", said, name, now.Body)
		}
	} else if !bytes.Equal(now.Body, before.Body) {
		c.Violation("%s, and it has changed from %s to %s", said, before.Body, now.Body)
	}
	if now.rows != want.rows {
		c.Violation("%s, and changes on record went from %d to %d", said, before.rows, now.rows)
	}
	if now.Tag != want.Tag || a.Class == Success && a.Tag != "" && ch.Read != nil && a.Tag != now.Tag {
		c.Violation("%s with the tag %s, and its tag went from %s to %s", said, a.Tag, before.Tag, now.Tag)
	}
	return nil
}

// following is the tag after one change; an object without a tag goes on without.
func following(tag string) string {
	var n int
	if _, err := fmt.Sscanf(tag, `"v%d"`, &n); err != nil {
		return tag
	}
	return fmt.Sprintf(`"v%d"`, n+1)
}

// agree compares values, without the members that only the first answer has.
func agree(answered, read []byte, once []string) bool {
	var a, b map[string]any
	if json.Unmarshal(answered, &a) != nil || json.Unmarshal(read, &b) != nil {
		return false
	}
	for _, name := range once {
		delete(a, name)
		delete(b, name)
	}
	return reflect.DeepEqual(a, b)
}

// contradiction names a text that was asked for and that the object shows otherwise.
func contradiction(asked any, read []byte) string {
	var shown map[string]any
	members, _ := asked.(map[string]any)
	_ = json.Unmarshal(read, &shown) // what is no object contradicts nothing
	for name, want := range members {
		text, isText := want.(string)
		if got, there := shown[name].(string); isText && there && got != text {
			return name
		}
	}
	return ""
}
