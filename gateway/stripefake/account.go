package stripefake

// getAccount describes the one account this server is.
func getAccount(c *call) (any, *apiError) {
	if refused := c.done(); refused != nil {
		return nil, refused
	}
	return map[string]any{
		"id": "acct_fake00000001", "object": "account", "business_type": "company", "charges_enabled": true, "country": "DE",
		"created": 0, "default_currency": "eur", "details_submitted": true, "email": "fake@example.test",
		"metadata": map[string]string{}, "payouts_enabled": true, "type": "standard",
	}, nil
}
