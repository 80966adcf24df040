package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/durabill/durabill/fault"
)

// Router is the assembled API.
type Router struct {
	engine  *gin.Engine
	api     huma.API
	metrics *prometheus.Registry
}

// A resource is one file's worth of endpoints.
type resource interface {
	register(a huma.API)
}

// New assembles the API with every resource.
func New(deps Deps) *Router {
	deps = withDefaults(deps)
	return assemble(deps, resources(deps)...)
}

func assemble(deps Deps, resources ...resource) *Router {
	setHumaGlobals()
	engine := newEngine(deps)
	a := humagin.New(engine, humaConfig(deps.Version))
	a.UseMiddleware(cleanTarget, authenticate(deps.Authenticate), negotiate, strictBody, requireIntent, requirePreference)
	for _, r := range resources {
		r.register(a)
	}
	router := &Router{engine: engine, api: a, metrics: deps.Metrics}
	registerHealth(engine, deps)
	registerDocs(engine, router)
	return router
}

func withDefaults(deps Deps) Deps {
	if deps.Log == nil {
		deps.Log = slog.Default()
	}
	if deps.Metrics == nil {
		deps.Metrics = prometheus.NewRegistry()
	}
	if len(deps.CursorKey) == 0 {
		// Without a shared key cursors work until this process ends; an empty key would let anyone forge them.
		deps.CursorKey = make([]byte, sha256.Size)
		_, _ = rand.Read(deps.CursorKey) // never fails: it ends the process instead
	}
	if len(deps.LeaseSecret) == 0 {
		// As with cursors: tokens work until this process ends, and nobody can derive them.
		deps.LeaseSecret = make([]byte, sha256.Size)
		_, _ = rand.Read(deps.LeaseSecret)
	}
	if deps.Timeout == 0 {
		deps.Timeout = answerTimeout
	}
	if deps.Version == "" {
		deps.Version = "dev"
	}
	return deps
}

func newEngine(deps Deps) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	// A redirect would make a typo in a path a second request with a lost body.
	e.RedirectTrailingSlash, e.RedirectFixedPath = false, false
	// The peer's address is the only one that cannot be forged by a header.
	if err := e.SetTrustedProxies(nil); err != nil {
		panic(fmt.Sprintf("trusted proxies: %v", err))
	}
	if deps.Trace != nil {
		e.Use(deps.Trace)
	}
	e.Use(beginRequest(deps.Log), observe(deps.Log, deps.Metrics), recoverPanic(), answerWithin(deps.Timeout), securityHeaders)
	e.NoRoute(func(c *gin.Context) {
		refuse(c, fault.New(fault.NotFound, "not_found", "There is no such path."))
	})
	e.NoMethod(func(c *gin.Context) {
		refuse(c, fault.New(fault.Invalid, "method_not_allowed", "This path does not answer to this method."))
	})
	return e
}

// answerWithin keeps a peer that neither answers nor hangs up, such as a half-open connection to the database, from holding a request.
func answerWithin(timeout time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), timeout)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}

func recoverPanic() gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, cause any) {
		err := fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		if c.Writer.Written() {
			logFailure(c.Request.Context(), fault.Of(err))
			c.Abort()
			return
		}
		refuse(c, err)
	})
}

// refuse answers from a gin handler, outside of huma's reach.
func refuse(c *gin.Context, err error) {
	p := problemOf(c.Request.Context(), err)
	for name, values := range p.GetHeaders() {
		c.Writer.Header()[name] = values
	}
	c.Abort()
	c.Header("Content-Type", problemType)
	c.Status(p.Status)
	_ = newEncoder(c.Writer).Encode(p) // a peer that has gone away cannot be told
}

func humaConfig(version string) huma.Config {
	cfg := huma.DefaultConfig("Durabill", version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil // no $schema member in bodies
	cfg.RejectUnknownQueryParameters = true
	cfg.Formats = map[string]huma.Format{"application/json": wireFormat, "json": wireFormat}
	describe(cfg.OpenAPI)
	return cfg
}

// wireFormat names the field of a value that does not fit its Go type, so that problem.go can point at it.
var wireFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error { return newEncoder(w).Encode(v) },
	Unmarshal: func(data []byte, v any) error {
		err := json.Unmarshal(data, v)
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return errors.New(misfit + wrong.Field)
		}
		return err
	},
}

func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// setHumaGlobals sets what huma keeps in package variables, once per process.
var setHumaGlobals = sync.OnceFunc(func() {
	huma.NewErrorWithContext = newHumaError
	// Without a request there is nothing to answer: huma asks only for the type, to document it.
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { return &Problem{Status: status} }
	huma.ValidateStrictCasing = true  // encoding/json would take "Amount" for "amount"
	huma.DefaultArrayNullable = false // page.go and handlers never write null for a list
})

// ServeHTTP makes the Router the handler of an http.Server.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.engine.ServeHTTP(w, req) }

// Routes lists what the router answers, as "METHOD /path/{id}".
func (r *Router) Routes() []string {
	routes := r.engine.Routes()
	out := make([]string, 0, len(routes))
	for _, route := range routes {
		out = append(out, route.Method+" "+templated.ReplaceAllString(route.Path, "{$1}"))
	}
	slices.Sort(out)
	return out
}

var templated = regexp.MustCompile(`[:*]([A-Za-z_]+)`)
