package keys_test

import (
	"math/rand"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/durabill/durabill/keys"
)

var sample = uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")

func TestWireIdsFollowTheTypeIDSpecificationsOwnVectors(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"00000000-0000-0000-0000-000000000000": "prefix_00000000000000000000000000",
		"00000000-0000-0000-0000-000000000001": "prefix_00000000000000000000000001",
		"00000000-0000-0000-0000-00000000000a": "prefix_0000000000000000000000000a",
		"00000000-0000-0000-0000-000000000020": "prefix_00000000000000000000000010",
		"ffffffff-ffff-ffff-ffff-ffffffffffff": "prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz",
		"0110c853-1d09-52d8-d73e-1194e95b5f19": "prefix_0123456789abcdefghjkmnpqrs",
		"01890a5d-ac96-774b-bcce-b302099a8057": "prefix_01h455vb4pex5vsknk084sn02q",
	} {
		require.Equal(t, want, keys.Encode("prefix", uuid.MustParse(id)))
		back, err := keys.Decode("prefix", want)
		require.NoError(t, err)
		require.Equal(t, id, back.String())
	}
}

func TestDecodeRefusesEveryOtherSpelling(t *testing.T) {
	t.Parallel()
	good := keys.Encode(keys.Invoice, sample)
	bad := map[string]string{
		"empty": "", "wrong prefix": keys.Encode(keys.Payment, sample), "no separator": strings.Replace(good, "_", "-", 1),
		"too short": good[:len(good)-1], "too long": good + "0", "upper case": strings.ToUpper(good),
		"upper case digits": "inv_" + strings.ToUpper(good[4:]), "overflow": "inv_8" + good[5:],
		"look-alike i": good[:len(good)-1] + "i", "look-alike l": good[:len(good)-1] + "l",
		"look-alike o": good[:len(good)-1] + "o", "u": good[:len(good)-1] + "u", "uuid": sample.String(),
		"NUL": good[:len(good)-1] + "\x00", "prefix only": "inv_", "unicode": good[:len(good)-2] + "é",
	}
	for name, s := range bad {
		_, err := keys.Decode(keys.Invoice, s)
		require.ErrorIs(t, err, keys.ErrID, name)
	}
}

func TestWireIdsSortAsTheirUuids(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 1000 {
		id, err := uuid.NewV7()
		require.NoError(t, err)
		ids = append(ids, keys.Encode("ba", id))
	}
	require.True(t, sort.StringsAreSorted(ids))
}

func TestWorkflowIdsAreBusinessIds(t *testing.T) {
	t.Parallel()
	require.Equal(t, "billing-period/ba_01h455vb4pex5vsknk084sn02q/2026-02-27T23:00:00Z",
		keys.BillingPeriodWorkflow(sample, time.Date(2026, 2, 28, 0, 0, 0, 0, time.FixedZone("CET", 3600))))
	require.Equal(t, "plan-assignment/pa_01h455vb4pex5vsknk084sn02q", keys.PlanAssignmentWorkflow(sample))
	require.Equal(t, "settlement/3", keys.SettlementWorkflow(3))
}

func TestProviderKeysAreTheOnesAgreed(t *testing.T) {
	t.Parallel()
	inv := keys.Encode(keys.Invoice, sample)
	require.Equal(t, "inv:"+inv+":new", keys.StripeInvoiceNew(sample))
	require.Equal(t, "inv:"+inv+":line:"+keys.Encode(keys.InvoiceLine, sample), keys.StripeInvoiceLine(sample, sample))
	require.Equal(t, "inv:"+inv+":fin", keys.StripeInvoiceFinalize(sample))
	require.Equal(t, "inv:"+inv+":pay:2", keys.StripeInvoicePay(sample, 2))
	require.Equal(t, "cust:"+keys.Encode(keys.BillingAccount, sample)+":1", keys.StripeCustomer(sample))
	require.Equal(t, "chk:"+keys.Encode(keys.Checkout, sample)+":1", keys.StripeCheckout(sample))
}

func TestDerivedIdsAreStableAndPartsDoNotRunTogether(t *testing.T) {
	t.Parallel()
	require.Equal(t, keys.Derive("lot", "a", "b"), keys.Derive("lot", "a", "b"))
	require.NotEqual(t, keys.Derive("lot", "ab", "c"), keys.Derive("lot", "a", "bc"))
	require.NotEqual(t, keys.Derive("lot", "1:a"), keys.Derive("lot", "1", "a"))
	require.Equal(t, uuid.Version(5), keys.Derive("lot").Version())
}

func TestShardsSpreadAccountsThatWereCreatedTogether(t *testing.T) {
	t.Parallel()
	seen := make([]int, 8)
	for range 8000 {
		id, err := uuid.NewV7()
		require.NoError(t, err)
		seen[keys.Shard(id, 8)]++
	}
	for shard, n := range seen {
		require.InDelta(t, 1000, n, 200, "shard %d", shard)
	}
	require.Zero(t, keys.Shard(sample, 1))
	require.Zero(t, keys.Shard(sample, 0))
}

func fixed() *rand.Rand { return rand.New(rand.NewSource(7)) }

func TestADerivedIDIsTheSameForTheSameInvoiceAndSortsByItsBoundary(t *testing.T) {
	t.Parallel()
	account, other := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8058")
	at := time.Date(2026, 2, 27, 23, 0, 0, 0, time.UTC)
	id := keys.InvoiceID(account, at, "EUR", "default")
	require.Equal(t, id, keys.InvoiceID(account, at.In(time.FixedZone("", 3600)), "EUR", "default"))
	require.Equal(t, "019ca154", id.String()[:8], "the first bits are the boundary's milliseconds")
	require.Equal(t, uuid.Version(8), id.Version())
	require.Equal(t, uuid.RFC4122, id.Variant())
	later := keys.InvoiceID(account, at.Add(time.Millisecond), "EUR", "default")
	require.Less(t, id.String(), later.String())
	seen := map[uuid.UUID]bool{id: true, later: true}
	for _, x := range []uuid.UUID{
		keys.InvoiceID(other, at, "EUR", "default"), keys.InvoiceID(account, at, "USD", "default"), keys.InvoiceID(account, at, "EUR", "berlin"),
		keys.InvoiceLineID(id, at, 1), keys.InvoiceLineID(id, at, 2), keys.InvoiceLineID(later, at, 1),
	} {
		require.False(t, seen[x], "%s names two things", x)
		seen[x] = true
	}
}
