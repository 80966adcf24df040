package badinput

// creditsBody has every member that a computation of credits may have, save those that exclude each other.
func creditsBody() object {
	const at, then = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
	cadence := object{"unit": "month", "count": 1}
	return object{
		"order": []any{"priority", "restricted_first", "id"}, "overage_mode": "carry", "start": at, "opening_overage": "1", "evaluate_at": then,
		"as_of": []any{at}, "precision": 5, "currency": "EUR", "rate": "0.5", "whole_purchases": true,
		"grants": []any{
			object{"name": "a", "amount": "10", "priority": 1, "promotional": true, "features": []any{"f"}, "meters": []any{"m"},
				"effective_at": "2025-12-01T00:00:00Z", "expires_after": cadence, "zone": "Europe/Berlin", "granted_at": at, "opening": "5",
				"rollover": object{"min": "1", "max": "2"}, "recurrence": object{"at": at, "zone": "UTC", "cadence": cadence, "mode": "refill"}},
			object{"name": "b", "amount": "10", "effective_at": at, "expires_at": then},
		},
		"steps": []any{
			object{"name": "u", "key": "k", "at": at, "op": "use", "amount": "3", "feature": "f", "meter": "m"},
			object{"at": at, "op": "correct", "ref": "u", "amount": "1"},
			object{"at": at, "op": "grant", "grant": object{"name": "c", "amount": "1", "effective_at": at}},
			object{"at": at, "op": "top_up", "auto": object{"threshold": "5", "target": "10", "arriving": "1"}, "expires_at": then},
			object{"at": at, "op": "void", "lot": "b"},
			object{"at": at, "op": "reset", "preserve_overage": true},
			object{"at": at, "op": "cancel", "from": then},
		},
	}
}
