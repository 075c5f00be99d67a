/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - every bit wanted, masked and required against every bit that vhost or the tap has or
 * lacks; and what of the accepted ones reaches vhost and the tap.  The oracle is in rig/features-oracle.c.
 */
#include <json-c/json.h>

#include "features-oracle.h"
#include "rig.h"

/* ------------------------------------------------------- any host, by a vhost-caps document of it */

static struct json_object *words(const struct vhc_features *set)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < 4; i++)
		json_object_array_add(list, json_object_new_uint64(set->w[i]));
	return list;
}

static char *caps_of(struct rig *rig)
{
	char *json = NULL;

	assert_ok(rig, vhc_caps_probe(rig->ctx, &json));
	return json;
}

static struct vhc_dev *device_with(struct rig *rig, const char *caps,
				   const struct vhc_features *vhost, const struct vhc_features *tap)
{
	struct json_object *tree = json_tokener_parse(caps), *nodes, *tap_tree;
	struct vhc_dev *dev = NULL;

	assert_non_null(tree);
	assert_true(json_object_object_get_ex(tree, "nodes", &nodes));
	assert_true(json_object_object_get_ex(tree, "tap", &tap_tree));
	for (size_t i = 0; i < json_object_array_length(nodes); i++)
		json_object_object_add(json_object_array_get_idx(nodes, i), "words", words(vhost));
	json_object_object_add(tap_tree, "words", words(tap));
	assert_ok(rig, vhc_dev_open_caps(rig->ctx, "net0", json_object_to_json_string(tree),
					 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &dev));
	json_object_put(tree);
	return dev;
}

static void check_offer(struct rig *rig, struct vhc_dev *dev, const struct vhc_features *want,
			const struct vhc_features *vhost, const struct vhc_features *tap)
{
	struct vhc_features expected = oracle(want, vhost, tap), offered = { { 7, 7, 7, 7 } };

	assert_ok(rig, vhc_dev_offer_features(dev, want, NULL, &offered));
	if (!vhi_features_equal(&offered, &expected))
		fail_msg("wanted %llx %llx: offered %llx %llx, not %llx %llx",
			 (unsigned long long)want->w[0], (unsigned long long)want->w[1],
			 (unsigned long long)offered.w[0], (unsigned long long)offered.w[1],
			 (unsigned long long)expected.w[0], (unsigned long long)expected.w[1]);
}

/* One bit with all that it needs: it is there, or the text says who lacks what. */
static void check_require(struct rig *rig, struct vhc_dev *dev, unsigned int bit,
			  const struct vhc_features *vhost, const struct vhc_features *tap)
{
	struct vhc_features want = with_requirements(bit), require = { { 0 } };
	struct vhc_features expected = oracle(&want, vhost, tap), offered = { { 7, 7, 7, 7 } };
	const struct vhc_feature *feature = vhc_feature_get(VHC_TYPE_NET, bit);
	int r;

	vhc_features_add(&require, bit);
	r = vhc_dev_offer_features(dev, &want, &require, &offered);
	if (vhc_features_has(&expected, bit)) {
		assert_ok(rig, r);
		assert_true(vhi_features_equal(&offered, &expected));
		return;
	}
	/* vhost's own bits are no guest's to require */
	assert_int_equal(r, bit == 26 || bit == 30 ? -EINVAL : -EOPNOTSUPP);
	assert_int_equal(offered.w[0], 7);
	if (r == -EINVAL) {
		assert_says(rig, "net0", "26 and 30");
		return;
	}
	assert_says(rig, "net0", "required");
	if (feature)
		assert_says(rig, feature->name);
}

/* All wants of one bit against one host. */
static uint32_t check_host(struct rig *rig, const char *caps, const struct vhc_features *vhost,
			   const struct vhc_features *tap)
{
	const struct vhc_features all = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	struct vhc_dev *dev = device_with(rig, caps, vhost, tap);

	check_offer(rig, dev, &all, vhost, tap);
	for (unsigned int bit = 0; bit < BITS; bit++) {
		struct vhc_features alone = { { 0 } }, with = with_requirements(bit);
		struct vhc_features masked = all;

		vhc_features_add(&alone, bit);
		vhc_features_remove(&masked, bit);
		check_offer(rig, dev, &alone, vhost, tap);
		check_offer(rig, dev, &with, vhost, tap);
		check_offer(rig, dev, &masked, vhost, tap);
		check_require(rig, dev, bit, vhost, tap);
	}
	vhc_dev_close(dev);
	return 4 * BITS + 1;
}

static void offer_of_each_bit_on_each_host_matches_oracle(void **state)
{
	const struct vhc_features all = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	const struct vhc_features none = { { 0 } };
	uint32_t offers = 0;
	struct rig *rig = *state;
	char *caps;

	caps = caps_of(rig);
	offers += check_host(rig, caps, &none, &none);
	offers += check_host(rig, caps, &all, &all);
	for (unsigned int bit = 0; bit < BITS; bit++) {
		struct vhc_features lacks = all, only = with_requirements(bit);

		vhc_features_remove(&lacks, bit);
		offers += check_host(rig, caps, &lacks, &all);
		offers += check_host(rig, caps, &all, &lacks);
		offers += check_host(rig, caps, &lacks, &lacks);
		offers += check_host(rig, caps, &only, &only);
	}
	print_message("%u offers\n", offers);
	assert_true(offers > 4 * BITS * 4 * BITS);
	free(caps);
}

/* NULL wants all that has a name, and nothing that a newer specification brought. */
static void offer_of_null_is_all_known_features(void **state)
{
	const struct vhc_features all = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	struct vhc_features offered, known = { { 0 } };
	struct vhc_dev *dev;
	struct rig *rig = *state;
	char *caps;

	caps = caps_of(rig);
	dev = device_with(rig, caps, &all, &all);
	assert_ok(rig, vhc_dev_offer_features(dev, NULL, NULL, &offered));
	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_feature_get(VHC_TYPE_NET, bit))
			vhc_features_add(&known, bit);
	assert_true(vhi_features_equal(&offered, &known));
	assert_false(vhc_features_has(&offered, 26) || vhc_features_has(&offered, 30) ||
		     vhc_features_has(&offered, 25) || vhc_features_has(&offered, 200));
	vhc_dev_close(dev);
	free(caps);
}

/* --------------------------------------------------------------------------- the kernel is asked */

/* What a tap offers that takes these flags: each kernel's largest set, and the bits of both ways. */
static struct vhc_features tap_of(const char *kernel)
{
	struct vhc_features set = { { B(0) | B(1) | B(7) | B(8) | B(9) | B(10) | B(11) | B(12) |
				      B(13) | B(14) } };

	if (strcmp(kernel, "6.1"))
		set.w[0] |= B(54) | B(55) | B(56);
	if (!strcmp(kernel, "7.2"))
		set.w[1] |= B(1) | B(2) | B(3) | B(4);
	return set;
}

/* Each kernel, and each kernel without one of vhost's bits. */
static void offer_on_each_kernel_matches_oracle(void **state)
{
	const struct vhc_features all = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };

	for (unsigned int i = 0; fake_profile_name(i); i++)
		for (unsigned int bit = 0; bit <= BITS; bit++) {
			struct vhc_features tap = tap_of(fake_profile_name(i)), vhost = { { 0 } };
			struct rig rig;

			rig_new(&rig, fake_profile_name(i), 1);
			if (bit < BITS)
				fake_profile(rig.fake)->features[bit / 64] &= ~B(bit % 64);
			vhost.w[0] = fake_profile(rig.fake)->features[0];
			vhost.w[1] = fake_profile(rig.fake)->features[1];
			assert_ok(&rig, rig_tap(&rig));
			assert_ok(&rig, rig_dev(&rig));
			assert_ok(&rig, vhc_dev_set_tap(rig.dev, rig.tap));
			check_offer(&rig, rig.dev, &all, &vhost, &tap);
			/* asking leaves the link as it was */
			assert_int_equal(fake_tap(rig.fake, "tap0")->offloads, 0);
			rig_free(&rig);
		}
}

/* What a guest accepts, bit by bit: vhost gets its part and no other, the tap gets its own. */
static void check_acked(const char *kernel, unsigned int bit)
{
	struct vhc_features want = with_requirements(bit), to_vhost;
	const struct fake_ring *ring;
	struct rig rig;

	rig_new(&rig, kernel, 1);
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, vhc_dev_offer_features(rig.dev, &want, NULL, &rig.acked));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
	to_vhost = vhi_features_and(&rig.acked, &vhost_owned);
	vhc_features_remove(&to_vhost, 33);
	ring = rig_kernel_ring(&rig, 1);
	assert_int_equal(ring->features[0], to_vhost.w[0]);
	assert_int_equal(ring->features[1], to_vhost.w[1]);
	assert_false(ring->features[0] & (B(26) | B(27) | B(33)));
	assert_int_equal(fake_tap(rig.fake, "tap0")->header, vhi_net_header_size(&rig.acked));
	rig_free(&rig);
}

static void start_sets_vhost_owned_features_only(void **state)
{
	for (unsigned int i = 0; fake_profile_name(i); i++)
		for (unsigned int bit = 0; bit < BITS; bit++)
			check_acked(fake_profile_name(i), bit);
}

static void start_sets_tap_header_and_offloads(void **state)
{
	static const struct {
		struct vhc_features acked;
		uint32_t header, offloads;
	} cases[] = {
		{ { { 0 } }, 10, 0 },
		{ { { B(32) } }, 12, 0 },
		{ { { B(15) } }, 12, 0 },
		{ { { B(32) | B(15) | B(1) } }, 12, 0x1 },
		{ { { B(0) | B(11) | B(12) | B(56) } }, 10, 0 },
		{ { { B(1) | B(7) } }, 10, 0x3 },
		{ { { B(1) | B(8) } }, 10, 0x5 },
		{ { { B(1) | B(7) | B(9) } }, 10, 0xb },
		{ { { B(1) | B(10) } }, 10, 0x11 },
		{ { { B(1) | B(54) | B(55) } }, 10, 0x61 },
		{ { { B(1) | B(54) } }, 10, 0x1 }, /* the link takes both or none */
		{ { { B(32) | B(1) | B(7) | B(8) | B(54) | B(55), B(1) } }, 24, 0xe7 },
		{ { { B(32) | B(1) | B(7) | B(8) | B(54) | B(55), B(1) | B(2) } }, 24, 0x1e7 },
		{ { { B(32) | B(0) | B(11) | B(12) | B(56), B(3) } }, 24, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_new(&rig, "7.2", 1);
		rig.acked = cases[i].acked;
		rig_up(&rig);
		assert_int_equal(fake_tap(rig.fake, "tap0")->header, cases[i].header);
		assert_int_equal(fake_tap(rig.fake, "tap0")->offloads, cases[i].offloads);
		rig_free(&rig);
	}
}

static void keep_line(void *data, enum vhc_level level, const char *line)
{
	char *all = data;

	snprintf(all + strlen(all), 4096 - strlen(all), "%d %s\n", level, line);
}

static void offer_logs_dropped_features(void **state)
{
	static char lines[4096];
	struct vhc_features want = { { B(7) | B(32) } }, offered;
	struct rig *rig = *state;

	rig_prepare(rig);
	lines[0] = 0;
	vhc_ctx_set_log(rig->ctx, VHC_LEVEL_INFO, keep_line, lines);
	assert_ok(rig, vhc_dev_offer_features(rig->dev, &want, NULL, &offered));
	assert_int_equal(offered.w[0], B(32));
	assert_non_null(strstr(lines, "net0"));
	assert_non_null(strstr(lines, "guest_tso4"));
	assert_non_null(strstr(lines, "guest_csum"));
	vhc_ctx_set_log(rig->ctx, VHC_LEVEL_ERROR, NULL, NULL);
	/* what is required and was not wanted is named, too */
	want = (struct vhc_features){ { B(32) } };
	assert_int_equal(vhc_dev_offer_features(rig->dev, &want,
						&(struct vhc_features){ { B(15) } }, &offered),
			 -EOPNOTSUPP);
	assert_says(rig, "mrg_rxbuf (bit 15)", "not wanted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(offer_of_each_bit_on_each_host_matches_oracle, "7.2", 1),
		RIG_TEST(offer_of_null_is_all_known_features, "7.2", 1),
		cmocka_unit_test(offer_on_each_kernel_matches_oracle),
		cmocka_unit_test(start_sets_vhost_owned_features_only),
		cmocka_unit_test(start_sets_tap_header_and_offloads),
		RIG_TEST(offer_logs_dropped_features, "6.1", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
