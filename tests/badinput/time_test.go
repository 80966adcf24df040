package badinput

// periodsAsked is a question about periods with every field that can stand beside the others.
func periodsAsked() object {
	return object{"timezone": "Europe/Berlin", "mode": "anchor", "interval": object{"unit": "month", "count": 1}, "anchor": "2026-01-31",
		"start": "2026-02-10T09:00:00", "trial_days": 3, "changes": []any{object{"at": "2026-04-01", "timezone": "America/New_York"}}, "from": "2026-03-01",
		"to": "2026-12-01T00:00:00Z", "at": "2026-03-05", "run_at": "2026-04-01", "pay_in_advance": true, "events": []any{"2026-03-05T00:00:00Z"},
		"floor": "week", "add": object{"unit": "month", "count": 2}}
}
