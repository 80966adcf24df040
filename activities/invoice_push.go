package activities

import (
	"context"
	"time"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

// PushInvoice gives the provider its copy: customer, invoice, one item per line, finalised. Each call has its own key, and
// one that succeeded before is not made again.
func (a *Activities) PushInvoice(ctx context.Context, in InvoiceInput) (InvoiceState, error) {
	call := a.call(ctx, in.Realm)
	inv, lines, err := a.Store.FindInvoice(ctx, call, in.Invoice)
	if err != nil || inv.StripeInvoice != "" {
		return stateOf(inv), report(err)
	}
	account, err := a.Store.WorkingAccount(ctx, call, inv.BillingAccountID)
	if err != nil || account.Status == models.AccountClosed {
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
	if err := a.pushRest(ctx, call, pushed{inv, ref, customer}); err != nil {
		return stateOf(inv), report(err)
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
	ref, err := provide(ctx, a, call, outbound[gateway.CustomerParams]{key: p.Key, account: account.ID, verb: "customer.create", object: ba, params: p,
		send: func(ctx context.Context, key string, p gateway.CustomerParams) (string, error) {
			p.Key = key
			c, err := a.Stripe.CreateCustomer(ctx, p)
			return c.ID, err
		},
		find: func(ctx context.Context, since time.Time, p gateway.CustomerParams) (string, error) {
			c, err := a.Stripe.FindCustomer(ctx, since, p)
			return c.ID, err
		}})
	if err != nil {
		return "", err
	}
	return ref, a.Store.LinkCustomer(ctx, call, account.ID, ref)
}

func (a *Activities) pushNew(ctx context.Context, call store.Call, inv models.Invoice, customer string) (string, error) {
	id := keys.Encode(keys.Invoice, inv.ID)
	p := gateway.InvoiceParams{Key: keys.StripeInvoiceNew(inv.ID), CustomerID: customer, Currency: inv.Currency, Description: *inv.Number,
		Metadata: metadata(call, inv.BillingAccountID, id)}
	return provide(ctx, a, call, outbound[gateway.InvoiceParams]{key: p.Key, account: inv.BillingAccountID, verb: "invoice.create", object: id, params: p,
		send: func(ctx context.Context, key string, p gateway.InvoiceParams) (string, error) {
			p.Key = key
			made, err := a.Stripe.CreateInvoice(ctx, p)
			return made.ID, err
		},
		find: func(ctx context.Context, since time.Time, p gateway.InvoiceParams) (string, error) {
			made, err := a.Stripe.FindInvoice(ctx, since, p)
			return made.ID, err
		}})
}

// pushed is an invoice with the ids of its copy at the provider.
type pushed struct {
	models.Invoice
	ref      string
	customer string
}

func (a *Activities) pushLine(ctx context.Context, call store.Call, inv pushed, l models.InvoiceLine) error {
	id := keys.Encode(keys.InvoiceLine, l.ID)
	return a.pushItem(ctx, call, inv, id, gateway.ItemParams{Key: keys.StripeInvoiceLine(inv.ID, l.ID),
		Amount: money.Amount{Value: l.Amount, Asset: inv.Currency}, Description: l.Description,
		Period: gateway.Period{Start: l.PeriodStart, End: l.PeriodEnd}})
}

// pushRest puts on the copy what stands between the lines and the amount due, so that it can be read there line by line: what
// smaller invoices before it still owe, and the account credit that paid for a part.
func (a *Activities) pushRest(ctx context.Context, call store.Call, inv pushed) error {
	carried, err := a.Store.CarriedInto(ctx, call, inv.ID)
	if err != nil {
		return err
	}
	for _, from := range carried {
		if err := a.pushItem(ctx, call, inv, keys.Encode(keys.Invoice, from.ID), gateway.ItemParams{Key: keys.StripeInvoiceCarried(inv.ID, from.ID),
			Amount: money.Amount{Value: from.AmountDue(), Asset: inv.Currency}, Description: "Carried from " + *from.Number}); err != nil {
			return err
		}
	}
	if inv.AppliedCredits.IsZero() {
		return nil
	}
	return a.pushItem(ctx, call, inv, keys.Encode(keys.Invoice, inv.ID), gateway.ItemParams{Key: keys.StripeInvoiceCredit(inv.ID),
		Amount: money.Amount{Value: inv.AppliedCredits.Neg(), Asset: inv.Currency}, Description: "Account credit"})
}

func (a *Activities) pushItem(ctx context.Context, call store.Call, inv pushed, id string, p gateway.ItemParams) error {
	p.InvoiceID, p.CustomerID, p.Metadata = inv.ref, inv.customer, metadata(call, inv.BillingAccountID, id)
	_, err := provide(ctx, a, call, outbound[gateway.ItemParams]{key: p.Key, account: inv.BillingAccountID, verb: "invoice_item.create", object: id, params: p,
		send: func(ctx context.Context, key string, p gateway.ItemParams) (string, error) {
			p.Key = key
			item, err := a.Stripe.AddInvoiceItem(ctx, p)
			return item.ID, err
		},
		find: func(ctx context.Context, _ time.Time, p gateway.ItemParams) (string, error) {
			item, err := a.Stripe.FindInvoiceItem(ctx, p)
			return item.ID, err
		}})
	return err
}

// pushFinal finalises the provider's copy and refuses to go on when it does not come to the same total.
func (a *Activities) pushFinal(ctx context.Context, call store.Call, inv models.Invoice, ref string) (string, error) {
	id := keys.Encode(keys.Invoice, inv.ID)
	if _, err := provide(ctx, a, call, outbound[string]{key: keys.StripeInvoiceFinalize(inv.ID), account: inv.BillingAccountID, verb: "invoice.finalize",
		object: id, params: ref,
		send: func(ctx context.Context, key, ref string) (string, error) {
			final, err := a.Stripe.FinalizeInvoice(ctx, key, ref)
			return final.ID, err
		},
		find: func(ctx context.Context, _ time.Time, ref string) (string, error) {
			got, err := a.Stripe.GetInvoice(ctx, ref)
			if err != nil || got.Status == gateway.InvoiceDraft {
				return "", err
			}
			return ref, nil
		}}); err != nil {
		return "", err
	}
	got, err := a.Stripe.GetInvoice(ctx, ref)
	if err != nil {
		return "", err
	}
	if !got.Total.Value.Equal(inv.AmountDue()) || got.Total.Asset != inv.Currency {
		return "", fault.New(fault.Conflict, "provider_mismatch", "%s is %s here and %s at the provider.", id,
			money.Amount{Value: inv.AmountDue(), Asset: inv.Currency}, got.Total)
	}
	return got.HostedURL, nil
}
