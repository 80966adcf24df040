package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/models"
)

// RatingChain is the proof of one rating: what it was made from, by which price, what paid for it, where it is in the ledger,
// and on which invoice.
type RatingChain struct {
	Rating      models.Rating
	Meter       models.Meter
	Price       models.MeterPrice
	Commit      *models.Commit     // one of Commit and Usage
	Usage       *models.UsageEvent //
	Allocations []models.Allocation
	Settlement  *models.Settlement // nil until it is settled
	Ledger      *LedgerRecord      // nil also where the amount was nothing
	Line        *models.InvoiceLine
	Invoice     *models.Invoice
}

// FindRatingChain reads the proof of one rating.
func (s *Store) FindRatingChain(ctx context.Context, call Call, rating uuid.UUID) (RatingChain, error) {
	var out RatingChain
	err := s.read(ctx, call, func(t *tx) error {
		r, err := find[models.Rating](t, rating)
		if err != nil {
			return err
		}
		chains, err := t.chains([]models.Rating{r})
		if err == nil {
			out = chains[0]
		}
		return err
	})
	return out, err
}

// chains reads the proofs of all the ratings together: the number of queries does not grow with theirs.
func (t *tx) chains(ratings []models.Rating) ([]RatingChain, error) {
	out := make([]RatingChain, 0, len(ratings))
	for _, r := range ratings {
		out = append(out, RatingChain{Rating: r})
	}
	if len(out) == 0 {
		return out, nil
	}
	for _, link := range []func([]RatingChain) error{t.linkPrices, t.linkSources, t.linkAllocations, t.linkLedger, t.linkInvoices} {
		if err := link(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func ratingID(c RatingChain) uuid.UUID { return c.Rating.ID }

func (t *tx) linkPrices(chains []RatingChain) error {
	prices, err := keyed(t, "id", ids(chains, func(c RatingChain) uuid.UUID { return c.Rating.PriceID }),
		func(p models.MeterPrice) uuid.UUID { return p.ID })
	if err != nil {
		return err
	}
	meters, err := keyed(t, "id", ids(chains, func(c RatingChain) uuid.UUID { return c.Rating.MeterID }),
		func(m models.Meter) uuid.UUID { return m.ID })
	for i := range chains {
		c := &chains[i]
		c.Price, c.Meter = prices[c.Rating.PriceID], meters[c.Rating.MeterID]
	}
	return err
}

func (t *tx) linkSources(chains []RatingChain) error {
	from := func(kind models.SourceKind) []uuid.UUID {
		return ids(chains, func(c RatingChain) uuid.UUID {
			if c.Rating.SourceKind != kind {
				return uuid.Nil
			}
			return c.Rating.SourceID
		})
	}
	commits, err := keyed(t, "id", from(models.FromCommit), func(c models.Commit) uuid.UUID { return c.ID })
	if err != nil {
		return err
	}
	events, err := keyed(t, "id", from(models.FromUsage), func(e models.UsageEvent) uuid.UUID { return e.ID })
	for i := range chains {
		c := &chains[i]
		c.Commit, c.Usage = pick(commits, c.Rating.SourceID), pick(events, c.Rating.SourceID)
	}
	return err
}

// pick gives a copy of what a map holds, or nil.
func pick[R any](rows map[uuid.UUID]R, id uuid.UUID) *R {
	if row, ok := rows[id]; ok {
		return &row
	}
	return nil
}

func (t *tx) linkAllocations(chains []RatingChain) error {
	var rows []models.Allocation
	if err := t.Where("rating_id IN ?", ids(chains, ratingID)).Order("rating_id, seq").Find(&rows).Error; err != nil {
		return err
	}
	of := map[uuid.UUID][]models.Allocation{}
	for _, a := range rows {
		of[a.RatingID] = append(of[a.RatingID], a)
	}
	for i := range chains {
		chains[i].Allocations = of[chains[i].Rating.ID]
	}
	return nil
}

func (t *tx) linkLedger(chains []RatingChain) error {
	settled, err := keyed(t, "rating_id", ids(chains, ratingID), func(s models.Settlement) uuid.UUID { return s.RatingID })
	if err != nil {
		return err
	}
	var transactions []models.LedgerTransaction
	for i := range chains {
		chains[i].Settlement = pick(settled, chains[i].Rating.ID)
	}
	wanted := ids(chains, func(c RatingChain) uuid.UUID {
		if c.Settlement == nil {
			return uuid.Nil
		}
		return present(c.Settlement.LedgerTransactionID)
	})
	if len(wanted) == 0 {
		return nil
	}
	if err := t.Where("id IN ?", wanted).Find(&transactions).Error; err != nil {
		return err
	}
	records, err := t.withEntries(transactions)
	if err != nil {
		return err
	}
	byID := make(map[uuid.UUID]*LedgerRecord, len(records))
	for i := range records {
		byID[records[i].ID] = &records[i]
	}
	for i := range chains {
		if s := chains[i].Settlement; s != nil {
			chains[i].Ledger = byID[present(s.LedgerTransactionID)]
		}
	}
	return nil
}

func (t *tx) linkInvoices(chains []RatingChain) error {
	links, err := keyed(t, "rating_id", ids(chains, ratingID), func(x models.InvoiceLineRating) uuid.UUID { return x.RatingID })
	if err != nil {
		return err
	}
	lines, err := keyed(t, "id", ids(chains, func(c RatingChain) uuid.UUID { return links[c.Rating.ID].LineID }),
		func(l models.InvoiceLine) uuid.UUID { return l.ID })
	if err != nil {
		return err
	}
	invoices, err := keyed(t, "id", ids(chains, func(c RatingChain) uuid.UUID { return lines[links[c.Rating.ID].LineID].InvoiceID }),
		func(i models.Invoice) uuid.UUID { return i.ID })
	for i := range chains {
		c := &chains[i]
		if c.Line = pick(lines, links[c.Rating.ID].LineID); c.Line != nil {
			c.Invoice = pick(invoices, c.Line.InvoiceID)
		}
	}
	return err
}
