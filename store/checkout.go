package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/durabill/durabill/billing/invoicing"
	"github.com/durabill/durabill/billing/ledger"
	"github.com/durabill/durabill/billing/money"
	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

// NewCheckout is a purchase of credits to be offered.
type NewCheckout struct {
	Account    uuid.UUID
	Asset      money.Asset
	Quantity   decimal.Decimal
	SuccessURL string
	CancelURL  string
}

// OpenCheckout writes down what is offered and at which price; the provider is asked afterwards.
func (s *Store) OpenCheckout(ctx context.Context, call Call, in NewCheckout) (models.CheckoutSession, error) {
	return decide(ctx, s, call, func(t *tx) (models.CheckoutSession, error) {
		account, now, err := t.lockAccount(in.Account)
		if err != nil {
			return models.CheckoutSession{}, err
		}
		if err := refuseClosed(account); err != nil {
			return models.CheckoutSession{}, err
		}
		if account.Currency == nil {
			return models.CheckoutSession{}, fault.New(fault.Conflict, "state_conflict", "The account has no currency yet.")
		}
		value, ok, err := t.creditValueAt(in.Asset, *account.Currency, now)
		if err != nil {
			return models.CheckoutSession{}, err
		}
		if !ok {
			return models.CheckoutSession{}, fault.At("/credit_type", "price_missing", "%s has no value in %s.", in.Asset, *account.Currency)
		}
		total, err := invoicing.Total(*account.Currency, []invoicing.Line{{Kind: invoicing.KindFee, Exact: in.Quantity.Mul(value.Value)}})
		if err != nil {
			return models.CheckoutSession{}, err
		}
		if !total.Total.IsPositive() {
			return models.CheckoutSession{}, fault.At("/quantity", "out_of_range", "The purchase comes to nothing.")
		}
		if _, err := money.ToMinor(money.Amount{Value: total.Total, Asset: *account.Currency}); err != nil {
			return models.CheckoutSession{}, fault.At("/quantity", "out_of_range", "No payment provider takes that much at once.").Because(err)
		}
		c := models.CheckoutSession{Row: models.Row{RealmID: call.Realm, ID: models.NewID()}, BillingAccountID: account.ID, Asset: in.Asset,
			Quantity: in.Quantity, Amount: total.Total, Currency: *account.Currency, Status: models.CheckoutPending, SuccessURL: in.SuccessURL,
			CancelURL: in.CancelURL, Version: 1, Times: models.At(now)}
		if err := t.Create(&c).Error; err != nil {
			return c, err
		}
		return c, t.audit("checkout_session.create", object{kind: "checkout_session", prefix: keys.Checkout, id: c.ID}, nil, c, now)
	})
}

// FindCheckout reads one checkout session.
func (s *Store) FindCheckout(ctx context.Context, call Call, id uuid.UUID) (models.CheckoutSession, error) {
	return get[models.CheckoutSession](ctx, s, call, id)
}

// LinkCheckout notes the provider's session and where the customer pays.
func (s *Store) LinkCheckout(ctx context.Context, call Call, id uuid.UUID, session, url string) (models.CheckoutSession, error) {
	var c models.CheckoutSession
	err := s.within(ctx, call, func(t *tx) error {
		var err error
		if c, err = lock[models.CheckoutSession](t, id); err != nil || c.Status != models.CheckoutPending {
			return err
		}
		if err := c.To(models.CheckoutOpen); err != nil {
			return err
		}
		c.StripeSession, c.URL = session, url
		return t.Save(&c).Error
	})
	return c, err
}

// ExpireCheckout ends a purchase whose page can be paid on no more, and says whether it did: not where another session of the
// provider's stands for it, and not where it has ended already, except that a repeat says the same again.
func (s *Store) ExpireCheckout(ctx context.Context, call Call, id uuid.UUID, session string) (uuid.UUID, bool, error) {
	var (
		c       models.CheckoutSession
		expired bool
	)
	err := s.within(ctx, call, func(t *tx) error {
		var err error
		if c, err = lock[models.CheckoutSession](t, id); err != nil {
			return err
		}
		if expired = c.StripeSession == "" || c.StripeSession == session; !expired || c.Status == models.CheckoutExpired {
			return nil
		}
		if expired = c.Status != models.CheckoutComplete; !expired {
			return nil
		}
		if err := c.To(models.CheckoutExpired); err != nil {
			return err
		}
		c.StripeSession = session
		return t.Save(&c).Error
	})
	return c.BillingAccountID, expired, err
}

// Purchase is what the provider says was paid for a checkout session.
type Purchase struct {
	Checkout uuid.UUID
	Session  string
	Payment  string // the payment object: one purchase, whichever event tells of it
	Amount   money.Amount
}

// CompleteCheckout gives the credits that were paid for, once per payment. What was paid is compared with what we offered,
// and only what we offered is given; money that does not match is kept apart and stops the account.
func (s *Store) CompleteCheckout(ctx context.Context, call Call, in Purchase) (uuid.UUID, error) {
	var owner uuid.UUID
	err := s.within(ctx, call, func(t *tx) error {
		c, err := find[models.CheckoutSession](t, in.Checkout)
		if err != nil {
			return err
		}
		owner = c.BillingAccountID
		account, now, err := t.lockAccount(c.BillingAccountID)
		if err != nil {
			return err
		}
		if c, err = lock[models.CheckoutSession](t, in.Checkout); err != nil {
			return err
		}
		fresh, err := insertOnce(t, &models.ProviderEffect{RealmID: call.Realm, Provider: Stripe, ObjectID: in.Payment, Effect: "topup", Times: models.At(now)})
		if err != nil || !fresh {
			return err
		}
		p := models.Payment{Row: models.Row{RealmID: call.Realm, ID: models.NewID()}, BillingAccountID: account.ID, Provider: Stripe,
			ProviderRef: in.Payment, Status: models.PaymentSucceeded, Amount: in.Amount.Value, Currency: in.Amount.Asset, Attempt: 1, Times: models.At(now)}
		if err := t.Create(&p).Error; err != nil {
			return err
		}
		h := header{key: keys.CreditsPurchased(in.Payment), account: account.ID, sourceType: "checkout_session",
			sourceID: keys.Encode(keys.Checkout, c.ID), effectiveAt: now, now: now}
		if in.Amount.Asset != c.Currency || !in.Amount.Value.Equal(c.Amount) || c.Status == models.CheckoutComplete {
			posting, err := ledger.CashUnapplied(wire(account.ID), in.Amount.Asset, in.Amount.Value)
			if err != nil {
				return err
			}
			if _, err := t.post(posting, h); err != nil {
				return err
			}
			return t.park(account, "payment "+in.Payment+" does not match "+h.sourceID, now)
		}
		return t.givePurchase(&c, in, h)
	})
	return owner, err
}

func (t *tx) givePurchase(c *models.CheckoutSession, in Purchase, h header) error {
	lot := models.CreditLot{Row: models.Row{RealmID: t.call.Realm, ID: models.NewID()}, BillingAccountID: c.BillingAccountID, Asset: c.Asset,
		SourceKind: models.LotFromPurchase, SourceRef: in.Payment, Issued: c.Quantity, Remaining: c.Quantity, Cost: c.Amount, CostCurrency: c.Currency,
		Priority: defaultPriority, Status: models.LotActive, Posted: true, GrantedAt: h.now, Times: models.At(h.now)}
	if err := t.Create(&lot).Error; err != nil {
		return err
	}
	if err := t.addFunds(lot.BillingAccountID, lot.Asset, lot.Issued, decimal.Zero); err != nil {
		return err
	}
	posting, err := ledger.CreditsPurchased(wire(c.BillingAccountID), ledger.LotValue{Asset: c.Asset, Amount: c.Quantity, Currency: c.Currency, Cost: c.Amount})
	if err != nil {
		return err
	}
	if _, err := t.post(posting, h); err != nil {
		return err
	}
	if err := c.To(models.CheckoutComplete); err != nil {
		return err
	}
	c.StripeSession, c.LotID = in.Session, &lot.ID
	return t.Save(c).Error
}

// defaultPriority is a lot's place in the burn order when nobody said otherwise.
const defaultPriority = 100
