package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/config"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
	"github.com/durabill/durabill/store"
)

type migrateCommand struct {
	Database config.Database `embed:"" prefix:"database-"`
}

func (c *migrateCommand) Run(ctx context.Context) error {
	if err := c.Database.Check(); err != nil {
		return err
	}
	steps, err := store.Migrate(ctx, c.Database.URL)
	if err == nil {
		fmt.Printf("%d migrations applied\n", steps)
	}
	return err
}

type seedCommand struct {
	config.Config `embed:""`
	File          string `short:"f" type:"existingfile" help:"Catalog file; without one, the example's."`
	WebhookSecret string `env:"DURABILL_STRIPE_WEBHOOK_SECRET" help:"Signing secret of the Stripe endpoint whose events the realm is to receive." placeholder:"SECRET"`
	Livemode      bool   `help:"That endpoint receives events of Stripe's live mode."`
}

func (c *seedCommand) Run(ctx context.Context) error {
	file := example.Vyndara
	if c.File != "" {
		var err error
		if file, err = os.ReadFile(c.File); err != nil {
			return err
		}
	}
	if err := c.Validate(); err != nil {
		return err
	}
	st, err := store.Open(ctx, store.Config{URL: c.Database.URL, MaxConns: 4, Log: c.Log.Logger()})
	if err != nil {
		return err
	}
	defer st.Close()
	access := example.Access{Pepper: c.Derive("service-key"), Scopes: api.Scopes(), Endpoint: models.NewID(), WebhookSecret: c.WebhookSecret,
		Livemode: c.Livemode}
	seeded, err := example.Seed(ctx, st, file, access)
	if err != nil {
		return err
	}
	if !seeded.Loaded {
		fmt.Printf("realm %s is there already\n", seeded.Realm.Code)
		return nil
	}
	fmt.Printf("realm %s is loaded\nservice key, shown this once: %s\n", seeded.Realm.Code, seeded.Key.Reveal())
	if c.WebhookSecret != "" {
		fmt.Printf("Stripe delivers to /webhooks/stripe/%s\n", keys.Encode(keys.WebhookEndpoint, access.Endpoint))
	}
	return nil
}

type rollCommand struct {
	Database config.Database `embed:"" prefix:"database-"`
	Log      config.Log      `embed:"" prefix:"log-"`
	Endpoint string          `arg:"" help:"The endpoint, whe_…"`
	Secret   string          `required:"" env:"DURABILL_STRIPE_WEBHOOK_SECRET" help:"The new signing secret." placeholder:"SECRET"`
	Overlap  time.Duration   `default:"24h" help:"For how long the old secret is accepted."`
}

func (c *rollCommand) Run(ctx context.Context) error {
	if err := c.Database.Check(); err != nil {
		return err
	}
	id, err := keys.Decode(keys.WebhookEndpoint, c.Endpoint)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, store.Config{URL: c.Database.URL, MaxConns: 4, Log: c.Log.Logger()})
	if err != nil {
		return err
	}
	defer st.Close()
	e, err := st.FindStripeEndpoint(ctx, id)
	if err != nil {
		return err
	}
	if e, err = st.RollStripeSecret(ctx, store.Call{Realm: e.RealmID, Actor: "cli"}, id, c.Secret, c.Overlap); err != nil {
		return err
	}
	fmt.Printf("%s expects the new secret", c.Endpoint)
	if e.OldSecretUntil != nil {
		fmt.Printf("; the old one is accepted until %s", e.OldSecretUntil.Format(time.RFC3339))
	}
	fmt.Println()
	return nil
}

type verifyCommand struct {
	Database   config.Database `embed:"" prefix:"database-"`
	Log        config.Log      `embed:"" prefix:"log-"`
	Invariants []string        `arg:"" optional:"" help:"Invariants to check, such as I-01; all when none is named."`
}

var errViolated = errors.New("invariants are violated")

func (c *verifyCommand) Run(ctx context.Context) error {
	if err := c.Database.Check(); err != nil {
		return err
	}
	st, err := store.Open(ctx, store.Config{URL: c.Database.URL, MaxConns: 4, Log: c.Log.Logger()})
	if err != nil {
		return err
	}
	defer st.Close()
	reports, err := st.VerifyRealms(ctx, c.Invariants...)
	if err != nil {
		return err
	}
	violations := 0
	for _, r := range reports {
		for _, f := range r.Findings {
			mark := "ok"
			if len(f.Violations) > 0 {
				mark = "VIOLATED"
			}
			fmt.Printf("%-12s %-5s %-9s %s\n", r.RealmCode, f.ID, mark, f.Title)
			for _, v := range f.Violations {
				fmt.Printf("  %s: %s\n", v.Key, v.Detail)
			}
		}
		violations += r.Violations()
	}
	if violations > 0 {
		return errViolated
	}
	return nil
}
