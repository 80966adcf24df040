package badinput

// periodsAsked is a question about periods with every field that can stand beside the others.
func periodsAsked() object {
	return object{"timezone": "Europe/Berlin", "mode": "anchor", "interval": object{"unit": "month", "count": 1}, "anchor": "2026-01-31",
		"start": "2026-02-10T09:00:00", "trial_days": 3, "changes": []any{object{"at": "2026-04-01", "timezone": "America/New_York"}}, "from": "2026-03-01",
		"to": "2026-12-01T00:00:00Z", "at": "2026-03-05", "run_at": "2026-04-01", "pay_in_advance": true, "events": []any{"2026-03-05T00:00:00Z"},
		"floor": "week", "add": object{"unit": "month", "count": 2}}
}

// prorationAsked is a change of a plan with every field that can stand beside the others.
func prorationAsked() object {
	return object{"kind": "change", "currency": "EUR", "timezone": "Europe/Berlin", "unit": "day", "convention": "actual_days",
		"period": object{"start": "2026-06-01", "end": "2026-06-30", "end_inclusive": "day"},
		"begin":  object{"start": "2026-06-01", "mode": "anchor", "interval": object{"unit": "month", "count": 1}, "anchor": "2026-01-01", "trial_days": 1, "denominator": "ending"},
		"from":   "2026-06-02", "to": "2026-06-20", "last_day_used": true, "amount": "10.00", "quantity": "2",
		"changes": []any{object{"at": "2026-06-16", "amount": "20", "quantity": "1", "interval": object{"unit": "year", "count": 1}, "reset_anchor": true}},
		"billing": "in_advance", "credits": "lines", "paid": "20.00", "earlier_credits": "1.00", "tax_percent": "19", "precision": 6}
}
