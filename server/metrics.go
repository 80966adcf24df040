package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/durabill/durabill/store"
)

// backlog asks the database at each scrape, so that an idle process asks nothing.
type backlog struct{ store *store.Store }

const scrapeTimeout = 2 * time.Second

var (
	backlogItems = prometheus.NewDesc("durabill_backlog_items",
		"Messages for Temporal, accounts to rate and accounts to settle that are due, over all realms; 10000 means that many or more.",
		[]string{"topic"}, nil)
	backlogAge = prometheus.NewDesc("durabill_backlog_age_seconds", "How long the oldest of them has been due.", []string{"topic"}, nil)
)

// parkings counts what only a person ends: a parked account is billed nothing until somebody has looked.
func parkings(s *store.Store) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "durabill_accounts_parked_total",
		Help: "Accounts that this process has parked."}, func() float64 { return float64(s.Parkings()) })
}

func (backlog) Describe(ch chan<- *prometheus.Desc) { ch <- backlogItems; ch <- backlogAge }

func (b backlog) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	rows, err := b.store.FindBacklog(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(backlogItems, err)
		return
	}
	for _, r := range rows {
		ch <- prometheus.MustNewConstMetric(backlogItems, prometheus.GaugeValue, float64(r.Items), string(r.Topic))
		ch <- prometheus.MustNewConstMetric(backlogAge, prometheus.GaugeValue, r.Age.Seconds(), string(r.Topic))
	}
}
