/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - can a host take a device?  Two documents say it: yes, or no with every reason.
 */
#include <json-c/json.h>

#include "dev.h"
#include "edit.h"
#include "two-hosts.h"

static char *caps_of(const char *kernel)
{
	struct rig rig;
	char *caps = NULL;

	rig_new(&rig, kernel, 1);
	assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
	rig_free(&rig);
	return caps;
}

/* Frees the report.  @bit: the feature that this part of the host lacks; -1: no row at all. */
static void assert_report(char *report, bool possible, int bit, const char *lacking)
{
	struct json_object *tree = json_tokener_parse(report), *rows;
	int found = 0;

	assert_string_equal(json_object_get_string(json_object_object_get(tree, "kind")),
			    "vhost-report");
	assert_int_equal(json_object_get_boolean(json_object_object_get(tree, "possible")),
			 possible);
	assert_true(json_object_get_boolean(json_object_object_get(tree, "known")));
	assert_int_equal(json_object_array_length(json_object_object_get(tree, "findings")) == 0,
			 possible);
	rows = json_object_object_get(tree, "missing");
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (json_object_get_int(json_object_object_get(row, "bit")) != bit)
			continue;
		found++;
		assert_string_equal(json_object_get_string(json_object_object_get(row, "lacking")),
				    lacking);
	}
	assert_int_equal(found, bit >= 0);
	assert_int_equal(json_object_array_length(rows) == 0, bit < 0);
	json_object_put(tree);
	free(report);
}

/* Which features there are decides: forward always, back as long as the guest has nothing newer. */
static void caps_check_of_each_kernel_pair_compares_features(void **state)
{
	static const struct {
		const char *from, *to;
		bool array;
		const char *lacks[2];
	} moves[] = {
		{ "6.1", "6.1", false, { NULL, NULL } },
		{ "6.1", "6.12", false, { NULL, NULL } },
		{ "6.1", "7.2", false, { NULL, NULL } },
		{ "7.2", "6.1", false, { NULL, NULL } },
		{ "7.2", "7.2", true, { NULL, NULL } },
		{ "7.2",
		  "6.12",
		  true,
		  { "vhost lacks guest_udp_tunnel_gso (65), host_udp_tunnel_gso (67); ",
		    "the tap lacks guest_udp_tunnel_gso (65), host_udp_tunnel_gso (67): " } },
		{ "7.2",
		  "6.1",
		  true,
		  { "vhost lacks guest_udp_tunnel_gso (65), host_udp_tunnel_gso (67); ",
		    "the tap lacks guest_uso4 (54), guest_uso6 (55), host_uso (56), "
		    "guest_udp_tunnel_gso (65), host_udp_tunnel_gso (67): " } },
	};

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		char *json = moved_source(moves[i].from, 2, moves[i].array);
		char *caps = caps_of(moves[i].to);
		struct rig rig;
		int r;

		rig_new(&rig, "6.12", 1);
		r = vhc_caps_check(rig.ctx, caps, json, NULL);
		assert_int_equal(fake_calls(rig.fake), 0);
		assert_int_equal(r, moves[i].lacks[0] ? -EOPNOTSUPP : 0);
		if (r)
			assert_says(&rig, "net0: ", moves[i].lacks[0], moves[i].lacks[1],
				    "a newer kernel", "mask them where it runs");
		free(caps);
		free(json);
		rig_free(&rig);
	}
}

/* The device model's bits are the launcher's to know, with a name or without. */
static void caps_check_ignores_device_model_features(void **state)
{
	char *kept = edit_file(getenv("GOLDEN"), "iommu-4.json"), *caps = caps_of("7.2");
	char *report = NULL;
	struct rig *rig = *state;

	assert_ok(rig, vhc_caps_check(rig->ctx, caps, kept, &report));
	assert_report(report, true, -1, NULL);
	free(caps);
	free(kept);
}

/* Also of a device that runs: that is when one wants to know. */
static void caps_check_of_running_device_works(void **state)
{
	char *json = moved_source("6.1", 1, false),
	     *snapshot = edit_put_sum(json, "/running", "true");
	char *caps = caps_of("6.1");
	struct rig *rig = *state;

	assert_ok(rig, vhc_caps_check(rig->ctx, caps, snapshot, NULL));
	free(caps);
	free(snapshot);
	free(json);
}

/* Longer than 1 MiB, or few bytes that would take hundreds of megabytes of memory. */
static void caps_check_of_too_large_document_is_e2big(void **state)
{
	char *json = moved_source("6.1", 1, false), *caps = calloc(1, (1 << 20) + 2);
	struct rig *rig = *state;

	memset(caps, ' ', (1 << 20) + 1);
	assert_int_equal(vhc_caps_check(rig->ctx, caps, json, NULL), -E2BIG);
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, -E2BIG);
	assert_says(rig, "vhost-caps", "1048577 bytes: at most 1048576");
	assert_int_equal(vhc_dev_open_caps(rig->ctx, "net0", caps,
					   VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &rig->dev),
			 -E2BIG);
	memcpy(caps, "{\"a\":[", 6);
	for (uint32_t i = 6; i < 1 << 20; i += 3)
		memcpy(caps + i, "{},", 3);
	caps[1 << 20] = '\0';
	assert_int_equal(vhc_caps_check(rig->ctx, caps, json, NULL), -E2BIG);
	assert_says(rig, "vhost-caps", "more than 16384 values");
	free(caps);
	free(json);
}

static void caps_check_of_lesser_host_says_what_is_missing(void **state)
{
	static const struct {
		const char *pointer, *raw, *says, *hint;
	} hosts[] = {
		{ "/nodes/0/opens", "false", "/dev/vhost-net cannot be opened there:  ()", "" },
		{ "/nodes/0/words/0", "\"0x33d000000\"",
		  "vhost lacks mrg_rxbuf (15): ", "move it to a host that has them" },
		{ "/nodes/0/words", "[]", "mrg_rxbuf (15), event_idx (29), version_1 (32), ", "" },
		{ "/tap/words/0", "1",
		  "the tap lacks guest_csum (1), guest_tso4 (7), guest_tso6 (8), host_tso4 (11), ",
		  "" },
		{ "/tap/probed", "false", "no tap can be made there: ", "modprobe tun" },
		{ "/nodes/0/backend_features", "1",
		  "IOMMU needs the backend features 0x2, and the kernel's vhost has 0x1", "" },
		{ "/max_mem_regions", "1", "memory has 2 regions, and that kernel keeps 1",
		  "max_mem_regions" },
		{ "/max_mem_regions", "2", NULL, NULL },
		{ "/max_tap_queues", "3", "4 queue pairs, and a tap there has at most 3 queues",
		  "" },
		{ "/max_tap_queues", "4", NULL, NULL },
	};
	char *kept = edit_file(getenv("GOLDEN"), "iommu-4.json"), *caps = caps_of("7.2");
	char *json = edit_put_sum(kept, "/memory/-", "{\"guest_addr\":\"0x0\",\"size\":4096}");
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		char *host = edit_put(caps, hosts[i].pointer, hosts[i].raw);
		int r = vhc_caps_check(rig->ctx, host, json, NULL);

		assert_int_equal(r, hosts[i].says ? -EOPNOTSUPP : 0);
		if (r)
			assert_says(rig, "net0: ", hosts[i].says, hosts[i].hint);
		free(host);
	}
	free(json);
	free(caps);
	free(kept);
}

/* All at once, and whole: the text is long enough for the worst of hosts. */
static void caps_check_gives_every_reason(void **state)
{
	char *json = NULL, *caps = caps_of("7.2"), *host, *report = NULL;
	struct rig *rig = *state;

	rig_prepare(rig);
	rig->dev->want.acked = vhi_features_of(VHC_TYPE_NET, 0);
	vhc_features_remove(&rig->dev->want.acked, VHI_F_RING_PACKED);
	rig->dev->want.iommu = true;
	assert_ok(rig, vhc_dev_save(rig->dev, &json));
	host = edit_put(caps, "/nodes/0/words", "[]");
	free(caps);
	caps = edit_put(host, "/tap/words", "[]");
	free(host);
	host = edit_put(caps, "/nodes/0/backend_features", "0");
	free(caps);
	caps = edit_put(host, "/max_tap_queues", "1");
	assert_int_equal(vhc_caps_check(rig->ctx, caps, json, &report), -EOPNOTSUPP);
	assert_report(report, false, VHI_F_HOST_UDP_TUNNEL_GSO, "vhost+tap");
	assert_says(rig, "vhost lacks mrg_rxbuf (15)", "ipsec (70); the tap lacks csum (0)",
		    "host_udp_tunnel_gso_csum (68): ", "header of 32 bytes", "backend features 0x2",
		    "2 queue pairs, and a tap there has at most 1 queues");
	free(host);
	/* what was not asked is not said to be missing */
	host = edit_put(caps, "/nodes/0/opens", "false");
	free(caps);
	caps = edit_put(host, "/nodes/0/reason", "\"gone fishing\"");
	free(host);
	host = edit_put(caps, "/nodes/0/remedy", "\"modprobe vhost_net\"");
	free(caps);
	caps = edit_put(host, "/tap/probed", "false");
	free(host);
	host = edit_put(caps, "/tap/reason", "\"no tun\"");
	assert_int_equal(vhc_caps_check(rig->ctx, host, json, &report), -EOPNOTSUPP);
	assert_report(report, false, -1, NULL);
	assert_says(rig, "/dev/vhost-net cannot be opened there: gone fishing",
		    "modprobe vhost_net", "no tap can be made there: no tun");
	assert_null(strstr(rig_text(rig), "lacks"));
	free(host);
	free(caps);
	free(json);
}

/* The document of a host that was asked by @uid, whose vhost-net has this errno; 0: it opens. */
static char *caps_seen_by(uint32_t uid, int error)
{
	struct rig rig;
	char *caps = NULL;

	rig_new(&rig, "7.2", 1);
	fake_set_user(rig.fake, uid, uid);
	if (error)
		fake_set_node(rig.fake, "/dev/vhost-net", error);
	assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
	rig_free(&rig);
	return caps;
}

/* What could not be asked is no reason against the move; what is missing still is. */
static void caps_check_of_unknown_is_enodata(void **state)
{
	static const struct {
		uint32_t uid;
		int error, result;
		const char *says, *hint;
	} cases[] = {
		{ 0, EACCES, -ENODATA,
		  "what /dev/vhost-net has there is not known: the node's owner and mode",
		  "setfacl" },
		{ 0, EPERM, -ENODATA, "what /dev/vhost-net has there is not known: a device cgroup",
		  "" },
		{ 0, EIO, -ENODATA, "is not known: the kernel refused it (EIO)", "" },
		{ 0, ENOENT, -EOPNOTSUPP, "/dev/vhost-net cannot be opened there: there is no such",
		  "modprobe vhost_net" },
		{ 0, ENXIO, -EOPNOTSUPP, "/dev/vhost-net cannot be opened there: ", "modprobe" },
		{ 1000, 0, -ENODATA,
		  "the features of a tap there are not known: no scratch tap in a "
		  "namespace of its own: Operation not permitted (EPERM)",
		  "ask again as root" },
		/* one reason that is known is enough */
		{ 1000, ENODEV, -EOPNOTSUPP,
		  "/dev/vhost-net cannot be opened there: ", "modprobe" },
	};
	char *json = moved_source("6.1", 1, false);
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *caps = caps_seen_by(cases[i].uid, cases[i].error), *report = NULL;
		struct json_object *tree, *known;

		assert_int_equal(vhc_caps_check(rig->ctx, caps, json, &report), cases[i].result);
		assert_says(rig, "net0: ", cases[i].says, cases[i].hint);
		tree = json_tokener_parse(report);
		assert_true(json_object_object_get_ex(tree, "known", &known));
		assert_int_equal(json_object_get_boolean(known), cases[i].result == -EOPNOTSUPP);
		json_object_put(tree);
		free(report);
		free(caps);
	}
	free(json);
}

/* A limit that could not be read is the kernel's default only in the document. */
static void caps_check_of_unknown_limit_is_enodata(void **state)
{
	char *json = moved_source("6.1", 1, false), *caps = caps_of("6.1");
	char *host = edit_put(caps, "/unknown",
			      "[{\"what\":\"max_mem_regions\",\"reason\":\"no /sys\","
			      "\"remedy\":\"mount it\"}]");
	struct rig *rig = *state;

	assert_int_equal(vhc_caps_check(rig->ctx, host, json, NULL), -ENODATA);
	assert_says(rig, "regions of memory that kernel keeps is not known: no /sys", "mount it");
	free(host);
	free(caps);
	free(json);
}

static void caps_check_of_bad_document_is_einval(void **state)
{
	char *json = moved_source("6.1", 1, false), *caps = caps_of("6.1"), *bad;
	struct rig *rig = *state;

	assert_int_equal(vhc_caps_check(rig->ctx, "{", json, NULL), -EINVAL);
	assert_says(rig, "the vhost-caps document is wrong in line 1: ");
	assert_int_equal(vhc_caps_check(rig->ctx, caps, "{", NULL), -EINVAL);
	assert_says(rig, "the vhost-state document is wrong in line 1: ");
	assert_int_equal(vhc_caps_check(rig->ctx, json, caps, NULL), -EINVAL);
	bad = edit_put(json, "/rings/0/size", "512");
	assert_int_equal(vhc_caps_check(rig->ctx, caps, bad, NULL), -EINVAL);
	assert_says(rig, "/checksum", "damaged");
	free(bad);
	bad = edit_put(caps, "/nodes/0", NULL);
	assert_int_equal(vhc_caps_check(rig->ctx, bad, json, NULL), -EINVAL);
	assert_says(rig, "/nodes", "does not have /dev/vhost-net");
	free(bad);
	bad = edit_put(caps, "/max_mem_regions", "0");
	assert_int_equal(vhc_caps_check(rig->ctx, bad, json, NULL), -EINVAL);
	assert_says(rig, "/max_mem_regions", "vhost-caps document is wrong");
	free(bad);
	free(caps);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caps_check_of_each_kernel_pair_compares_features),
		RIG_TEST(caps_check_ignores_device_model_features, "6.12", 1),
		RIG_TEST(caps_check_of_running_device_works, "6.12", 1),
		RIG_TEST(caps_check_of_too_large_document_is_e2big, "6.12", 1),
		RIG_TEST(caps_check_of_lesser_host_says_what_is_missing, "6.12", 1),
		RIG_TEST(caps_check_gives_every_reason, "7.2", 2),
		RIG_TEST(caps_check_of_unknown_is_enodata, "6.12", 1),
		RIG_TEST(caps_check_of_unknown_limit_is_enodata, "6.12", 1),
		RIG_TEST(caps_check_of_bad_document_is_einval, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
