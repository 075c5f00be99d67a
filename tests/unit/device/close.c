/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * close - a device closes while another process, such as a forked child, holds its fds: it stops, and the
 * kernel forgets its memory, its dirty log and its eventfds.
 */
#include "../kind/vsock-rig.h"

#define PAIRS 2u

static struct rig rig;
static int held[PAIRS];

/* What another process keeps: the open files, by fds of its own. */
static void hold(void)
{
	for (uint32_t i = 0; i < rig.pairs; i++) {
		held[i] = fake_sys.dup(rig.fake, vhc_dev_get_fd(rig.dev, i));
		assert_true(held[i] >= 0);
	}
}

static void release(void)
{
	for (uint32_t i = 0; i < rig.pairs; i++)
		fake_close(rig.fake, held[i]);
	rig_free(&rig);
}

static void hold_and_start(void)
{
	rig_new(&rig, "6.12", PAIRS);
	rig_prepare(&rig);
	hold();
	assert_ok(&rig, rig_start(&rig));
}

static void close_device(void)
{
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
}

static void assert_forgotten(const struct fake_vhost *vhost)
{
	assert_int_equal(vhost->regions, 0);
	for (uint32_t i = 0; i < FAKE_RINGS; i++) {
		const struct fake_ring *ring = &vhost->ring[i];

		assert_null(ring->backend);
		assert_false(ring->runs);
		assert_true(!ring->kick && !ring->call && !ring->err);
		assert_int_equal(ring->log_base, 0);
	}
	assert_null(vhost->log_event);
}

static void close_of_held_device_stops_it(void **state)
{
	int event;

	hold_and_start();
	event = fake_eventfd(rig.fake);
	assert_ok(&rig, vhc_dirty_set_event(rig.mem, event));
	assert_ok(&rig, vhc_dirty_start(rig.mem));
	close_device();
	for (uint32_t i = 0; i < PAIRS; i++)
		assert_forgotten(fake_vhost(rig.fake, i));
	fake_close(rig.fake, event);
	release();
}

static void close_of_held_stopped_device_empties_its_table(void **state)
{
	hold_and_start();
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	close_device();
	for (uint32_t i = 0; i < PAIRS; i++)
		assert_forgotten(fake_vhost(rig.fake, i));
	release();
}

static void close_of_held_vsock_stops_it_and_empties_its_table(void **state)
{
	prepare(&rig, "7.2");
	hold();
	assert_ok(&rig, vhc_dev_start(rig.dev));
	close_device();
	assert_forgotten(fake_vhost(rig.fake, 0));
	release();
}

static void close_with_failing_step_disowns_instead(void **state)
{
	static const char *const steps[] = { "VHOST_NET_SET_BACKEND", "VHOST_SET_MEM_TABLE" };

	for (size_t i = 0; i < 2; i++) {
		hold_and_start();
		fake_fail(rig.fake, steps[i], 2, EIO);
		close_device();
		assert_int_equal(fake_failed(rig.fake), 1);
		for (uint32_t n = 0; n < PAIRS; n++) {
			assert_false(fake_vhost(rig.fake, n)->owned);
			assert_forgotten(fake_vhost(rig.fake, n));
		}
		release();
	}
}

/* Pages that a device wrote to a log that the others had left. */
static void close_of_held_stale_device_keeps_its_dirty_pages(void **state)
{
	uint64_t bitmap[16] = { 0 }, *words;

	hold_and_start();
	assert_ok(&rig, vhc_dirty_start(rig.mem));
	assert_ok(&rig, vhc_dirty_set_mode(rig.mem, VHC_DIRTY_SWAP));
	/* of three: the second device fd fails, and the first cannot be given its log back */
	fake_fail(rig.fake, "VHOST_SET_LOG_BASE", 2, EIO);
	fake_fail(rig.fake, "VHOST_SET_LOG_BASE", 4, EIO);
	assert_int_equal(vhc_dirty_sync(rig.mem), -ESTALE);
	words = (uint64_t *)(uintptr_t)fake_vhost(rig.fake, 0)->ring[0].log_base;
	words[RIG_GUEST / VHC_PAGE_SIZE / 64] |= 1;
	close_device();
	assert_ok(&rig, vhc_dirty_read(rig.mem, RIG_GUEST, VHC_PAGE_SIZE, bitmap, 0, NULL));
	assert_int_equal(bitmap[0] & 1, 1);
	release();
}

/* Nothing is asked of the kernel for fds that nobody owns. */
static void close_of_unowned_device_closes_fds_only(void **state)
{
	rig_new(&rig, "6.12", PAIRS);
	rig_prepare(&rig);
	fake_forget_calls(rig.fake);
	close_device();
	assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_of_held_device_stops_it),
		cmocka_unit_test(close_of_held_stopped_device_empties_its_table),
		cmocka_unit_test(close_of_held_vsock_stops_it_and_empties_its_table),
		cmocka_unit_test(close_with_failing_step_disowns_instead),
		cmocka_unit_test(close_of_held_stale_device_keeps_its_dirty_pages),
		cmocka_unit_test(close_of_unowned_device_closes_fds_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
