package devenv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	testRetention = 24 * time.Hour
	// registryRefresh is devstack's system.namespaceCacheRefreshInterval, with some room: each of the server's
	// services learns of a namespace by reading all of them that often.
	registryRefresh = 300 * time.Millisecond
)

// searchAttributes are those of devstack's own namespace, on the Keyword columns they take here.
var searchAttributes = map[string]string{"Keyword01": "RealmId", "Keyword02": "BillingAccountId", "Keyword03": "BillingStatus"}

// CreateNamespace makes a namespace with the three search attributes, usable when it returns, in half a second. For tests
// whose workflow ids (settlement shards, say) must not meet those of other tests.
func (e Endpoint) CreateNamespace(ctx context.Context, name string) (Endpoint, error) {
	made := Endpoint{HostPort: e.HostPort, UIURL: e.UIURL, Namespace: name}
	c, err := client.NewNamespaceClient(client.Options{HostPort: e.HostPort})
	if err != nil {
		return made, err
	}
	defer c.Close()
	err = c.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(testRetention),
	})
	var exists *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return made, fmt.Errorf("register namespace %s: %w", name, err)
	}
	if err == nil {
		err = c.Update(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: name, Config: &namespace.NamespaceConfig{CustomSearchAttributeAliases: searchAttributes},
		})
		if err != nil {
			return made, fmt.Errorf("search attributes of namespace %s: %w", name, err)
		}
	}
	select {
	case <-ctx.Done():
		return made, ctx.Err()
	case <-time.After(registryRefresh):
		return made, nil
	}
}
