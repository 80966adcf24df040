package bench

import (
	"fmt"
	"strings"
	"time"
)

// Markdown is the report as docs/performance.md shows it.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, Postgres %s with fsync and synchronous_commit on, client, API and database on the same machine; %d accounts;\nmedians of %d rounds of %s each, alternating.\n\n",
		r.Machine, r.Postgres, r.Accounts, r.Rounds, r.Each)
	b.WriteString("| clients | work | per second | p50 | p99 | pairs against it |\n|---|---|---|---|---|---|\n")
	ours := map[int]float64{}
	for _, c := range r.Cells {
		if c.Work == Pairs {
			ours[c.Clients] = c.Rate
		}
	}
	for _, c := range r.Cells {
		ratio := ""
		if c.Work != Pairs {
			ratio = fmt.Sprintf("%.3f ×", ours[c.Clients]/c.Rate)
		}
		fmt.Fprintf(&b, "| %d | %s | %.0f | %s | %s | %s |\n", c.Clients, c.Work, c.Rate, round(c.P50), round(c.P99), ratio)
	}
	p := r.Profile
	fmt.Fprintf(&b, "\nWith %d clients a pair takes %.1f statements, writes %.1f rows and %.0f bytes of log. The process of client and API kept %.2f cores\nbusy. Its processor time by package:\n\n| package | share |\n|---|---|\n",
		p.Clients, p.StatementsPerPair, p.RowsPerPair, p.BytesPerPair, p.Cores)
	writeShares(&b, p.CPU)
	b.WriteString("\nWhat the API's connections were doing when looked at:\n\n| state | share |\n|---|---|\n")
	writeShares(&b, p.Database)
	return b.String()
}

// most is how many lines of a profile are worth reading.
const most = 15

func writeShares(b *strings.Builder, shares []Share) {
	for _, s := range shares[:min(most, len(shares))] {
		fmt.Fprintf(b, "| %s | %.1f %% |\n", s.What, 100*s.Share)
	}
}

func round(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
