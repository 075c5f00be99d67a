/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * baseline - what the hosts of a set have in common: a guest can move to all of them where it can move
 * to that, and the reasons name hosts.
 */
#include <json-c/json.h>

#include "edit.h"
#include "features/features.h"
#include "two-hosts.h"

static char *caps_of(const char *kernel, uint32_t uid, int error)
{
	struct rig rig;
	char *caps = NULL;

	rig_new(&rig, kernel, 1);
	fake_set_user(rig.fake, uid, uid);
	if (error)
		fake_set_node(rig.fake, "/dev/vhost-net", error);
	assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
	rig_free(&rig);
	return caps;
}

/* The baseline of these, for free(3). */
static char *baseline(struct rig *rig, uint32_t count, char *const *caps)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	char *json = NULL;

	assert_ok(rig, vhc_caps_baseline(rig->ctx, count, names, (const char *const *)caps, &json));
	return json;
}

static void assert_at(const char *json, const char *pointer, const char *raw)
{
	char *found = edit_get(json, pointer);

	if (!found || strcmp(found, raw))
		fail_msg("%s is %s, not %s", pointer, found ? found : "not there", raw);
	free(found);
}

static const struct {
	const char *kernel;
	uint32_t uid;
	int error;
} hosts[] = {
	{ "6.1", 0, 0 },    { "6.12", 0, 0 },	  { "7.2", 0, 0 },
	{ "7.2", 1000, 0 }, { "7.2", 0, EACCES }, { "6.12", 0, ENOENT },
};

#define HOSTS (sizeof(hosts) / sizeof(hosts[0]))

/* No is worse than "not known", which is worse than yes. */
static int worse(int a, int b)
{
	if (a == -EOPNOTSUPP || b == -EOPNOTSUPP)
		return -EOPNOTSUPP;
	return a ?: b;
}

/* Of every pair of hosts, for the guest of every kernel. */
static void check_of_baseline_is_worst_of_hosts(void **state)
{
	static const char *const kernels[] = { "6.1", "6.12", "7.2" };
	struct rig *rig = *state;
	char *caps[HOSTS];

	for (size_t i = 0; i < HOSTS; i++)
		caps[i] = caps_of(hosts[i].kernel, hosts[i].uid, hosts[i].error);
	for (size_t k = 0; k < 3; k++) {
		char *json = moved_source(kernels[k], 1, k == 2);

		for (size_t i = 0; i < HOSTS * HOSTS; i++) {
			char *two[] = { caps[i / HOSTS], caps[i % HOSTS] };
			char *both = baseline(rig, 2, two);
			int first = vhc_caps_check(rig->ctx, two[0], json, NULL);
			int second = vhc_caps_check(rig->ctx, two[1], json, NULL);

			assert_int_equal(vhc_caps_check(rig->ctx, both, json, NULL),
					 worse(first, second));
			free(both);
		}
		free(json);
	}
	for (size_t i = 0; i < HOSTS; i++)
		free(caps[i]);
}

static void baseline_of_three_kernels_is_oldest(void **state)
{
	struct rig *rig = *state;
	char *caps[] = { caps_of("7.2", 0, 0), caps_of("6.1", 0, 0), caps_of("6.12", 0, 0) };
	char *json = baseline(rig, 3, caps);

	assert_at(json, "/kernel", "\"\"");
	assert_at(json, "/nodes/0/words", "[\"0x331008000\",\"0x0\"]");
	assert_at(json, "/nodes/0/ioctls", "[\"busyloop_timeout\"]");
	assert_at(json, "/nodes/0/backend_features", "\"0x2\"");
	assert_at(json, "/tap/offloads", "\"0x1f\"");
	assert_null(edit_get(json, "/unknown"));
	assert_at(json, "/groups/0/hosts", "[\"a\"]");
	assert_at(json, "/groups/0/lacks", "[]");
	assert_at(json, "/groups/1/lacks",
		  "[\"in_order\",\"ring_reset\",\"guest_uso4\",\"guest_uso6\",\"host_uso\","
		  "\"guest_udp_tunnel_gso\",\"guest_udp_tunnel_gso_csum\",\"host_udp_tunnel_gso\","
		  "\"host_udp_tunnel_gso_csum\"]");
	assert_at(json, "/lacking/0",
		  "{\"type\":\"net\",\"bit\":35,\"name\":\"in_order\",\"lacking\":\"vhost\","
		  "\"since\":\"6.17\",\"hosts\":\"b, c\"}");
	assert_at(json, "/lacking/4",
		  "{\"type\":\"net\",\"bit\":56,\"name\":\"host_uso\",\"lacking\":\"tap\","
		  "\"since\":\"6.2\",\"hosts\":\"b\"}");
	assert_at(json, "/lacking/5/lacking", "\"vhost+tap\"");
	free(json);
	for (size_t i = 0; i < 3; i++)
		free(caps[i]);
}

/* What all have, but without what it needs. */
static void baseline_is_closed_under_requirements(void **state)
{
	struct rig *rig = *state;
	char *whole = caps_of("7.2", 0, 0), *json;
	/* one without csum, one without guest_uso6 */
	char *caps[] = { edit_put(whole, "/tap/words/0", "\"0x1c0000000007f82\""),
			 edit_put(whole, "/tap/words/0", "\"0x14000000000ff83\"") };

	json = baseline(rig, 2, caps);
	/* csum takes host_tso4, host_tso6, host_ecn, host_ufo, host_uso with it, and they the tunnels */
	assert_at(json, "/tap/words", "[\"0x40000000000782\",\"0x0\"]");
	assert_at(json, "/nodes/0/words/1", "\"0x0\"");
	assert_at(json, "/lacking/0/name", "\"csum\"");
	assert_at(json, "/lacking/1/name", "\"host_tso4\"");
	assert_at(json, "/lacking/1/lacking", "\"requirement\"");
	assert_at(json, "/lacking/1/hosts", "\"\"");
	free(json);
	free(caps[0]);
	free(caps[1]);
	free(whole);
}

static void baseline_of_unknown_host_is_unknown(void **state)
{
	struct rig *rig = *state;
	char *caps[] = { caps_of("7.2", 0, 0), caps_of("7.2", 1000, EACCES),
			 caps_of("7.2", 0, ENOENT) };
	char *json = baseline(rig, 2, caps);

	assert_at(json, "/nodes/0/opens", "false");
	assert_at(json, "/nodes/0/error", "\"EACCES\"");
	assert_at(json, "/unknown/0/what", "\"/dev/vhost-net\"");
	assert_at(json, "/unknown/1/what", "\"tap\"");
	assert_at(json, "/groups/1/unknown", "[\"/dev/vhost-net\",\"tap\"]");
	assert_at(json, "/groups/1/lacks", "[]");
	assert_null(edit_get(json, "/lacking"));
	free(json);
	/* what one does not have is known */
	json = baseline(rig, 3, caps);
	assert_at(json, "/nodes/0/error", "\"ENOENT\"");
	assert_at(json, "/unknown/0/what", "\"tap\"");
	assert_at(json, "/groups/2/lacks", "[\"/dev/vhost-net\"]");
	free(json);
	for (size_t i = 0; i < 3; i++)
		free(caps[i]);
}

static void baseline_takes_smallest_limits(void **state)
{
	struct rig *rig = *state;
	char *whole = caps_of("7.2", 0, 0), *json;
	char *caps[] = { edit_put(whole, "/max_mem_regions", "509"),
			 edit_put(whole, "/max_tap_queues", "8"),
			 edit_put(whole, "/parameters/0/value", "\"65\"") };

	json = baseline(rig, 3, caps);
	assert_at(json, "/max_mem_regions", "64");
	assert_at(json, "/max_tap_queues", "8");
	assert_at(json, "/parameters/0/name", "\"vhost.max_iotlb_entries\"");
	free(json);
	for (size_t i = 0; i < 3; i++)
		free(caps[i]);
	free(whole);
}

/* It is a document like its sources: taken once more, it is the same but for the hosts. */
static void baseline_of_baseline_is_same(void **state)
{
	struct rig *rig = *state;
	char *caps[] = { caps_of("6.12", 0, 0), caps_of("7.2", 1000, 0), caps_of("7.2", 0, EPERM) };
	char *json = baseline(rig, 3, caps), *again = baseline(rig, 1, &json);
	static const char *const parts[] = { "/nodes/0/words",	"/nodes/0/ioctls", "/nodes/1",
					     "/tap/words",	"/tap/offloads",   "/parameters",
					     "/unknown/0/what", "/unknown/1/what" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *part = edit_get(json, parts[i]);

		assert_at(again, parts[i], part);
		free(part);
	}
	assert_null(edit_get(again, "/lacking"));
	free(again);
	free(json);
	for (size_t i = 0; i < 3; i++)
		free(caps[i]);
}

static void baseline_of_bad_document_names_host(void **state)
{
	static const char *const names[] = { "good.json", "bad.json" };
	struct rig *rig = *state;
	char *good = caps_of("6.1", 0, 0), *newer = edit_put(good, "/version", "2"), *json = NULL;
	const char *caps[] = { good, "{" };

	assert_int_equal(vhc_caps_baseline(rig->ctx, 2, names, caps, &json), -EINVAL);
	assert_says(rig, "bad.json: ", "the vhost-caps document is wrong in line 1");
	caps[1] = newer;
	assert_int_equal(vhc_caps_baseline(rig->ctx, 2, names, caps, &json), -EINVAL);
	assert_says(rig, "bad.json: ", "version");
	assert_int_equal(vhc_caps_baseline(rig->ctx, 0, names, caps, &json), -EINVAL);
	assert_says(rig, "no host");
	assert_null(json);
	free(newer);
	free(good);
}

/* An array of rows, each with its number in it, for free(3). */
static char *rows_of(unsigned int first, unsigned int count, const char *before, const char *after)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (unsigned int i = first; i < first + count; i++)
		fprintf(out, "%s%s%u%s", i == first ? "[" : ",", before, i, after);
	fputc(']', out);
	assert_int_equal(fclose(out), 0);
	return text;
}

#define NODE "{\"path\":\"/dev/"
#define NODE_END                                                             \
	"\",\"opens\":false,\"error\":\"\",\"reason\":\"\",\"remedy\":\"\"," \
	"\"words\":[],\"features\":[],\"ioctls\":[]}"
#define UNKNOWN	    "{\"what\":\"call "
#define UNKNOWN_END "\",\"reason\":\"\",\"remedy\":\"\"}"

/* The lists of a document, one row longer than they may be. */
static void long_lists_are_refused(void **state)
{
	static const struct {
		const char *at, *before, *after;
		unsigned int max;
	} lists[] = {
		{ "/nodes", NODE, NODE_END, 32 },
		{ "/nodes/0/ioctls", "\"call_", "\"", 64 },
		{ "/parameters", "{\"name\":\"vhost.", "\",\"value\":\"1\"}", 64 },
		{ "/unknown", UNKNOWN, UNKNOWN_END, 256 },
	};
	static const char *const names[] = { "long.json" };
	struct rig *rig = *state;
	char *caps = caps_of("6.1", 0, 0), limit[60];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char *rows = rows_of(0, lists[i].max + 1, lists[i].before, lists[i].after);
		char *text = edit_put(caps, lists[i].at, rows), *json = NULL;

		snprintf(limit, sizeof(limit), "%u items are too many: at most %u are allowed",
			 lists[i].max + 1, lists[i].max);
		assert_int_equal(
			vhc_caps_baseline(rig->ctx, 1, names, (const char *const[]){ text }, &json),
			-EINVAL);
		assert_says(rig, "long.json: ", lists[i].at, limit);
		assert_null(json);
		free(text);
		free(rows);
	}
	free(caps);
}

/* Lists of a set have the rows of all hosts, and are those of a document, too. */
static void long_lists_of_set_are_refused(void **state)
{
	static const struct {
		const char *at, *before, *after;
		unsigned int count, hosts; /* that many have them, each others */
	} lists[] = { { "/nodes", NODE, NODE_END, 32, 1 },
		      { "/unknown", UNKNOWN, UNKNOWN_END, 64, 2 } };
	static const char *const names[] = { "a", "b", "c" };
	struct rig *rig = *state;
	char *caps = caps_of("6.1", 0, 0);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char *texts[3], *json = NULL, *again;

		for (unsigned int host = 0; host < 3; host++) {
			char *rows = rows_of(host * lists[i].count, lists[i].count, lists[i].before,
					     lists[i].after);

			texts[host] = edit_put(caps, lists[i].at, rows);
			free(rows);
		}
		json = baseline(rig, lists[i].hosts, texts);
		again = baseline(rig, 1, &json);
		free(again);
		free(json);
		json = NULL;
		assert_int_equal(vhc_caps_baseline(rig->ctx, lists[i].hosts + 1, names,
						   (const char *const *)texts, &json),
				 -E2BIG);
		assert_says(rig, names[lists[i].hosts], "over 32 nodes, or 128 rows of unknown");
		assert_null(json);
		for (size_t host = 0; host < 3; host++)
			free(texts[host]);
	}
	free(caps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(check_of_baseline_is_worst_of_hosts, "6.12", 1),
		RIG_TEST(baseline_of_three_kernels_is_oldest, "6.12", 1),
		RIG_TEST(baseline_is_closed_under_requirements, "6.12", 1),
		RIG_TEST(baseline_of_unknown_host_is_unknown, "6.12", 1),
		RIG_TEST(baseline_takes_smallest_limits, "6.12", 1),
		RIG_TEST(baseline_of_baseline_is_same, "6.12", 1),
		RIG_TEST(baseline_of_bad_document_names_host, "6.12", 1),
		RIG_TEST(long_lists_are_refused, "6.12", 1),
		RIG_TEST(long_lists_of_set_are_refused, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
