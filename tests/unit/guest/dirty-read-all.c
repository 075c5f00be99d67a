/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-read-all - every page that a device writes is handed out, once: in each mode, whatever is read and
 * when, over stops, starts, changes of the memory and of the log, and over calls that fail.
 */
#include <fcntl.h>
#include <linux/vhost.h>

#include "ledger.h"

static struct ledger ledger;

static struct rig *const rig = &ledger.crowd.rig;

#define MORE_LOG (LEDGER_WORDS * sizeof(uint64_t))

static uint64_t less_log(void)
{
	return ((RIG_GUEST + rig->ram_size - 1) / VHC_PAGE_SIZE / 64 + 1) * sizeof(uint64_t);
}

/* ------------------------------------------------------------------------------- in any order */

/* What there is now, besides what the ledger knows. */
static struct {
	bool more, file;
	int error; /* that was let come about; 0: none */
} now;

static void let_fail(void)
{
	static const char *const calls[] = { "VHOST_SET_LOG_BASE", "VHOST_SET_MEM_TABLE", "map",
					     "VHOST_" };
	uint32_t call = ledger_below(&ledger, 5), n = 1 + ledger_below(&ledger, 3);

	if (call < 4)
		fake_fail(rig->fake, calls[call], n, EFAULT);
	else
		fake_tear_log_base(rig->fake, n);
}

static void check_result(int r)
{
	if (r && r != -EFAULT)
		fail_msg("%d: %s", r, rig_text(rig));
	fake_forget_failures(rig->fake);
	fake_tear_log_base(rig->fake, 0);
}

static void change_memory(void)
{
	int r = now.more ? rig_less(rig) : rig_more(rig);

	check_result(r);
	now.more ^= !r;
	ledger_settle(&ledger, false, r);
	if (now.file)
		return;
	if (r)
		ledger_cut(&ledger, now.more ? MORE_LOG : less_log());
	else
		ledger_moved(&ledger, now.more ? MORE_LOG : less_log());
}

static void change_file(void)
{
	int fd = now.file ? -1 : fake_memfd(rig->fake, 0x10000 + MORE_LOG, F_SEAL_SHRINK), r;

	r = vhc_dirty_set_file(rig->mem, fd, now.file ? 0 : 0x10000, MORE_LOG);
	check_result(r);
	now.file ^= !r;
	fake_close(rig->fake, fd);
	ledger_settle(&ledger, false, r);
	if (!r)
		ledger_moved(&ledger, now.more || now.file ? MORE_LOG : less_log());
}

static void start_or_stop(void)
{
	struct vhc_dev *dev = ledger.crowd.dev[ledger_below(&ledger, ledger.crowd.count)];
	uint32_t what = ledger_below(&ledger, 4), ring = ledger_below(&ledger, 2);
	int r = what == 0   ? vhc_dev_start(dev)
		: what == 1 ? vhc_dev_stop(dev)
		: what == 2 ? vhc_ring_start(dev, ring)
			    : vhc_ring_stop(dev, ring);

	/* where a stop could not ask, it is asked again */
	fake_forget_failures(rig->fake);
	fake_tear_log_base(rig->fake, 0);
	if (r)
		assert_ok(rig, vhc_dev_stop(dev));
	ledger_settle(&ledger, false, r);
}

static void sync_and_maybe_not(void)
{
	uint32_t mode = ledger_below(&ledger, 3);

	assert_int_equal(vhc_dirty_set_mode(rig->mem, mode), 0);
	if (now.file)
		assert_int_equal(vhc_dirty_sync(rig->mem), -ENODATA);
	else
		check_result(ledger_sync(&ledger));
}

static void read_some(void)
{
	static const uint64_t places[] = { 0, 32768, 65536, RIG_GUEST / VHC_PAGE_SIZE,
					   RIG_MORE / VHC_PAGE_SIZE };
	uint64_t first = places[ledger_below(&ledger, 5)] + ledger_below(&ledger, 100);
	uint64_t pages = ledger_below(&ledger, ledger_below(&ledger, 4) ? 200 : 70000), bitmap[2];

	first -= first > 50 ? ledger_below(&ledger, 50) : 0;
	if (now.file)
		assert_int_equal(vhc_dirty_read(rig->mem, 0, VHC_PAGE_SIZE, bitmap, 0, NULL),
				 -ENODATA);
	else
		ledger_read(&ledger, first, pages,
			    ledger_below(&ledger, 2) ? VHC_DIRTY_PRIVATE : 0);
}

static void (*const acts[])(void) = { change_memory, change_file, start_or_stop, sync_and_maybe_not,
				      read_some,     read_some,	  read_some };

static void dirty_calls_in_any_order_lose_no_page(void **state)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		ledger.seed = seed;
		ledger_new(&ledger, 1 + (uint32_t)seed % 3);
		memset(&now, 0, sizeof(now));
		for (uint32_t i = 0; i < 60; i++) {
			ledger_write(&ledger, ledger_below(&ledger, 8));
			if (!ledger_below(&ledger, 3))
				let_fail();
			acts[ledger_below(&ledger, 7)]();
			fake_forget_failures(rig->fake);
			fake_tear_log_base(rig->fake, 0);
			fake_forget_calls(rig->fake);
		}
		if (now.file)
			change_file();
		ledger_end(&ledger);
		ledger_free(&ledger);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dirty_calls_in_any_order_lose_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
