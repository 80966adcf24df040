package gateway

import (
	"context"

	"github.com/stripe/stripe-go/v76"
)

// CustomerParams describe a new customer.
type CustomerParams struct {
	Key      string
	Name     string
	Email    string
	Metadata map[string]string
}

// Customer is Stripe's record of who pays.
type Customer struct {
	ID       string
	Name     string
	Email    string
	Deleted  bool
	Metadata map[string]string
}

// CreateCustomer makes a customer.
func (s *Stripe) CreateCustomer(ctx context.Context, p CustomerParams) (Customer, error) {
	params, err := write(ctx, p.Key)
	if err != nil {
		return Customer{}, err
	}
	c, err := s.customers.New(&stripe.CustomerParams{Params: params, Name: optional(p.Name), Email: optional(p.Email),
		Metadata: p.Metadata})
	if err != nil {
		return Customer{}, failed("create customer", err)
	}
	return customerOf(c), nil
}

// GetCustomer fetches a customer; a deleted one is returned as such.
func (s *Stripe) GetCustomer(ctx context.Context, id string) (Customer, error) {
	if err := needID(id); err != nil {
		return Customer{}, err
	}
	c, err := s.customers.Get(id, &stripe.CustomerParams{Params: read(ctx)})
	if err != nil {
		return Customer{}, readFailed("get customer", err)
	}
	return customerOf(c), nil
}

func customerOf(c *stripe.Customer) Customer {
	return Customer{ID: c.ID, Name: c.Name, Email: c.Email, Deleted: c.Deleted, Metadata: c.Metadata}
}
