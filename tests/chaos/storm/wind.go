package storm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/durabill/durabill/fault"
	"github.com/durabill/durabill/gateway/stripefake"
)

// blow breaks one thing after the other until the wind drops, and puts back what is broken before the next.
func (s *storm) blow(blowing, ctx context.Context, draw *rand.Rand) error {
	for blowing.Err() == nil {
		if err := s.gust(ctx, draw); err != nil {
			return err
		}
		if err := s.raise(ctx, func() string { return s.arms(draw) }); err != nil {
			return err
		}
		select {
		case <-blowing.Done():
		case <-time.After(time.Duration(300+draw.IntN(1500)) * time.Millisecond):
		}
	}
	return nil
}

func (s *storm) gust(ctx context.Context, draw *rand.Rand) error {
	names := s.Names()
	switch n := draw.IntN(100); {
	case n < 65:
		return s.kill(names[draw.IntN(len(names))])
	case n < 75:
		s.note("postgres")
		if err := s.StopPostgres(ctx); err != nil {
			return err
		}
		time.Sleep(time.Duration(draw.IntN(800)) * time.Millisecond)
		return s.StartPostgres(ctx)
	case n < 81:
		s.note("temporal")
		if err := s.KillTemporal(); err != nil {
			return err
		}
		time.Sleep(time.Duration(draw.IntN(800)) * time.Millisecond)
		return s.StartTemporal(ctx)
	case n < 85:
		return s.powerCut(ctx)
	default:
		s.provider(draw)
		return nil
	}
}

func (s *storm) note(what string) {
	s.report.Kills[what]++
	s.Say("kill %d: %s", s.report.Total(), what)
}

func (s *storm) kill(name string) error {
	if !s.Running(name) {
		return nil // it has died of its arms, which raise counts
	}
	s.note(kind(name))
	return s.Kill(name)
}

func kind(name string) string { what, _, _ := strings.Cut(name, "-"); return what }

func (s *storm) powerCut(ctx context.Context) error {
	s.report.Faults["everything at once"]++
	for _, name := range s.Names() {
		if err := s.kill(name); err != nil {
			return err
		}
	}
	s.note("temporal")
	s.note("postgres")
	if err := errors.Join(s.KillTemporal(), s.StopPostgres(ctx)); err != nil {
		return err
	}
	if err := s.StartPostgres(ctx); err != nil {
		return err
	}
	return s.StartTemporal(ctx)
}

// arms are what a process that is started will die of: a point after some while, any point by a small chance, or nothing.
func (s *storm) arms(draw *rand.Rand) string {
	points := fault.Points()
	switch draw.IntN(3) {
	case 0:
		return fmt.Sprintf("%s:%d", points[draw.IntN(len(points))], 1+draw.IntN(20))
	case 1:
		return fmt.Sprintf("seed=%d,p=0.003", draw.Uint32())
	default:
		return ""
	}
}

// raise starts every process that is down and counts those that have died of their arms.
func (s *storm) raise(ctx context.Context, arms func() string) error {
	for _, name := range s.Names() {
		if s.Running(name) {
			continue
		}
		end, err := s.Ended(ctx, name)
		if err != nil {
			return err
		}
		if end.Point != "" {
			s.report.Points[end.Point]++
			s.note(kind(name))
		}
		for tries := 0; ; tries++ {
			begun, cancel := context.WithTimeout(ctx, 30*time.Second)
			err = s.Start(begun, name, arms())
			cancel()
			if err == nil {
				break
			}
			if tries == 3 {
				return err
			}
		}
	}
	return nil
}

// provider lets the provider misbehave until it is told something else.
func (s *storm) provider(draw *rand.Rand) {
	faults := []stripefake.Fault{stripefake.ResetAfterSuccess, stripefake.ErrorAfterSuccess, stripefake.ResetBefore, stripefake.ErrorNoEffect,
		stripefake.Throttled, stripefake.NoFault}
	f := faults[draw.IntN(len(faults))]
	if f == stripefake.NoFault {
		s.Fake.SetFault(nil)
		return
	}
	s.report.Faults["provider "+string(f)]++
	var asked atomic.Int64
	s.Fake.SetFault(func(*http.Request) stripefake.Fault {
		if asked.Add(1)%3 == 0 {
			return f
		}
		return stripefake.NoFault
	})
}

// mend puts everything back, and disarms what was armed.
func (s *storm) mend(ctx context.Context) error {
	s.Fake.SetFault(nil)
	for _, name := range s.Names() {
		if err := s.Kill(name); err != nil {
			return err
		}
	}
	if err := s.raise(ctx, func() string { return "" }); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Calm)
	defer cancel()
	return s.Ready(ctx)
}
