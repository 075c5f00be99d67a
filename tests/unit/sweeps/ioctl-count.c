/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ioctl-count - exactly the ioctls that a bring-up needs, counted at the seam, and in which order.
 */
#include "rig.h"

/* Of the minimum: all that is made by open to the last SET_BACKEND, but for the ERR eventfds. */
static void check_counts(struct rig *rig, uint32_t minimum, uint32_t array)
{
	struct fake *fake = rig->fake;
	uint32_t rings = rig->rings, pairs = rig->pairs;

	assert_int_equal(fake_count(fake, "VHOST_GET_FEATURES_ARRAY"), array);
	assert_int_equal(fake_count(fake, "VHOST_GET_FEATURES") - array, 1);
	assert_int_equal(fake_count(fake, "VHOST_SET_OWNER"), pairs);
	assert_int_equal(fake_count(fake, "VHOST_SET_FEATURES"), pairs);
	assert_int_equal(fake_count(fake, "VHOST_SET_FEATURES_ARRAY"), array ? pairs : 0);
	assert_int_equal(fake_count(fake, "VHOST_SET_MEM_TABLE"), pairs);
	assert_int_equal(fake_count(fake, "VHOST_SET_VRING_NUM"), rings);
	assert_int_equal(fake_count(fake, "VHOST_SET_VRING_ADDR"), rings);
	assert_int_equal(fake_count(fake, "VHOST_SET_VRING_BASE"), 0);
	assert_int_equal(fake_count(fake, "VHOST_SET_VRING_KICK"), rings);
	assert_int_equal(fake_count(fake, "VHOST_SET_VRING_CALL"), rings);
	assert_int_equal(fake_count(fake, "VHOST_SET_VRING_ERR"), rings);
	assert_int_equal(fake_count(fake, "VHOST_NET_SET_BACKEND"), rings);
	assert_int_equal(fake_count(fake, "VHOST_"), minimum + rings + array);
	/* one for each ring and purpose, and no other */
	assert_int_equal(fake_count(fake, "eventfd"), 3 * rings);
	assert_int_equal(fake_count(fake, "dup"), 0);
}

static void bring_up(const char *kernel, uint32_t pairs, uint32_t minimum, bool array)
{
	struct rig rig;

	rig_new(&rig, kernel, pairs);
	rig.array = array;
	rig.acked = rig_acked(array);
	rig_up(&rig);
	check_counts(&rig, minimum, array);
	rig_free(&rig);
}

static void start_of_one_pair_makes_14_calls(void **state)
{
	for (unsigned int i = 0; fake_profile_name(i); i++)
		bring_up(fake_profile_name(i), 1, 14, false);
}

static void start_of_four_pairs_makes_53_calls(void **state)
{
	for (unsigned int i = 0; fake_profile_name(i); i++)
		bring_up(fake_profile_name(i), 4, 53, false);
}

static void start_with_features_above_63_makes_one_call_more(void **state)
{
	bring_up("7.2", 1, 14, true);
	bring_up("7.2", 4, 53, true);
}

static void start_of_256_pairs_makes_13_calls_each(void **state)
{
	bring_up("7.2", 256, 1 + 13 * 256, false);
}

/* A second device of the same context asks for nothing that is known already. */
static void open_asks_features_once_per_context(void **state)
{
	struct vhc_dev *second;
	struct rig *rig = *state;
	struct vhc_features offered;

	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dev_open(rig->ctx, "net1", NULL,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &second));
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
	assert_int_equal(fake_count(rig->fake, "read"), 0);
	/* offering to the first one all that there is asks for the upper bits, once */
	assert_ok(rig, vhc_dev_offer_features(rig->dev, NULL, NULL, &offered));
	assert_ok(rig, vhc_dev_offer_features(rig->dev, NULL, NULL, &offered));
	assert_int_equal(fake_count(rig->fake, "VHOST_GET_FEATURES_ARRAY"), 1);
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 1);
	vhc_dev_close(second);
}

static uint32_t position(struct fake *fake, const char *name, int fd, uint32_t index, bool last)
{
	uint32_t found = UINT32_MAX;

	for (uint32_t i = 0; i < fake_calls(fake); i++) {
		const struct fake_call *call = fake_call(fake, i);

		if (strcmp(call->name, name) || (fd >= 0 && call->fd != fd) ||
		    (index != UINT32_MAX && call->index != index))
			continue;
		if (found == UINT32_MAX || last)
			found = i;
	}
	assert_int_not_equal(found, UINT32_MAX);
	return found;
}

/* What must be before what, by the kernel's rules and ours. */
static void start_follows_kernel_order(void **state)
{
	static const char *const of_fd[] = { "VHOST_SET_OWNER", "VHOST_SET_FEATURES",
					     "VHOST_SET_MEM_TABLE", "VHOST_SET_VRING_NUM" };
	static const char *const of_ring[] = { "VHOST_SET_VRING_NUM",  "VHOST_SET_VRING_ADDR",
					       "VHOST_SET_VRING_KICK", "VHOST_SET_VRING_CALL",
					       "VHOST_SET_VRING_ERR",  "VHOST_NET_SET_BACKEND" };
	struct fake *fake;
	struct rig *rig = *state;
	uint32_t last;

	fake = rig->fake;
	for (uint32_t fd = 0, n = 0; n < rig->pairs; fd++) {
		const struct fake_call *call = fake_call(fake, fd);

		assert_non_null(call);
		if (strcmp(call->name, "VHOST_SET_OWNER"))
			continue;
		n++;
		for (size_t i = 1; i < 4; i++)
			assert_true(position(fake, of_fd[i - 1], call->fd, UINT32_MAX, true) <
				    position(fake, of_fd[i], call->fd, UINT32_MAX, false));
		for (uint32_t ring = 0; ring < 2; ring++)
			for (size_t i = 1; i < 6; i++)
				assert_true(position(fake, of_ring[i - 1], call->fd, ring, true) <
					    position(fake, of_ring[i], call->fd, ring, false));
	}
	/* the tap knows the header before vhost does, and no ring runs before all are set up */
	assert_true(position(fake, "TUNSETVNETHDRSZ", -1, UINT32_MAX, true) <
		    position(fake, "VHOST_SET_FEATURES", -1, UINT32_MAX, false));
	last = position(fake, "VHOST_SET_VRING_ERR", -1, UINT32_MAX, true);
	assert_true(last < position(fake, "VHOST_NET_SET_BACKEND", -1, UINT32_MAX, false));
}

static void calls_without_change_make_no_system_call(void **state)
{
	struct rig *rig = *state;
	int kick;

	kick = vhc_ring_get_kick(rig->dev, 1);
	fake_forget_calls(rig->fake);
	assert_ok(rig, rig_start(rig));
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_attach(rig));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_int_equal(kick, vhc_ring_get_kick(rig->dev, 1));
	assert_int_equal(fake_calls(rig->fake) - fake_count(rig->fake, "peek") -
				 fake_count(rig->fake, "same"),
			 0);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 2 * rig->rings);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 2 * rig->rings);
	/* from there only the backends are to be set again */
	fake_forget_calls(rig->fake);
	assert_ok(rig, rig_start(rig));
	assert_int_equal(fake_count(rig->fake, "VHOST_NET_SET_BACKEND"), rig->rings);
	assert_int_equal(fake_count(rig->fake, "VHOST_"), rig->rings);
	assert_int_equal(fake_count(rig->fake, "TUN"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_of_one_pair_makes_14_calls),
		cmocka_unit_test(start_of_four_pairs_makes_53_calls),
		cmocka_unit_test(start_with_features_above_63_makes_one_call_more),
		cmocka_unit_test(start_of_256_pairs_makes_13_calls_each),
		RIG_TEST_UP(open_asks_features_once_per_context, "7.2", 2),
		RIG_TEST_UP(start_follows_kernel_order, "6.12", 2),
		RIG_TEST_UP(calls_without_change_make_no_system_call, "6.1", 2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
