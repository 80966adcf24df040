package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/config"
)

func TestSettingsThatCouldNotWorkAreRefusedByName(t *testing.T) {
	t.Parallel()
	var c config.Config
	require.ErrorContains(t, c.Validate(), "DURABILL_DATABASE_URL")
	c.Database.URL = "postgres://localhost/durabill"
	require.ErrorContains(t, c.Validate(), "DURABILL_SECRET")
	c.Secret = "0123456789abcdef0123456789abcdef"
	require.NoError(t, c.Validate())
}

func TestEachPurposeHasAKeyOfItsOwnAndAlwaysTheSame(t *testing.T) {
	t.Parallel()
	c := config.Config{Secret: "0123456789abcdef0123456789abcdef"}
	require.Equal(t, c.Derive("lease"), c.Derive("lease"))
	require.NotEqual(t, c.Derive("lease"), c.Derive("cursor"))
	other := config.Config{Secret: "another-secret-of-this-installation"}
	require.NotEqual(t, c.Derive("lease"), other.Derive("lease"))
}
