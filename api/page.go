package api

import "context"

// PageQuery is embedded in the input of every list.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Rows to a page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before; the filters must be the same."`
}

// List is the output of every list.
type List[T any] struct {
	Body Page[T]
}

// Page is one page of T.
type Page[T any] struct {
	Data []T      `json:"data"`
	Page PageInfo `json:"page"`
}

// PageInfo leads to the next page.
type PageInfo struct {
	NextCursor *string `json:"next_cursor" nullable:"true"`
	HasMore    bool    `json:"has_more"`
}

// window is what a list asks the store for: Limit rows after After (nil: from the start). Limit is one more than the
// page shows, which tells whether there is a next one without counting.
type window struct {
	After *Position
	Limit int

	cursors cursors
}

// window reads the page parameters of a list; route and filters come from the request itself, so that no handler can
// forget to bind one.
func (c cursors) window(ctx context.Context, q PageQuery) (window, error) {
	w := window{Limit: q.Limit + 1, cursors: c}
	if q.Cursor == "" {
		return w, nil
	}
	r := requestOf(ctx)
	after, err := c.open(principal(ctx).RealmID, r.target, r.query, q.Cursor)
	if err != nil {
		return window{}, err
	}
	w.After = &after
	return w, nil
}

// page cuts rows to the page asked for and shows each; at tells where a row stands in the list's order.
func page[R, T any](ctx context.Context, w window, rows []R, show func(R) T, at func(R) Position) (*List[T], error) {
	out := &List[T]{Body: Page[T]{Data: make([]T, 0, len(rows))}}
	if len(rows) >= w.Limit {
		rows = rows[:w.Limit-1]
		r := requestOf(ctx)
		next, err := w.cursors.seal(principal(ctx).RealmID, r.target, r.query, at(rows[len(rows)-1]))
		if err != nil {
			return nil, err
		}
		out.Body.Page = PageInfo{NextCursor: &next, HasMore: true}
	}
	for _, row := range rows {
		out.Body.Data = append(out.Body.Data, show(row))
	}
	return out, nil
}
