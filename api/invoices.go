package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type invoices struct{ base }

type invoice struct {
	ID               string   `json:"id" example:"inv_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string   `json:"billing_account_id"`
	Number           *string  `json:"number" nullable:"true" example:"INV-000002" doc:"Given when it is finalised."`
	Status           string   `json:"status" enum:"draft,open,paid,void,uncollectible"`
	Collection       string   `json:"collection" enum:"none,due,collecting,unknown,failed,carried"`
	CollectBy        string   `json:"collect_by" enum:"stripe,manual,export,none"`
	BillingEntity    string   `json:"billing_entity"`
	Subtotal         Money    `json:"subtotal"`
	Tax              Money    `json:"tax"`
	Total            Money    `json:"total"`
	AppliedCredits   Money    `json:"applied_credits" doc:"Account credit that paid for part of the total."`
	CarriedIn        Money    `json:"carried_in" doc:"What smaller invoices before it still owe, collected with this one."`
	AmountDue        Money    `json:"amount_due" doc:"What is collected by way of this invoice: total - applied_credits + carried_in."`
	CarriedTo        *string  `json:"carried_to" nullable:"true" doc:"The invoice that this one is collected with."`
	Rounding         Cost     `json:"rounding" doc:"Sum of the rounded lines less the sum of the exact ones."`
	BoundaryAt       Instant  `json:"boundary_at" doc:"The instant at which what it bills ended or began."`
	FinalizedAt      *Instant `json:"finalized_at" nullable:"true" doc:"The boundary plus grace."`
	PaidAt           *Instant `json:"paid_at" nullable:"true"`
	Attempts         int      `json:"attempts"`
	DeclineCode      *string  `json:"decline_code" nullable:"true"`
	NextAttemptAt    *Instant `json:"next_attempt_at" nullable:"true" doc:"When a declined invoice is tried again by itself."`
	StripeInvoice    *string  `json:"stripe_invoice" nullable:"true"`
	HostedURL        *string  `json:"hosted_url" nullable:"true"`
	Version          int64    `json:"version"`
	RecordedAt       Instant  `json:"recorded_at"`

	Lines   []invoiceLine    `json:"lines,omitempty" doc:"Only in the read of one."`
	Carried []carriedInvoice `json:"carried,omitempty" doc:"What carried_in is made of; only in the read of one."`
}

// carriedInvoice is an invoice too small to be collected alone.
type carriedInvoice struct {
	InvoiceID string  `json:"invoice_id"`
	Number    *string `json:"number" nullable:"true"`
	AmountDue Money   `json:"amount_due"`
}

type invoiceLine struct {
	ID          string      `json:"id" example:"inl_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	Kind        string      `json:"kind" enum:"fee,usage"`
	Description string      `json:"description"`
	PeriodStart Instant     `json:"period_start"`
	PeriodEnd   Instant     `json:"period_end"`
	MeterCode   *string     `json:"meter_code" nullable:"true"`
	Unit        *string     `json:"unit" nullable:"true"`
	Quantity    Quantity    `json:"quantity"`
	Covered     Maybe[Cost] `json:"covered" doc:"What credits paid for."`
	Overage     Maybe[Cost] `json:"overage" doc:"What was left to pay, in the asset the usage is priced in."`
	ExactAmount Cost        `json:"exact_amount"`
	Amount      Money       `json:"amount"`
}

type payments struct{ base }

type payment struct {
	ID               string  `json:"id" example:"pay_01j8zq4v2ne5a8tqv1m3x7c9kd"`
	BillingAccountID string  `json:"billing_account_id"`
	InvoiceID        *string `json:"invoice_id" nullable:"true" doc:"Absent for a purchase of credits, and for money that matches nothing."`
	Provider         string  `json:"provider" example:"stripe"`
	ProviderRef      string  `json:"provider_ref"`
	Status           string  `json:"status" enum:"pending,unknown,succeeded,failed"`
	Amount           Money   `json:"amount"`
	Attempt          int     `json:"attempt"`
	DeclineCode      *string `json:"decline_code" nullable:"true"`
	EffectiveAt      Instant `json:"effective_at"`
	RecordedAt       Instant `json:"recorded_at"`
}

type listInvoicesIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	Status           string `query:"status" enum:"draft,open,paid,void,uncollectible"`
}

type listPaymentsIn struct {
	PageQuery
	BillingAccountID string `query:"billing_account_id"`
	InvoiceID        string `query:"invoice_id"`
}

func (r invoices) register(a huma.API) {
	const tag = "Billing"
	get(a, op{ID: "listInvoices", Path: "/mgt/v1/invoices", Summary: "Invoices", Tag: tag, Scope: "billing:read"}, r.list)
	get(a, op{ID: "getInvoice", Path: "/mgt/v1/invoices/{id}", Summary: "One invoice with its lines", Tag: tag, Scope: "billing:read"}, r.one)
}

func (r payments) register(a huma.API) {
	get(a, op{ID: "listPayments", Path: "/mgt/v1/payments", Summary: "Payments", Description: "Attempts to be paid, each once for each provider object.",
		Tag: "Billing", Scope: "billing:read"}, r.list)
}

func (r invoices) list(ctx context.Context, in *listInvoicesIn) (*List[invoice], error) {
	account, err := r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID)
	if err != nil {
		return nil, err
	}
	filter := store.InvoiceFilter{Account: account, Status: models.InvoiceStatus(in.Status)}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.Invoice, bool, error) {
		return r.store.ListInvoices(ctx, callOf(ctx), p, filter)
	}, showInvoice)
}

func (r invoices) one(ctx context.Context, in *idPath) (*One[invoice], error) {
	id, err := pathID(keys.Invoice, in.ID)
	if err != nil {
		return nil, err
	}
	row, lines, err := r.store.FindInvoice(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out, _ := showInvoice(row)
	for _, l := range lines {
		out.Lines = append(out.Lines, showLine(l, row.Currency))
	}
	carried, err := r.store.CarriedInto(ctx, callOf(ctx), id)
	if err != nil {
		return nil, err
	}
	for _, c := range carried {
		out.Carried = append(out.Carried, carriedInvoice{InvoiceID: keys.Encode(keys.Invoice, c.ID), Number: c.Number, AmountDue: cash(c.AmountDue(), c.Currency)})
	}
	return &One[invoice]{ETag: etagOf(row.Version), Body: out}, nil
}

func showInvoice(i models.Invoice) (invoice, uuid.UUID) {
	return invoice{ID: keys.Encode(keys.Invoice, i.ID), BillingAccountID: keys.Encode(keys.BillingAccount, i.BillingAccountID), Number: i.Number,
		Status: string(i.Status), Collection: string(i.Collection), CollectBy: string(i.CollectBy), BillingEntity: i.BillingEntity,
		Subtotal: cash(i.Subtotal, i.Currency), Tax: cash(i.Tax, i.Currency), Total: cash(i.Total, i.Currency), AppliedCredits: cash(i.AppliedCredits, i.Currency),
		CarriedIn: cash(i.CarriedIn, i.Currency), AmountDue: cash(i.AmountDue(), i.Currency), CarriedTo: maybeID(keys.Invoice, i.CarriedTo), Rounding: exact(i.Rounding, i.Currency),
		BoundaryAt: instant(i.BoundaryAt), FinalizedAt: maybe(i.FinalizedAt), PaidAt: maybe(i.PaidAt), Attempts: i.Attempts,
		DeclineCode: maybeText(i.DeclineCode), NextAttemptAt: maybe(i.NextAttemptAt), StripeInvoice: maybeText(i.StripeInvoice), HostedURL: maybeText(i.HostedURL), Version: i.Version,
		RecordedAt: instant(i.RecordedAt)}, i.ID
}

func showLine(l models.InvoiceLine, currency money.Asset) invoiceLine {
	out := invoiceLine{ID: keys.Encode(keys.InvoiceLine, l.ID), Kind: l.Kind, Description: l.Description, PeriodStart: instant(l.PeriodStart),
		PeriodEnd: instant(l.PeriodEnd), MeterCode: maybeText(l.MeterCode), Unit: maybeText(l.Unit), Quantity: quantity(l.Quantity),
		ExactAmount: exact(l.ExactAmount, currency), Amount: cash(l.Amount, currency)}
	if l.CoveredAsset != "" {
		out.Covered, out.Overage = just(exact(l.Covered, l.CoveredAsset)), just(exact(l.Overage, l.CoveredAsset))
	}
	return out
}

func (r payments) list(ctx context.Context, in *listPaymentsIn) (*List[payment], error) {
	var filter store.PaymentFilter
	var err error
	if filter.Account, err = r.filterID(ctx, keys.BillingAccount, "billing_account_id", in.BillingAccountID); err != nil {
		return nil, err
	}
	if filter.Invoice, err = r.filterID(ctx, keys.Invoice, "invoice_id", in.InvoiceID); err != nil {
		return nil, err
	}
	return listed(ctx, r.base, in.PageQuery, func(p store.Page) ([]models.Payment, bool, error) {
		return r.store.ListPayments(ctx, callOf(ctx), p, filter)
	}, showPayment)
}

func showPayment(p models.Payment) (payment, uuid.UUID) {
	return payment{ID: keys.Encode(keys.Payment, p.ID), BillingAccountID: keys.Encode(keys.BillingAccount, p.BillingAccountID),
		InvoiceID: maybeID(keys.Invoice, p.InvoiceID), Provider: p.Provider, ProviderRef: p.ProviderRef, Status: string(p.Status),
		Amount: cash(p.Amount, p.Currency), Attempt: p.Attempt, DeclineCode: maybeText(p.DeclineCode), EffectiveAt: instant(p.EffectiveAt),
		RecordedAt: instant(p.RecordedAt)}, p.ID
}
