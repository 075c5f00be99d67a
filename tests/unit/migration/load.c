/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * load - devices set as a vhost-state document says: the same device afterwards, and everything that
 * stands in the way, which leaves the device as it was.
 */
#include "dev.h"
#include "edit.h"
#include "two-hosts.h"

/* ------------------------------------------------------------------------------------ round trip */

static void add_kicks(struct rig *rig)
{
	for (uint32_t i = 0; i < rig->rings; i++) {
		assert_true(vhc_ring_get_kick(rig->dev, i) >= 0);
		assert_true(vhc_ring_get_call(rig->dev, i) >= 0);
	}
}

/* Saved, loaded by a fresh device, saved again: the same bytes; and it resumes where it was. */
static void load_and_save_on_new_device_is_the_same(void **state)
{
	for (uint32_t pairs = 1; pairs <= 4; pairs++) {
		bool array = pairs == 4;
		char *json = moved_source("7.2", pairs, array), *again;
		struct rig rig;
		uint32_t said;

		moved_destination(&rig, array ? "7.2" : "6.1", pairs);
		said = moved_changes(&rig);
		assert_ok(&rig, vhc_dev_load(rig.dev, json));
		assert_int_equal(moved_changes(&rig), said);
		again = moved_save(&rig);
		assert_string_equal(json, again);
		add_kicks(&rig);
		assert_ok(&rig, rig_start(&rig));
		for (uint32_t i = 0; i < rig.rings; i++) {
			assert_int_equal(rig_kernel_ring(&rig, i)->base, 5 + i);
			assert_int_equal(rig_kernel_ring(&rig, i)->num, RIG_SIZE);
			assert_int_equal(rig_kernel_ring(&rig, i)->desc,
					 (uintptr_t)rig.ram + i * RIG_RING_ROOM);
		}
		free(again);
		free(json);
		rig_free(&rig);
	}
}

/* Also on a host that is only a document. */
static void load_on_caps_device_works(void **state)
{
	char *json = moved_source("7.2", 2, false), *caps = NULL, *plan = NULL;
	struct rig *rig = *state;

	moved_indices(rig);
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, vhc_caps_probe(rig->ctx, &caps));
	assert_ok(rig,
		  vhc_dev_open_caps(rig->ctx, "net0", caps,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 2),
				    &rig->dev));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_ok(rig, vhc_dev_load(rig->dev, json));
	add_kicks(rig);
	assert_ok(rig, vhc_dev_plan(rig->dev, &plan));
	assert_non_null(strstr(plan, "VHOST_SET_VRING_BASE"));
	assert_non_null(strstr(plan, "\"argument\":\"8\""));
	free(plan);
	free(caps);
	free(json);
}

/* What was set before is gone, but for eventfds, which no document has. */
static void load_replaces_all_but_eventfds(void **state)
{
	char *json = moved_source("6.12", 2, false), *less, *again;
	struct vhc_net_config net = { .sz = sizeof(net) };
	int kick, call;
	struct rig rig;

	moved_destination(&rig, "7.2", 2);
	rig.acked = rig_acked(true);
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_ring_set_size(rig.dev, 1, 8));
	rig.dev->want.ring[0].disabled = true;
	kick = vhc_ring_get_kick(rig.dev, 0);
	call = vhc_ring_get_call(rig.dev, 3);
	/* ring 2 is not in it */
	less = edit_put_sum(json, "/rings/2", NULL);
	assert_ok(&rig, vhc_dev_load(rig.dev, less));
	again = moved_save(&rig);
	free(json);
	json = edit_compact(again);
	assert_string_equal(json, less);
	assert_int_equal(vhc_ring_get_kick(rig.dev, 0), kick);
	assert_int_equal(vhc_ring_get_call(rig.dev, 3), call);
	assert_false(rig.dev->want.ring[0].disabled);
	assert_int_equal(rig.dev->want.ring[2].size, 0);
	assert_false(rig.dev->want.ring[2].has_addr);
	assert_ok(&rig, vhc_dev_get_net_config(rig.dev, &net));
	assert_int_equal(net.flags, VHC_NET_MAC | VHC_NET_MTU);
	assert_int_equal(net.mtu, 1400);
	assert_memory_equal(net.mac, "\2\0\0\0\0\1", 6);
	free(json);
	/* and what it does not say about the configuration is not kept */
	json = edit_put(less, "/mtu", NULL);
	free(less);
	less = edit_put_sum(json, "/mac", NULL);
	assert_ok(&rig, vhc_dev_load(rig.dev, less));
	assert_ok(&rig, vhc_dev_get_net_config(rig.dev, &net));
	assert_int_equal(net.flags, 0);
	free(json);
	free(less);
	free(again);
	rig_free(&rig);
}

/* A ring that is not in the document starts at 0, wherever this device stopped it before. */
static void load_after_run_resets_missing_ring(void **state)
{
	char *json = moved_source("6.12", 1, false), *less = edit_put_sum(json, "/rings/1", NULL),
	     *off;
	uint32_t base;
	struct rig *rig = *state;

	moved_indices(rig);
	rig_kernel_ring(rig, 1)->base = 777;
	assert_int_equal(vhc_dev_load(rig->dev, less), -EBUSY);
	assert_says(rig, "net0", "running", "stop the device");
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig, vhc_dev_load(rig->dev, less));
	assert_ok(rig, vhc_ring_get_base(rig->dev, 0, &base));
	assert_int_equal(base, 5);
	assert_ok(rig, vhc_ring_get_base(rig->dev, 1, &base));
	assert_int_equal(base, 0);
	rig_set_index(rig, 1, 'u', 0);
	rig_set_index(rig, 1, 'a', 0);
	assert_ok(rig, rig_ring(rig, 1));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_kernel_ring(rig, 0)->base, 5);
	assert_int_equal(rig_kernel_ring(rig, 1)->base, 0);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	/* one that was not enabled stays off, and is saved so again */
	off = edit_put_sum(json, "/rings/0/enabled", "false");
	moved_indices(rig);
	assert_ok(rig, vhc_dev_load(rig->dev, off));
	assert_true(rig->dev->want.ring[0].disabled);
	assert_false(rig->dev->want.ring[1].disabled);
	free(less);
	less = moved_save(rig);
	free(json);
	json = edit_compact(less);
	assert_string_equal(json, off);
	assert_ok(rig, rig_start(rig));
	assert_null(rig_kernel_ring(rig, 0)->backend);
	assert_non_null(rig_kernel_ring(rig, 1)->backend);
	free(off);
	free(less);
	free(json);
}

/* -------------------------------------------------------------------------------------- refused */

static void load_of_other_device_is_einval(void **state)
{
	char *json = moved_source("6.12", 2, false), *bad;
	struct rig rig;

	moved_destination(&rig, "6.12", 2);
	bad = edit_put_sum(json, "/running", "true");
	assert_ok(&rig, vhc_state_check(rig.ctx, bad));
	assert_int_equal(moved_load_fails(&rig, bad), -EINVAL);
	assert_says(&rig, "net0", "/running", "line 1", "snapshot", "stop the device");
	free(bad);
	bad = edit_put_sum(json, "/queue_pairs", "3");
	assert_int_equal(moved_load_fails(&rig, bad), -EINVAL);
	assert_says(&rig, "net0", "/queue_pairs", "line 1", "has 3 queue pairs", "this one has 2");
	free(bad);
	bad = edit_put(json, "/checksum", "\"0x12\"");
	assert_int_equal(moved_load_fails(&rig, bad), -EINVAL);
	assert_says(&rig, "net0", "/checksum", "0x12", "damaged");
	free(bad);
	bad = edit_put(json, "/minor", "2");
	assert_int_equal(moved_load_fails(&rig, bad), -EINVAL);
	assert_says(&rig, "/minor", "newer library: version 1.2; this one reads 1.1");
	free(bad);
	assert_int_equal(moved_load_fails(&rig, ""), -EINVAL);
	bad = calloc(1, (1 << 20) + 2);
	memset(bad, ' ', (1 << 20) + 1);
	assert_int_equal(moved_load_fails(&rig, bad), -E2BIG);
	assert_says(&rig, "net0", "1048577 bytes", "1048576");
	free(bad);
	free(json);
	rig_free(&rig);
}

static void load_before_setup_is_eagain(void **state)
{
	char *json = moved_source("6.12", 1, false);
	struct rig *rig = *state;

	assert_ok(rig, rig_dev(rig));
	assert_int_equal(moved_load_fails(rig, json), -EAGAIN);
	assert_says(rig, "net0", "no memory", "vhc_dev_set_mem");
	assert_int_equal(vhc_mem_new(rig->ctx, &rig->mem), 0);
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_int_equal(moved_load_fails(rig, json), -EAGAIN);
	assert_says(rig, "no memory", "vhc_mem_commit");
	assert_ok(rig, rig_mem(rig));
	assert_int_equal(moved_load_fails(rig, json), -EAGAIN);
	assert_says(rig, "net0", "no tap", "vhc_dev_set_tap");
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	moved_indices(rig);
	assert_ok(rig, vhc_dev_load(rig->dev, json));
	free(json);
}

static void load_on_stale_device_is_estale(void **state)
{
	char *json = moved_source("6.12", 1, false);
	struct rig *rig = *state;

	rig_prepare(rig);
	fake_fail(rig->fake, "VHOST_NET_SET_BACKEND", 2, EFAULT);
	fake_fail(rig->fake, "VHOST_NET_SET_BACKEND", 3, EFAULT);
	assert_int_equal(rig_start(rig), -ESTALE);
	assert_int_equal(vhc_dev_load(rig->dev, json), -ESTALE);
	assert_says(rig, "vhc_dev_reset");
	assert_ok(rig, vhc_dev_reset(rig->dev));
	moved_indices(rig);
	assert_ok(rig, vhc_dev_load(rig->dev, json));
	free(json);
}

/* Everything that is missing is named, by who lacks it. */
static void load_of_missing_features_is_eopnotsupp(void **state)
{
	char *json = moved_source("7.2", 1, true), *words, *packed;
	struct rig rig;

	moved_destination(&rig, "6.1", 1);
	assert_int_equal(moved_load_fails(&rig, json), -EOPNOTSUPP);
	assert_says(&rig, "net0", "vhost lacks guest_udp_tunnel_gso (65), host_udp_tunnel_gso (67)",
		    "the tap lacks guest_uso4 (54), guest_uso6 (55), host_uso (56), "
		    "guest_udp_tunnel_gso (65), host_udp_tunnel_gso (67)",
		    "newer kernel", "mask them where it runs");
	/* the kernel's answer, not its silence */
	rig_free(&rig);
	moved_destination(&rig, "6.1", 1);
	fake_fail(rig.fake, "VHOST_GET_FEATURES_ARRAY", 1, EIO);
	assert_int_equal(moved_load_fails(&rig, json), -EIO);
	assert_says(&rig, "VHOST_GET_FEATURES", "EIO");
	free(json);
	json = moved_source("6.1", 1, false);
	words = edit_put(json, "/words/0", "\"0x520038983\"");
	packed = edit_put(words, "/features/-",
			  "{\"bit\":34,\"name\":\"ring_packed\",\"origin\":\"vhost\"}");
	free(words);
	words = edit_put(packed, "/rings/0/format", "\"packed\"");
	free(packed);
	packed = edit_put_sum(words, "/rings/1/format", "\"packed\"");
	assert_ok(&rig, vhc_state_check(rig.ctx, packed));
	assert_int_equal(moved_load_fails(&rig, packed), -EOPNOTSUPP);
	assert_says(&rig, "vhost lacks ring_packed (34):");
	free(words);
	free(packed);
	free(json);
	rig_free(&rig);
}

/* Also with an eventfd that a mask before left; a ring that is not masked stays so. */
static void load_keeps_masks(void **state)
{
	char *json = moved_source("6.12", 1, false);
	struct rig rig;

	moved_destination(&rig, "6.12", 1);
	add_kicks(&rig);
	for (uint32_t i = 0; i < rig.rings; i++)
		assert_ok(&rig, vhc_ring_set_masked(rig.dev, i, true));
	assert_ok(&rig, vhc_ring_set_masked(rig.dev, 1, false));
	assert_ok(&rig, vhc_dev_load(rig.dev, json));
	assert_false(vhc_ring_is_pending(rig.dev, 0));
	assert_ok(&rig, rig_start(&rig));
	for (uint32_t i = 0; i < rig.rings; i++)
		fake_ring_signal(rig.fake, rig_kernel_ring(&rig, i), 'c');
	assert_true(vhc_ring_is_pending(rig.dev, 0));
	assert_int_equal(fake_counter(rig.fake, vhc_ring_get_call(rig.dev, 0)), 0);
	assert_false(vhc_ring_is_pending(rig.dev, 1));
	/* one since it resumes */
	assert_int_equal(fake_counter(rig.fake, vhc_ring_get_call(rig.dev, 1)), 2);
	free(json);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_and_save_on_new_device_is_the_same),
		RIG_TEST(load_on_caps_device_works, "6.12", 2),
		cmocka_unit_test(load_replaces_all_but_eventfds),
		RIG_TEST_UP(load_after_run_resets_missing_ring, "6.12", 1),
		cmocka_unit_test(load_of_other_device_is_einval),
		RIG_TEST(load_before_setup_is_eagain, "6.12", 1),
		RIG_TEST(load_on_stale_device_is_estale, "6.12", 1),
		cmocka_unit_test(load_of_missing_features_is_eopnotsupp),
		cmocka_unit_test(load_keeps_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
