# Two commands matter: `make demo` and `make test`. Each does its own set-up.
SHELL       := /bin/bash
CACHE       := $(CURDIR)/.cache
TOOLS       := $(CACHE)/bin
GOLANGCI    := $(TOOLS)/golangci-lint-v2.4.0
WORKFLOWCHECK := $(TOOLS)/workflowcheck-v0.6.0
DEMO_FLAGS  ?=
DURATION    ?= 10m
# Not part of `make test`: the race detector needs a C compiler and several times the time.
RACE        ?= ./...

.DEFAULT_GOAL := help

.PHONY: help
help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: demo
demo: build ## set up everything, bill the example account, stay up until Ctrl-C
	@exec bin/durabill dev $(DEMO_FLAGS)

.PHONY: build
build: ## build bin/durabill
	@echo "Building bin/durabill (the first time takes a minute or two)"
	@go build -ldflags "-X main.version=$$(git describe --always --dirty 2>/dev/null || echo dev)" -o bin/durabill ./cmd/durabill

# The packages whose laws are tried with many draws.
LAWS = $$(grep -rl --include='*_test.go' pgregory.net/rapid billing | xargs -n1 dirname | sort -u | sed 's,^,./,')
.PHONY: test
test: ## set up everything and run every test
	@trap 'go run ./tools/testservers stop' EXIT; \
	go run ./tools/testservers start && \
	{ status=0; \
	  (cd devstack && go vet ./... && go test ./...) || status=1; \
	  go vet ./... || status=1; \
	  go test -p 2 -timeout 20m ./... || status=1; \
	  go test $(LAWS) -rapid.checks=10000 || status=1; \
	  exit $$status; }

.PHONY: race
race: ## run the tests of the main module under the race detector
	@trap 'go run ./tools/testservers stop' EXIT; \
	go run ./tools/testservers start && go test -race -p 2 -timeout 40m $(RACE)

PROPERTY_STREAMS ?= 300
PROPERTY_STEPS   ?= 150

.PHONY: property
property: ## play many long random streams of operations against the model and Postgres
	@trap 'go run ./tools/testservers stop' EXIT; \
	go run ./tools/testservers start && \
	DURABILL_MODEL_CHECKS=$$(( 20 * $(PROPERTY_STREAMS) )) DURABILL_MODEL_STEPS=$(PROPERTY_STEPS) \
	DURABILL_POSTGRES_CHECKS=$(PROPERTY_STREAMS) DURABILL_POSTGRES_STEPS=$(PROPERTY_STEPS) \
	go test -count=1 -timeout 12h ./tests/property/...

.PHONY: chaos
chaos: ## kill everything at random for DURATION (10m) while clients write; SEED repeats a run's draws
	@go run ./tests/chaos/run -duration $(DURATION) $(if $(SEED),-seed $(SEED)) $(if $(CLIENTS),-clients $(CLIENTS)) $(CHAOS)

# Every target there is, for FUZZTIME each; what it finds is written to testdata/fuzz beside the test, to be committed with its mend.
# The minimizer is kept short: by default it may outlast FUZZTIME, which Go then reports as a failure.
FUZZTIME ?= 20s
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (20s)
	@set -e; grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=.cache . | xargs -n1 dirname | sort -u | while read -r dir; do \
	  for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); do \
	    echo "$$dir $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$dir"; \
	  done; \
	done

.PHONY: test-stop
test-stop: ## stop the servers that `go test` started, and delete their data
	@go run ./tools/testservers stop

.PHONY: lint
lint: $(GOLANGCI) $(WORKFLOWCHECK) ## the house rules, and determinism of workflow code
	$(GOLANGCI) run --allow-serial-runners ./...
	cd devstack && $(GOLANGCI) run --allow-serial-runners -c ../.golangci.yml ./...
	@if [ -d workflows ]; then echo '$(notdir $(WORKFLOWCHECK)) ./workflows/...'; $(WORKFLOWCHECK) ./workflows/...; fi

.PHONY: fmt
fmt: ## gofmt all sources
	@gofmt -l -w $$(git ls-files -co --exclude-standard '*.go')

.PHONY: openapi
openapi: ## write the OpenAPI document again from the handlers
	@go test -count=1 ./api -run OpenAPI -update

.PHONY: histories
histories: ## record the workflow histories that the replay tests use
	@RECORD_HISTORIES=1 go test -count=1 -timeout 20m ./tests/replay/...
	@go run ./tools/testservers stop

BENCHTIME ?= 1s
.PHONY: bench
bench: build ## measure authorize and commit beside pgbench (about three minutes)
	@bin/durabill bench $(BENCH_FLAGS)

.PHONY: bench-pure
bench-pure: ## measure the pure packages: price, boundary, proration, burn-down, aggregation of up to a million events
	@go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./billing/...

.PHONY: clean
clean: ## stop the test servers; delete what was built, but not the demo's data
	@go run ./tools/testservers stop
	rm -rf bin $(CACHE)

# The version is in the file's name, so that another version is another file.
$(GOLANGCI):
	@echo "Building golangci-lint (once)"
	@GOBIN=$(TOOLS)/tmp go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.4.0
	@mv $(TOOLS)/tmp/golangci-lint $@

$(WORKFLOWCHECK):
	@echo "Building workflowcheck (once)"
	@GOBIN=$(TOOLS)/tmp go install go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0
	@mv $(TOOLS)/tmp/workflowcheck $@
