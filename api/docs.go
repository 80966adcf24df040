package api

import (
	"embed"
	"io/fs"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/durabill/durabill/fault"
)

// The viewer is swagger-ui-dist 5.35.0 (Apache-2.0; licence and notice beside it) without its source map. It is embedded because
// the page must work where nothing outside can be reached.
//
//go:embed docs
var docsFiles embed.FS

const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var errNoFile = fault.New(fault.NotFound, "not_found", "There is no such path.")

func registerDocs(e *gin.Engine, r *Router) {
	document := sync.OnceValues(r.OpenAPI)
	e.GET("/openapi.json", func(c *gin.Context) {
		doc, err := document()
		if err != nil {
			refuse(c, err)
			return
		}
		c.Data(http.StatusOK, "application/vnd.oai.openapi+json;version=3.1", doc)
	})
	files, err := fs.Sub(docsFiles, "docs")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	e.GET("/docs", func(c *gin.Context) {
		c.Header("Content-Security-Policy", docsPolicy)
		c.FileFromFS("page.html", http.FS(files))
	})
	e.GET("/docs/:file", func(c *gin.Context) {
		name := c.Param("file")
		if info, err := fs.Stat(files, name); err != nil || info.IsDir() {
			refuse(c, errNoFile)
			return
		}
		c.Header("Content-Security-Policy", docsPolicy)
		c.Header("Cache-Control", "public, max-age=3600")
		c.FileFromFS(name, http.FS(files))
	})
}
