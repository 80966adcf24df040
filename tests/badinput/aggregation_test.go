package badinput

// aggregation names every field that a body may have, so that each is spoilt.
func aggregation() object {
	return object{"aggregation": "sum", "property": "bytes", "timezone": "Europe/Berlin", "group_by": []any{"region"}, "window": "day",
		"period": object{"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}, "recurring": true,
		"filter":     object{"properties": object{"region": []any{"eu", "us"}}, "expression": `source != "test"`},
		"line_items": []any{object{"id": "first", "start": "2026-01-01T00:00:00Z", "end": "2026-01-15T00:00:00Z"}},
		"rounding":   object{"function": "ceil", "precision": 2},
		"late":       object{"invoiced_until": "2026-01-01T00:00:00Z", "lookback_periods": 1, "unit": "month", "count": 1, "anchor": "2025-01-01T00:00:00Z"},
		"events": []any{object{"id": "e1", "source": "app", "time": "2026-01-05T00:00:00Z", "recorded_at": "2026-01-05T00:00:01Z", "value": "1",
			"operation": "add", "properties": object{"region": "eu", "bytes": "12"}}}}
}
