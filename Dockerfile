# Two targets: durabill (the default) and devstack, a Temporal server to try Durabill with. Neither image has a shell;
# docker-compose.yml asks for the variant that has one, because its probes need it.
ARG RUNTIME=gcr.io/distroless/static-debian12:nonroot

FROM golang:1.26-bookworm AS build-durabill
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=${VERSION}" -o /out/durabill ./cmd/durabill

FROM golang:1.26-bookworm AS build-devstack
WORKDIR /src
COPY devstack/go.mod devstack/go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY devstack ./
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/durabill-devstack .

FROM ${RUNTIME} AS devstack
COPY --from=build-devstack /out/durabill-devstack /usr/local/bin/durabill-devstack
USER nonroot
EXPOSE 7233 8233
ENTRYPOINT ["/usr/local/bin/durabill-devstack"]

FROM ${RUNTIME} AS durabill
COPY --from=build-durabill /out/durabill /usr/local/bin/durabill
USER nonroot
EXPOSE 8080 9090
ENTRYPOINT ["/usr/local/bin/durabill"]
CMD ["serve"]
