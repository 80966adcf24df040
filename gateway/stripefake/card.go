package stripefake

import "strings"

const (
	cardOK      = "ok"
	cardDecline = "decline"
)

// card is how a customer's card behaves. The metadata fake_card=decline on the customer does the same as the control call.
type card struct {
	Behaviour   string `json:"behaviour"`
	DeclineCode string `json:"decline_code"`
}

// declines says with which code the card of a customer refuses a charge now; "" is consent. Like Stripe's test cards,
// a payment method with chargeDeclined in its name always refuses.
func (c *call) declines(cus *customer, paymentMethod string) string {
	behaviour := card{Behaviour: cardOK}
	if cus != nil {
		if cus.Metadata["fake_card"] == cardDecline {
			behaviour.Behaviour = cardDecline
		}
		if set, ok := c.st.Cards[cus.ID]; ok {
			behaviour = set
		}
	}
	if behaviour.Behaviour != cardDecline && c.fault != Decline && !strings.Contains(paymentMethod, "chargeDeclined") {
		return ""
	}
	if behaviour.DeclineCode == "" {
		return "generic_decline"
	}
	return behaviour.DeclineCode
}
