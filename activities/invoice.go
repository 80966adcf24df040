package activities

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// InvoiceStep is what an invoice needs next.
type InvoiceStep string

// Finalise at an instant, push to the provider, collect, wait for news, or nothing any more.
const (
	StepFinalize InvoiceStep = "finalize"
	StepPush     InvoiceStep = "push"
	StepCollect  InvoiceStep = "collect"
	StepWait     InvoiceStep = "wait"
	StepDone     InvoiceStep = "done"
)

// InvoiceState is what the workflow and a person need to know of an invoice.
type InvoiceState struct {
	Step       InvoiceStep
	FinalizeAt time.Time
	Title      string // account and boundary, for a person
	Status     string
	Number     string
	Total      string
	Decline    string
}

// InvoiceInput names an invoice.
type InvoiceInput struct {
	Realm   uuid.UUID
	Invoice uuid.UUID
}

// InspectInvoice reads what an invoice needs next.
func (a *Activities) InspectInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	inv, _, err := a.Store.FindInvoice(ctx, a.call(ctx, in.Realm), in.Invoice)
	return stateOf(inv), report(err)
}

func stateOf(inv models.Invoice) InvoiceState {
	s := InvoiceState{Step: StepWait, FinalizeAt: inv.FinalizeAt, Status: string(inv.Status),
		Title: "account " + keys.Encode(keys.BillingAccount, inv.BillingAccountID) + " · boundary " + inv.BoundaryAt.Format(time.RFC3339),
		Total: money.Amount{Value: inv.Total, Asset: inv.Currency}.String(), Decline: inv.DeclineCode}
	if inv.Number != nil {
		s.Number = *inv.Number
	}
	switch {
	case inv.Status == models.InvoiceDraft:
		s.Step = StepFinalize
	case inv.IsOver():
		s.Step = StepDone
	case inv.CollectBy != models.CollectStripe:
		if inv.CollectBy == models.CollectNone {
			s.Step = StepDone
		}
	case inv.StripeInvoice == "":
		s.Step = StepPush
	case inv.Collection == models.CollectionCollecting || inv.Collection == models.CollectionUnknown:
		s.Step = StepCollect
	}
	return s
}

// FinalizeInvoice fixes the invoice and makes it a receivable.
func (a *Activities) FinalizeInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	inv, err := a.Store.FinalizeInvoice(ctx, a.call(ctx, in.Realm), in.Invoice)
	return stateOf(inv), report(err)
}

// PushInvoice gives the provider its copy: customer, invoice, one item per line, finalised. Each call has its own key, and
// one that succeeded before is not made again.
func (a *Activities) PushInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	call := a.call(ctx, in.Realm)
	inv, lines, err := a.Store.FindInvoice(ctx, call, in.Invoice)
	if err != nil || inv.StripeInvoice != "" {
		return stateOf(inv), report(err)
	}
	account, err := a.Store.FindAccount(ctx, call, inv.BillingAccountID)
	if err != nil {
		return stateOf(inv), report(err)
	}
	customer, err := a.customer(ctx, call, account)
	if err != nil {
		return stateOf(inv), report(err)
	}
	ref, err := a.pushNew(ctx, call, inv, customer)
	if err != nil {
		return stateOf(inv), report(err)
	}
	for _, l := range lines {
		if err := a.pushLine(ctx, call, pushed{inv, ref, customer}, l); err != nil {
			return stateOf(inv), report(err)
		}
	}
	url, err := a.pushFinal(ctx, call, inv, ref)
	if err != nil {
		return stateOf(inv), report(err)
	}
	if err := a.Store.PushedInvoice(ctx, call, inv.ID, ref, url); err != nil {
		return stateOf(inv), report(err)
	}
	return a.InspectInvoice(ctx, in)
}

// customer makes the account known to the provider, once.
func (a *Activities) customer(ctx context.Context, call store.Call, account models.BillingAccount) (string, error) {
	if account.StripeCustomer != "" {
		return account.StripeCustomer, nil
	}
	ba := keys.Encode(keys.BillingAccount, account.ID)
	p := gateway.CustomerParams{Key: keys.StripeCustomer(account.ID), Name: account.Name, Email: account.Email, Metadata: metadata(call, account.ID, ba)}
	ref, err := a.provider(ctx, call, outbound{key: p.Key, account: account.ID, verb: "customer.create", object: ba, params: p}, func() (string, error) {
		c, err := a.Stripe.CreateCustomer(ctx, p)
		return c.ID, err
	})
	if err != nil {
		return "", err
	}
	return ref, a.Store.LinkCustomer(ctx, call, account.ID, ref)
}

func (a *Activities) pushNew(ctx context.Context, call store.Call, inv models.Invoice, customer string) (string, error) {
	id := keys.Encode(keys.Invoice, inv.ID)
	p := gateway.InvoiceParams{Key: keys.StripeInvoiceNew(inv.ID), CustomerID: customer, Currency: inv.Currency, Description: *inv.Number,
		Metadata: metadata(call, inv.BillingAccountID, id)}
	return a.provider(ctx, call, outbound{key: p.Key, account: inv.BillingAccountID, verb: "invoice.create", object: id, params: p}, func() (string, error) {
		made, err := a.Stripe.CreateInvoice(ctx, p)
		return made.ID, err
	})
}

// pushed is an invoice with the ids of its copy at the provider.
type pushed struct {
	models.Invoice
	ref      string
	customer string
}

func (a *Activities) pushLine(ctx context.Context, call store.Call, inv pushed, l models.InvoiceLine) error {
	id := keys.Encode(keys.InvoiceLine, l.ID)
	p := gateway.ItemParams{Key: keys.StripeInvoiceLine(inv.ID, l.ID), InvoiceID: inv.ref, CustomerID: inv.customer,
		Amount: money.Amount{Value: l.Amount, Asset: inv.Currency}, Description: l.Description,
		Period: gateway.Period{Start: l.PeriodStart, End: l.PeriodEnd}, Metadata: metadata(call, inv.BillingAccountID, id)}
	_, err := a.provider(ctx, call, outbound{key: p.Key, account: inv.BillingAccountID, verb: "invoice_item.create", object: id, params: p}, func() (string, error) {
		item, err := a.Stripe.AddInvoiceItem(ctx, p)
		return item.ID, err
	})
	return err
}

// pushFinal finalises the provider's copy and refuses to go on when it does not come to the same total.
func (a *Activities) pushFinal(ctx context.Context, call store.Call, inv models.Invoice, ref string) (string, error) {
	key := keys.StripeInvoiceFinalize(inv.ID)
	id := keys.Encode(keys.Invoice, inv.ID)
	found := func() (string, error) {
		got, err := a.Stripe.GetInvoice(ctx, ref)
		if err != nil || got.Status == gateway.InvoiceDraft {
			return "", err
		}
		return ref, nil
	}
	o := outbound{key: key, account: inv.BillingAccountID, verb: "invoice.finalize", object: id, params: ref, found: found}
	if _, err := a.provider(ctx, call, o, func() (string, error) {
		final, err := a.Stripe.FinalizeInvoice(ctx, key, ref)
		return final.ID, err
	}); err != nil {
		return "", err
	}
	got, err := a.Stripe.GetInvoice(ctx, ref)
	if err != nil {
		return "", err
	}
	if !got.Total.Value.Equal(inv.Total) || got.Total.Asset != inv.Currency {
		return "", fault.New(fault.Conflict, "provider_mismatch", "%s is %s here and %s at the provider.", id,
			money.Amount{Value: inv.Total, Asset: inv.Currency}, got.Total)
	}
	return got.HostedURL, nil
}

// CollectInvoice asks the provider to be paid. While the outcome of an attempt is unknown no other is made: the same attempt
// is looked up, and then asked for again under the same key.
func (a *Activities) CollectInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	if err := a.configured(); err != nil {
		return InvoiceState{}, report(err)
	}
	call := a.call(ctx, in.Realm)
	attempt, ok, err := a.Store.InvoiceAttempt(ctx, call, in.Invoice)
	if err != nil {
		return InvoiceState{}, report(err)
	}
	if !ok {
		return a.InspectInvoice(ctx, in)
	}
	inv, _, err := a.Store.FindInvoice(ctx, call, in.Invoice)
	if err != nil {
		return InvoiceState{}, report(err)
	}
	known, err := a.Stripe.GetInvoice(ctx, inv.StripeInvoice)
	if err != nil {
		return stateOf(inv), report(err)
	}
	key := keys.StripeInvoicePay(inv.ID, attempt)
	if known.Paid {
		// The attempt, if it was made, has succeeded: nobody need ask for its outcome again.
		if err := a.Store.EndCall(ctx, call, key, models.CallSucceeded, known.ChargeID); err != nil {
			return stateOf(inv), report(err)
		}
		return a.paid(ctx, call, in, known)
	}
	var result gateway.PayResult
	_, err = a.provider(ctx, call, outbound{key: key, account: inv.BillingAccountID, verb: "invoice.pay", object: keys.Encode(keys.Invoice, inv.ID),
		params: inv.StripeInvoice}, func() (string, error) {
		result, err = a.Stripe.PayInvoice(ctx, key, inv.StripeInvoice)
		return result.ChargeID, err
	})
	if err != nil {
		return stateOf(inv), report(err)
	}
	if result.ID == "" { // made before, and its answer was not recorded here
		if result.Invoice, err = a.Stripe.GetInvoice(ctx, inv.StripeInvoice); err != nil {
			return stateOf(inv), report(err)
		}
		result.Declined, result.DeclineCode = !result.Paid && result.LastError != nil, declineCode(result.LastError)
	}
	if result.Declined {
		if err := a.Store.RecordDecline(ctx, call, inv.ID, declineRef(result, key), result.DeclineCode); err != nil {
			return stateOf(inv), report(err)
		}
		return a.InspectInvoice(ctx, in)
	}
	if !result.Paid {
		// A bank debit takes days. Nothing else is tried meanwhile; this attempt is looked at again, or its event comes.
		return stateOf(inv), report(fault.New(fault.Unavailable, "payment_processing", "The payment is under way and has no outcome yet."))
	}
	return a.paid(ctx, call, in, result.Invoice)
}

// declineCode is the issuer's reason, or the provider's where the issuer gives none.
func declineCode(e *gateway.PaymentError) string {
	if e == nil {
		return ""
	}
	if e.DeclineCode == "" {
		return e.Code
	}
	return e.DeclineCode
}

func declineRef(r gateway.PayResult, key string) string {
	if r.LastError != nil && r.LastError.ChargeID != "" {
		return r.LastError.ChargeID
	}
	return key
}

func (a *Activities) paid(ctx context.Context, call store.Call, in InvoiceInput, at gateway.Invoice) (InvoiceState, error) {
	if _, err := a.Store.RecordPayment(ctx, call, paidFor(in.Invoice, at)); err != nil {
		return InvoiceState{}, report(err)
	}
	return a.InspectInvoice(ctx, in)
}

// paidFor names the money, so that an answer and every event about it are one payment.
func paidFor(invoice uuid.UUID, at gateway.Invoice) store.Paid {
	p := store.Paid{Invoice: invoice, Object: at.ID, Ref: at.ChargeID, Amount: at.AmountPaid, OutOfBand: at.PaidOutOfBand}
	if p.Ref == "" {
		p.Ref = at.ID + ":oob"
	}
	return p
}

// metadata ties a provider object to ours; it names ids and carries neither amounts nor people.
func metadata(call store.Call, account uuid.UUID, object string) map[string]string {
	return map[string]string{"app": "durabill", "realm_id": keys.Encode(keys.Realm, call.Realm), "ba_id": keys.Encode(keys.BillingAccount, account),
		"obj": object, "schema": "1"}
}

// outbound is one write to the provider.
type outbound struct {
	key     string
	account uuid.UUID
	verb    string
	object  string
	params  any
	// found looks for the effect of a try whose outcome is unknown, since the provider may repeat a failure under the same
	// key for ever; an empty reference means that there was none. Without it the call is made again.
	found func() (string, error)
}

// configured refuses work that needs a provider where there is none.
func (a *Activities) configured() error {
	if a.Stripe == nil {
		return fault.New(fault.Conflict, "provider_not_configured", "No payment provider is configured.")
	}
	return nil
}

// provider writes the call down, makes it unless its result is known, and notes what became of it.
func (a *Activities) provider(ctx context.Context, call store.Call, o outbound, send func() (string, error)) (string, error) {
	if err := a.configured(); err != nil {
		return "", err
	}
	raw, err := json.Marshal(o.params)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(raw)
	known, err := a.Store.BeginCall(ctx, call, store.NewCall{Key: o.key, Account: o.account, Verb: o.verb, ObjectRef: o.object, ParamsHash: hash[:]})
	if err != nil {
		return "", err
	}
	if known.Status == models.CallSucceeded {
		return known.ResultRef, nil
	}
	ref := ""
	if known.Status == models.CallUnknown && o.found != nil {
		if ref, err = o.found(); err != nil {
			return "", err
		}
	}
	if ref == "" {
		ref, err = send()
	}
	status := models.CallSucceeded
	switch {
	case gateway.Ambiguous(err):
		status = models.CallUnknown
	case err != nil:
		status = models.CallFailed
	}
	if ended := a.Store.EndCall(ctx, call, o.key, status, ref); ended != nil {
		return ref, ended
	}
	return ref, err
}
