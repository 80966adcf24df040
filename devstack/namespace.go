package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

const readyWithin = 60 * time.Second

// searchAttributes are those that Durabill's workflows set; the names are a contract with package workflows.
func searchAttributes() map[string]enums.IndexedValueType {
	return map[string]enums.IndexedValueType{
		"RealmId":          enums.INDEXED_VALUE_TYPE_KEYWORD,
		"BillingAccountId": enums.INDEXED_VALUE_TYPE_KEYWORD,
		"BillingStatus":    enums.INDEXED_VALUE_TYPE_KEYWORD,
	}
}

// createNamespaceRow writes the namespace before the server reads it, so that it exists from the first call on. The
// helper is named after SQLite and works on any SQL plugin; a namespace that exists is left as it is.
func createNamespaceRow(o options) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, o.Namespace, false, searchAttributes())
	if err != nil {
		return fmt.Errorf("namespace %s: %w", o.Namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(o.Retention)
	if err := sqlite.CreateNamespaces(sqlConfig(o.Postgres, o.Postgres.Database), ns); err != nil {
		return fmt.Errorf("create namespace %s: %w", o.Namespace, err)
	}
	return nil
}

// awaitNamespace returns when the frontend answers for the namespace and knows every search attribute. A namespace
// of an older version gets those it lacks.
func awaitNamespace(ctx context.Context, o options) error {
	conn, err := grpc.NewClient(o.addr(o.Port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		err := checkNamespace(ctx, conn, o.Namespace)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the frontend at %s does not serve namespace %s: %w", o.addr(o.Port), o.Namespace, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func checkNamespace(ctx context.Context, conn *grpc.ClientConn, namespace string) error {
	operator := operatorservice.NewOperatorServiceClient(conn)
	listed, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return err
	}
	missing := map[string]enums.IndexedValueType{}
	for name, kind := range searchAttributes() {
		if listed.GetCustomAttributes()[name] != kind {
			missing[name] = kind
		}
	}
	if len(missing) > 0 {
		_, err := operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
		if err != nil {
			return err
		}
		return fmt.Errorf("%d search attributes were just added", len(missing))
	}
	_, err = workflowservice.NewWorkflowServiceClient(conn).ListWorkflowExecutions(ctx,
		&workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: 1})
	return err
}
