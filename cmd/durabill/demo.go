package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/durabill/durabill/api"
	"github.com/durabill/durabill/example"
	"github.com/durabill/durabill/server"
)

// demo seeds the example, plays it from wherever its clock stands, and says what there is to see.
func (c *devCommand) demo(ctx context.Context, s *server.Server, d *devstack) error {
	seeded, err := example.Seed(ctx, s.Store(), example.Vyndara, example.Demo(d.cfg.Derive("service-key"), api.Scopes()))
	if err != nil {
		return err
	}
	realm := seeded.Realm
	if seeded.Loaded {
		say("Realm %s: catalog loaded", realm.Code)
	}
	client := example.Client{Base: "http://" + s.Addr(), Key: example.DemoKey.Reveal(), Realm: realm.Code}
	began := time.Now()
	story, err := example.Play(ctx, client, func(step string) { say("  %s", step) })
	if err != nil {
		return fmt.Errorf("example: %w", err)
	}
	say("Example told in %s", time.Since(began).Round(100*time.Millisecond))
	block, err := readyBlock(ctx, story, d)
	if err != nil {
		return err
	}
	fmt.Print(block)
	<-ctx.Done()
	return ctx.Err()
}

// readyBlock is what a newcomer needs: where everything is, what was billed, and one command that ends in a number.
func readyBlock(ctx context.Context, story *example.Story, d *devstack) (string, error) {
	billed, err := story.Billed(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := strings.Repeat("─", 100)
	fmt.Fprintf(&b, "\n%s\nDurabill is ready\n\n", line)
	fmt.Fprintf(&b, "  API       %s\n  API docs  %s/docs\n  Health    %s/readyz\n  Metrics   http://%s/metrics\n  Temporal  %s\n  Database  %s\n",
		story.Base, story.Base, story.Base, d.cfg.HTTP.MetricsAddr, d.temporal.UIURL, d.cfg.Database.URL)
	fmt.Fprintf(&b, "  Demo key  %s   (realm %s)\n\n", story.Key, story.Realm)
	fmt.Fprintf(&b, "Billed to acme (%s), plan api-starter, clock at %s:\n\n", story.AccountID, billed.Clock.Format(time.DateTime))
	for _, inv := range billed.Invoices {
		fmt.Fprintf(&b, "  %s  %8s %s  %-5s finalised %s\n", inv.Number, inv.Total.Amount, inv.Total.Currency, inv.Status, inv.FinalizedAt.Format(time.RFC3339))
		for _, l := range inv.Lines {
			fmt.Fprintf(&b, "      %8s  %s\n", l.Amount.Amount, l.Text())
		}
	}
	fmt.Fprintf(&b, "\nAsk what acme can still spend (ends in %s):\n\n  %s\n\nCtrl-C drains and stops; the data stays.\n%s\n", billed.Available, story.Curl(), line)
	return b.String(), nil
}
