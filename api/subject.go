package api

import (
	"context"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
)

// SubjectHeaders is embedded in the inputs of runtime calls: they name the account of a runtime call, for callers that set them once for all calls.
type SubjectHeaders struct {
	PrincipalHeader string `header:"X-Principal-Id" maxLength:"255" doc:"The caller's own id of the account, unless the body names it."`
	AccountHeader   string `header:"X-Billing-Account-Id" maxLength:"64" doc:"The account, unless the body names it."`
}

// subject names an account in one of two ways; both together must name the same one. The places are where a problem points.
type subject struct {
	principal, account     string
	principalAt, accountAt string
}

// or is what the body ("/") or the query ("?") says, or else the headers.
func (h SubjectHeaders) or(place, principal, account string) subject {
	if principal == "" && account == "" && (h.PrincipalHeader != "" || h.AccountHeader != "") {
		return subject{principal: h.PrincipalHeader, account: h.AccountHeader, principalAt: "@X-Principal-Id", accountAt: "@X-Billing-Account-Id"}
	}
	return subject{principal: principal, account: account, principalAt: place + "principal_id", accountAt: place + "billing_account_id"}
}

// accountOf finds the account that a runtime call is about.
func (b base) accountOf(ctx context.Context, s subject) (uuid.UUID, error) {
	var named *uuid.UUID
	if s.account != "" {
		id, err := idAt(keys.BillingAccount, s.accountAt, s.account)
		if err != nil || s.principal == "" {
			return id, err
		}
		named = &id
	}
	if s.principal == "" {
		return uuid.Nil, fault.At(s.principalAt, "required", "Name the account: principal_id or billing_account_id, or a header of either.")
	}
	a, err := b.store.FindPrincipal(ctx, callOf(ctx), s.principal)
	if err != nil {
		return uuid.Nil, err
	}
	if named != nil && *named != a.ID {
		return uuid.Nil, fault.At(s.accountAt, "bad_format", "principal_id and billing_account_id name two accounts.")
	}
	return a.ID, nil
}

// cash puts a rounded or posted amount on the wire.
func cash(v decimal.Decimal, a money.Asset) Money { return moneyOf(money.Amount{Value: v, Asset: a}) }

// exact puts an amount before rounding on the wire.
func exact(v decimal.Decimal, a money.Asset) Cost { return costOf(money.Amount{Value: v, Asset: a}) }

// maybeText puts an optional text on the wire.
func maybeText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
