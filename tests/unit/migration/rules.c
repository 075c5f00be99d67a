/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rules - the rules of a vhost-state document: what no table of fields can say, each with its
 * place, its line and its numbers.
 */
#include "edit.h"
#include "two-hosts.h"

struct rule {
	const char *pointers[3], *raws[3]; /* what is changed */
	const char *where, *says;	   /* how it is refused; where NULL: it is not */
};

#define RING0(size, desc, avail, used)                                                           \
	"{\"index\":0,\"size\":" size ",\"format\":\"split\",\"desc\":" desc ",\"avail\":" avail \
	",\"used\":" used ",\"base\":0,\"enabled\":true}"

/* One pair: 0x40000000 to 0x40008000, the rings as the rig has them. */
static const struct rule rules[] = {
	/* who wrote it */
	{ { "/version" }, { "2" }, "/version", "newer library: version 2.1; this one reads 1.1" },
	{ { "/version" }, { "0" }, "/version", "version 0 is not known" },
	{ { "/minor", "/colour" }, { "3", "1" }, "/minor", "version 1.3; this one reads 1.1" },
	{ { "/minor" }, { NULL }, "", "\"minor\" is missing" },
	{ { "/colour" }, { "1" }, "/colour", "\"colour\" is unknown" },
	{ { "/kind" }, { "\"vhost-caps\"" }, "/kind", "\"vhost-state\" expected" },
	/* who it is */
	{ { "/device" }, { "\"\"" }, "/device", "empty" },
	{ { "/device" }, { "\"a\\u0000b\"" }, "/device", "NUL" },
	{ { "/device" }, { "\"a\\u001bb\"" }, "/device", "no control characters" },
	{ { "/device" }, { "\"\\u0085\"" }, "/device", "no control characters" },
	{ { "/device" }, { "\"\\u00e4\"" }, NULL, NULL },
	{ { "/type" }, { "\"scsi\"" }, "/type", "\"scsi\" is unknown" },
	{ { "/running" }, { "true" }, NULL, NULL },
	{ { "/queue_pairs" }, { "0" }, "/queue_pairs", "1 to 256" },
	{ { "/queue_pairs" }, { "257" }, "/queue_pairs", "1 to 256" },
	{ { "/queue_pairs" }, { "256" }, NULL, NULL },
	/* features */
	{ { "/words" }, { "[]" }, "/words", "at least 1" },
	{ { "/words" }, { "[\"0x120038983\"]" }, NULL, NULL },
	{ { "/words" }, { "[\"0x120038983\",0,0,0,0]" }, "/words", "at most 4" },
	{ { "/words" },
	  { "[\"0x120038987\",0]" },
	  "/features/2/bit",
	  "bit 7 is here where the words have bit 2" },
	{ { "/words" }, { "[\"0x120038983\",1]" }, "/features", "bit 64 of the words is missing" },
	{ { "/words" }, { "[\"0x20038983\",0]" }, "/features/9/bit", "bit 32 is not in the words" },
	{ { "/features/9" }, { NULL }, "/features", "bit 32 of the words is missing" },
	{ { "/features/0/name" }, { "\"CSUM\"" }, "/features/0/name", "bit 0 is \"csum\" here" },
	{ { "/features/0/origin" },
	  { "\"model\"" },
	  "/features/0/origin",
	  "the origin of csum (0) is \"tap\"" },
	{ { "/features/0/bit" }, { "256" }, "/features/0/bit", "out of range" },
	{ { "/features/1" },
	  { "{\"bit\":0,\"name\":\"csum\",\"origin\":\"tap\"}" },
	  "/features/1/bit",
	  "listed once, the lowest first" },
	{ { "/words", "/features/1" },
	  { "[\"0x120038981\",0]", NULL },
	  "/words",
	  "guest_tso4 (7) requires guest_csum (1)" },
	{ { "/words", "/features/-" },
	  { "[\"0x120038983\",\"0x40\"]", "{\"bit\":70,\"name\":\"ipsec\",\"origin\":\"vhost\"}" },
	  "/header_bytes",
	  "12: with these features it is 32" },
	{ { "/words", "/features/-", "/header_bytes" },
	  { "[\"0x120038983\",\"0x40\"]", "{\"bit\":70,\"name\":\"ipsec\",\"origin\":\"vhost\"}",
	    "32" },
	  NULL,
	  NULL },
	{ { "/words", "/features/-" },
	  { "[\"0x120038983\",0,0,\"0x8000000000000000\"]",
	    "{\"bit\":255,\"name\":\"bit 255\",\"origin\":\"model\"}" },
	  NULL,
	  NULL },
	{ { "/header_bytes" }, { "10" }, "/header_bytes", "10: with these features it is 12" },
	/* vhost's own are never a guest's */
	{ { "/words", "/features/8" },
	  { "[\"0x104038983\",0]", "{\"bit\":26,\"name\":\"bit 26\",\"origin\":\"model\"}" },
	  "/words",
	  "bit 26 (VHOST_F_LOG_ALL) is internal to vhost" },
	{ { "/guest/iommu" }, { "true" }, "/guest/iommu", "did not accept access_platform (33)" },
	{ { "/backend_features" },
	  { "2" },
	  "/backend_features",
	  "0x2: without an IOMMU it is 0x0" },
	/* configuration */
	{ { "/mtu" }, { "67" }, "/mtu", "68 to 65535" },
	{ { "/mtu" }, { "0" }, "/mtu", "68 to 65535" },
	{ { "/mtu" }, { "65535" }, NULL, NULL },
	{ { "/mac" }, { "\"52:54:00:12:34:5G\"" }, "/mac", "lower-case hex" },
	{ { "/mac" }, { "\"52:54:00:12:34:5A\"" }, "/mac", "lower-case hex" },
	{ { "/mac" }, { "\"52-54-00-12-34-56\"" }, "/mac", "colons" },
	{ { "/mac" }, { "\"53:54:00:12:34:56\"" }, "/mac", "multicast" },
	{ { "/mac" }, { "\"00:00:00:00:00:00\"" }, "/mac", "not zero" },
	{ { "/mac" }, { "\"52:54:00:12:34:5\"" }, "/mac", "six pairs" },
	{ { "/mac" }, { "\"52:54:00:12:34:56\"" }, NULL, NULL },
	/* what the driver said on the control queue */
	{ { "/offloads" }, { "[]" }, "/offloads", "at least 1" },
	{ { "/offloads" }, { "[0,0,0,0,0]" }, "/offloads", "at most 4" },
	{ { "/offloads" }, { "[0]" }, NULL, NULL },
	{ { "/offloads" }, { "[\"0x82\",0]" }, NULL, NULL },
	{ { "/offloads" }, { "[\"0x402\"]" }, "/offloads", "bit 10 is no receive offload" },
	{ { "/offloads" }, { "[\"0x8002\"]" }, "/offloads", "bit 15 is no receive offload" },
	{ { "/offloads" }, { "[2,2]" }, "/offloads", "bit 65 is no receive offload" },
	{ { "/offloads" }, { "[\"0x80\"]" }, "/offloads", "need guest_csum (1)" },
	{ { "/offloads", "/minor" }, { "[0]", "0" }, "/offloads", "does not have this key" },
	{ { "/active_pairs" }, { "0" }, "/active_pairs", "1 to 256" },
	{ { "/active_pairs" }, { "2" }, "/active_pairs", "2: the device has 1 queue pairs" },
	{ { "/active_pairs" }, { "1" }, NULL, NULL },
	{ { "/active_pairs", "/minor" }, { "1", "0" }, "/active_pairs", "not have this key" },
	/* read from outside: what is not known */
	{ { "/partial" }, { "[]" }, "/partial", "at least 1" },
	{ { "/partial" }, { "[0,0,0,0,0]" }, "/partial", "at most 4" },
	{ { "/partial" }, { "[0]" }, NULL, NULL },
	{ { "/partial" }, { "[\"0x20\"]" }, NULL, NULL },
	{ { "/partial" }, { "[\"0x82\"]" }, "/partial", "bit 1 is among the words, too" },
	{ { "/partial", "/minor" }, { "[0]", "0" }, "/partial", "does not have this key" },
	{ { "/partial", "/memory" }, { "[0]", "[]" }, NULL, NULL },
	{ { "/partial", "/rings/0/base" }, { "[0]", NULL }, NULL, NULL },
	{ { "/rings/0/base" }, { NULL }, "/rings/0", "\"base\" is missing" },
	/* guest_tso4 needs guest_csum, of which nothing is known */
	{ { "/partial", "/words", "/features/1" },
	  { "[2]", "[\"0x120038981\",0]", NULL },
	  NULL,
	  NULL },
	{ { "/partial", "/words", "/features/1" },
	  { "[4]", "[\"0x120038981\",0]", NULL },
	  "/words",
	  "guest_tso4 (7) requires guest_csum (1)" },
	/* memory */
	{ { "/memory/0/guest_addr" },
	  { "\"0x40000001\"" },
	  "/memory/0/guest_addr",
	  "multiple of 4096" },
	{ { "/memory/0/size" }, { "\"0x8800\"" }, "/memory/0/size", "multiple of 4096" },
	{ { "/memory/0/size" }, { "0" }, "/memory/0/size", "at least 4096" },
	{ { "/memory/0/size" },
	  { "\"0xffffffffc0001000\"" },
	  "/memory/0/size",
	  "past the last guest address" },
	{ { "/memory/0/size" }, { "\"0xffffffffc0000000\"" }, NULL, NULL },
	{ { "/memory/-" },
	  { "{\"guest_addr\":\"0x40007000\",\"size\":4096}" },
	  "/memory/1",
	  "0x40007000-0x40007fff overlaps 0x40000000-0x40007fff at /memory/0" },
	{ { "/memory/-" },
	  { "{\"guest_addr\":0,\"size\":\"0x80000000\"}" },
	  "/memory/0",
	  "at /memory/1" },
	{ { "/memory/-" }, { "{\"guest_addr\":0,\"size\":\"0x40000000\"}" }, NULL, NULL },
	{ { "/memory" }, { "[]" }, "/memory", "at least 1 region" },
	{ { "/memory" },
	  { "[{\"guest_addr\":\"0x40002000\",\"size\":\"0x6000\"},"
	    "{\"guest_addr\":\"0x40000000\",\"size\":\"0x2000\"}]" },
	  NULL,
	  NULL },
	/* rings */
	{ { "/rings" }, { "[]" }, NULL, NULL },
	{ { "/rings/1/index" }, { "2" }, "/rings/1/index", "1 queue pairs have rings 0 to 1" },
	{ { "/rings/1/index" }, { "0" }, "/rings/1/index", "ring 0 is given twice" },
	{ { "/rings/1/index", "/queue_pairs" }, { "511", "256" }, NULL, NULL },
	{ { "/rings/0/size" }, { "0" }, "/rings/0/size", "1 to 32768" },
	{ { "/rings/0/size" }, { "255" }, "/rings/0/size", "255 is not a power of two" },
	{ { "/rings/0/size" }, { "32769" }, "/rings/0/size", "1 to 32768" },
	{ { "/rings/0/size" }, { "1024" }, "/rings/0", "overlap" },
	{ { "/rings/0/format" },
	  { "\"packed\"" },
	  "/rings/0/format",
	  "it is \"split\": ring_packed (34) is not among them" },
	{ { "/rings/0/base" }, { "65536" }, "/rings/0/base", "more than 16 bits" },
	{ { "/rings/0/base" }, { "4294967296" }, "/rings/0/base", "out of range" },
	{ { "/rings/0/base" }, { "65535" }, NULL, NULL },
	{ { "/rings/0/desc" }, { NULL }, "/rings/0", "desc, avail and used, or none" },
	{ { "/rings/0/avail" }, { NULL }, "/rings/0", "desc, avail and used, or none" },
	{ { "/rings/0/used" }, { NULL }, "/rings/0", "desc, avail and used, or none" },
	{ { "/rings/0/desc", "/rings/0/avail", "/rings/0/used" },
	  { NULL, NULL, NULL },
	  NULL,
	  NULL },
	{ { "/rings/0/desc" }, { "\"0xffffffffffffffff\"" }, "/rings/0/desc", "out of range" },
	{ { "/rings/0/desc" },
	  { "\"0x40000008\"" },
	  "/rings/0",
	  "ring 0: descriptor table at 0x40000008 is not a multiple of 16" },
	{ { "/rings/0/avail" }, { "\"0x40001001\"" }, "/rings/0", "multiple of 2" },
	{ { "/rings/0/used" }, { "\"0x40002002\"" }, "/rings/0", "multiple of 4" },
	{ { "/rings/0/desc" }, { "\"0x40007010\"" }, "/rings/0", "ends 16 bytes past its end" },
	{ { "/rings/0/desc" }, { "\"0x3ffffff0\"" }, "/rings/0", "starts 16 bytes before" },
	{ { "/rings/0/used" }, { "\"0xfffffffffffffffc\"" }, "/rings/0", "above the last region" },
	{ { "/rings/0" },
	  { RING0("256", "\"0x40000000\"", "\"0x40000ffe\"", "\"0x40002000\"") },
	  "/rings/0",
	  "descriptor table" },
	{ { "/rings/0" },
	  { RING0("256", "\"0x40000000\"", "\"0x40006806\"", "\"0x40002000\"") },
	  NULL,
	  NULL },
	/* the used ring of ring 1 ends at 0x40006805, with the word of EVENT_IDX */
	{ { "/rings/0" },
	  { RING0("256", "\"0x40000000\"", "\"0x40006804\"", "\"0x40002000\"") },
	  "/rings/1",
	  "the used ring of ring 1 (0x40006000-0x40006805) and the avail ring of ring 0 "
	  "(0x40006804-0x40006a09) overlap" },
};

static char *change(const char *json, const struct rule *rule)
{
	char *text = strdup(json), *next;

	for (int i = 0; i < 3 && rule->pointers[i]; i++) {
		next = edit_put(text, rule->pointers[i], rule->raws[i]);
		free(text);
		text = next;
	}
	next = edit_sum(text);
	free(text);
	return next;
}

static void check(struct rig *rig, const char *json, const struct rule *rule)
{
	char *text = change(json, rule);
	int r = vhc_state_check(rig->ctx, text);

	if (!rule->where && r)
		fail_msg("%s: %s", text, rig_text(rig));
	if (rule->where && !r)
		fail_msg("taken: %s", text);
	if (rule->where) {
		assert_int_equal(r, -EINVAL);
		assert_string_equal(vhc_ctx_get_error(rig->ctx)->where, rule->where);
		assert_string_equal(vhc_ctx_get_error(rig->ctx)->device, "");
		assert_says(rig, rule->says, "the vhost-state document is wrong in line 1: ");
	}
	free(text);
}

static void state_check_of_each_broken_rule_is_einval(void **state)
{
	char *json = moved_source("6.12", 1, false);
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		check(rig, json, &rules[i]);
	assert_int_equal(fake_calls(rig->fake), 0);
	free(json);
}

static void state_check_behind_iommu_follows_its_rules(void **state)
{
	static const struct rule iommu[] = {
		{ { "/backend_features" },
		  { "0" },
		  "/backend_features",
		  "0x0: with an IOMMU it is 0x2" },
		{ { "/backend_features" }, { "6" }, "/backend_features", "it is 0x2" },
		{ { "/guest/iommu", "/backend_features" }, { "false", "0" }, "/rings/0", "region" },
		{ { "/rings/0/used" },
		  { "\"0xfffffffffffffffc\"" },
		  "/rings/0",
		  "at I/O virtual address 0xfffffffffffffffc) ends past the last address" },
		{ { "/rings/0/used" }, { "\"0xfffffffffffff7f8\"" }, NULL, NULL },
		{ { "/rings/0/used" },
		  { "\"0xfffffffffffff7fc\"" },
		  "/rings/0",
		  "past the last address" },
		{ { "/rings/0/used" }, { "\"0x1000\"" }, "/rings/1", "overlap" },
		{ { "/memory" }, { "[]" }, "/memory", "at least 1 region" },
	};
	char *kept = edit_file(getenv("GOLDEN"), "iommu-4.json");
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(iommu) / sizeof(iommu[0]); i++)
		check(rig, kept, &iommu[i]);
	free(kept);
}

static void state_check_of_packed_rings_follows_their_rules(void **state)
{
	static const struct rule packed[] = {
		{ { "/rings/0/format" },
		  { "\"split\"" },
		  "/rings/0/format",
		  "it is \"packed\": ring_packed (34) is among them" },
		{ { "/rings/0/base" },
		  { "\"0x80ff8003\"" },
		  "/rings/0/base",
		  "used index 255 must be below its size of 255" },
		{ { "/rings/0/base" },
		  { "\"0x800080ff\"" },
		  "/rings/0/base",
		  "available index 255" },
		{ { "/rings/0/base" }, { "\"0x80008000\"" }, NULL, NULL },
		{ { "/rings/0/size" }, { "300" }, "/rings/0", "overlap" },
		{ { "/rings/0/used" }, { "\"0x40001004\"" }, NULL, NULL },
		{ { "/rings/0/used" }, { "\"0x40001002\"" }, "/rings/0", "multiple of 4" },
	};
	char *kept = edit_file(getenv("GOLDEN"), "packed-1.json");
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		check(rig, kept, &packed[i]);
	free(kept);
}

/* The line is that of the text as it was given. */
static void state_check_says_line_of_given_text(void **state)
{
	char *kept = edit_file(getenv("GOLDEN"), "split-1.json"), *at;
	struct rig *rig = *state;

	at = strstr(kept, "0x1234");
	assert_non_null(at);
	at[5] = '5';
	assert_int_equal(vhc_state_check(rig->ctx, kept), -EINVAL);
	assert_says(rig, "/checksum", "in line 98", "damaged or edited");
	at[2] = 'x';
	assert_int_equal(vhc_state_check(rig->ctx, kept), -EINVAL);
	assert_says(rig, "/rings/0/base", "in line 78", "not a 64-bit number");
	free(kept);
}

/* As many rings and regions as there can be, and one more. */
static void state_check_past_array_limits_is_einval(void **state)
{
	struct rig *rig = *state;
	char *json = NULL, *more;

	rig_prepare(rig);
	assert_ok(rig, vhc_dev_save(rig->dev, &json));
	assert_ok(rig, vhc_state_check(rig->ctx, json));
	more = edit_put_sum(json, "/rings/-", "{}");
	assert_int_equal(vhc_state_check(rig->ctx, more), -EINVAL);
	assert_says(rig, "/rings", "513 items are too many");
	free(more);
	more = calloc(1, (1 << 20) + 2);
	memset(more, ' ', (1 << 20) + 1);
	assert_int_equal(vhc_state_check(rig->ctx, more), -E2BIG);
	assert_says(rig, "1048577 bytes: at most 1048576");
	more[1 << 20] = '\0';
	assert_int_equal(vhc_state_check(rig->ctx, more), -EINVAL);
	free(more);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(state_check_of_each_broken_rule_is_einval, "6.12", 1),
		RIG_TEST(state_check_behind_iommu_follows_its_rules, "6.12", 1),
		RIG_TEST(state_check_of_packed_rings_follows_their_rules, "6.12", 1),
		RIG_TEST(state_check_says_line_of_given_text, "6.12", 1),
		RIG_TEST(state_check_past_array_limits_is_einval, "6.12", 256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
