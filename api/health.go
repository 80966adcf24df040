package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const checkTimeout = 2 * time.Second

// Check is one thing without which the process should get no traffic.
type Check struct {
	Name string
	Func func(ctx context.Context) error
}

type checkResult struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
}

// Probes serves the probes alone, for a process without the API and for whoever may not reach that.
func Probes(deps Deps) http.Handler {
	deps = withDefaults(deps)
	e := newEngine(deps)
	registerHealth(e, deps)
	return e
}

// registerHealth adds the probes. /healthz says that the process answers; /readyz asks what it stands on, and names
// what fails without saying why: the reason goes to the log.
func registerHealth(e *gin.Engine, deps Deps) {
	e.GET("/healthz", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"status": "ok", "version": deps.Version})
	})
	e.GET("/readyz", func(c *gin.Context) {
		status, results := http.StatusOK, make([]checkResult, 0, len(deps.Ready))
		for _, check := range deps.Ready {
			err := runCheck(c.Request.Context(), check)
			if err != nil {
				status = http.StatusServiceUnavailable
				logger(c.Request.Context()).Warn("not ready", slog.String("check", check.Name), slog.Any("cause", err))
			}
			results = append(results, checkResult{Name: check.Name, OK: err == nil})
		}
		c.JSON(status, gin.H{"status": readiness(status), "checks": results})
	})
}

func runCheck(ctx context.Context, check Check) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return check.Func(ctx)
}

func readiness(status int) string {
	if status == http.StatusOK {
		return "ready"
	}
	return "not_ready"
}
