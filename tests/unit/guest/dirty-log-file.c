/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-log-file - a dirty log in a file of the caller's, the eventfd that tells of writes to a log, and
 * that nothing of either is held on to.
 */
#include <fcntl.h>
#include <linux/vhost.h>

#include "crowd.h"

static struct crowd crowd;

static struct rig *const rig = &crowd.rig;

#define AT   0x10000ull /* where in its file the log is */
#define SIZE 0x8100ull	/* of it: a little more than the memory needs */

/* ------------------------------------------------------------------------------ what is refused */

static const struct {
	const char *name;
	uint64_t file, offset, size;
	unsigned int seals;
	int error;
	const char *says[3];
} files[] = {
	{ "not sealed", SIZE, 0, SIZE, 0, -EINVAL, { "not sealed", "SIGBUS", "F_ADD_SEALS" } },
	{ "sealed against growth only",
	  SIZE,
	  0,
	  SIZE,
	  F_SEAL_GROW | F_SEAL_SEAL,
	  -EINVAL,
	  { "not sealed", "0x5" } },
	{ "file too short", SIZE - 8, 0, SIZE, F_SEAL_SHRINK, -EINVAL, { "33016", "33024" } },
	{ "ends behind the file",
	  AT + SIZE - 1,
	  AT,
	  SIZE,
	  F_SEAL_SHRINK,
	  -EINVAL,
	  { "0x10000", "past its end" } },
	{ "begins behind the file",
	  SIZE,
	  AT,
	  SIZE,
	  F_SEAL_SHRINK,
	  -EINVAL,
	  { "0x10000", "past its end" } },
	{ "wraps", SIZE, 0, UINT64_MAX - 7, F_SEAL_SHRINK, -EINVAL, { "18446744073709551608" } },
	{ "offset and size wrap",
	  SIZE,
	  UINT64_MAX - 4095,
	  8192,
	  F_SEAL_SHRINK,
	  -EINVAL,
	  { "0xfffffffffffff000" } },
	{ "offset not aligned", AT + SIZE, 512, SIZE, F_SEAL_SHRINK, -EINVAL, { "0x200", "4096" } },
	{ "size 0", SIZE, 0, 0, F_SEAL_SHRINK, -EINVAL, { "0 bytes", "not 0" } },
	{ "size not of words", SIZE, 0, SIZE - 4, F_SEAL_SHRINK, -EINVAL, { "33020", "of 8" } },
	{ "an empty file", 0, 0, SIZE, F_SEAL_SHRINK, -EINVAL, { "0 bytes", "33024" } },
	{ "shorter than memory needs",
	  SIZE,
	  0,
	  0x8000,
	  F_SEAL_SHRINK,
	  -E2BIG,
	  { "32768", "32776", "0x40007fff" } },
};

/* Each of them before the log is on, and while it is. */
static void set_file_of_unsuitable_file_is_refused(void **state)
{
	for (uint32_t on = 0; on < 2; on++) {
		crowd_up(&crowd, "6.12", 1, 1);
		crowd_watch(&crowd);
		if (on)
			assert_ok(rig, vhc_dirty_start(rig->mem));
		fake_forget_calls(rig->fake);
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			int fd = fake_memfd(rig->fake, files[i].file, files[i].seals), r;
			struct fake_left before = fake_left(rig->fake), after;

			print_message("    %s\n", files[i].name);
			r = vhc_dirty_set_file(rig->mem, fd, files[i].offset, files[i].size);
			if (r != files[i].error)
				fail_msg("%s: %d: %s", files[i].name, r, rig_text(rig));
			for (size_t j = 0; j < 3 && files[i].says[j]; j++)
				assert_says(rig, files[i].says[j]);
			after = fake_left(rig->fake);
			assert_true(left_equal(&before, &after));
			fake_close(rig->fake, fd);
		}
		assert_int_equal(vhc_dirty_set_file(rig->mem, 999, 0, SIZE), -EBADF);
		assert_says(rig, "log fd 999", "EBADF");
		/* no memfd at all: it cannot be sealed */
		assert_int_equal(
			vhc_dirty_set_file(rig->mem, vhc_tap_get_fd(crowd.tap[0], 0), 0, SIZE),
			-EINVAL);
		assert_true(calls_are(rig->fake, ""));
		/* and it still logs into its own, or does not */
		assert_int_equal(vhc_dirty_sync(rig->mem), on ? 0 : -ENODATA);
		crowd_free(&crowd);
	}
}

/* A file that is long enough for the memory of before is not for more. */
static void commit_past_log_file_is_refused(void **state)
{
	for (uint32_t on = 0; on < 2; on++) {
		int fd;

		crowd_up(&crowd, "6.12", 1, 1);
		crowd_watch(&crowd);
		fd = fake_memfd(rig->fake, AT + SIZE, F_SEAL_SHRINK);
		assert_ok(rig, vhc_dirty_set_file(rig->mem, fd, AT, SIZE));
		fake_close(rig->fake, fd);
		if (on)
			assert_ok(rig, vhc_dirty_start(rig->mem));
		fake_forget_calls(rig->fake);
		assert_int_equal(rig_more(rig), -E2BIG);
		assert_says(rig, "33024", "294920", "0x24001ffff", "longer file");
		assert_true(calls_are(rig->fake, ""));
		/* the edits are gone, and what fits goes */
		assert_int_equal(vhc_mem_del(rig->mem, RIG_MORE, RIG_MORE_SIZE), -EINVAL);
		assert_int_equal(vhc_mem_commit(rig->mem), -EINVAL);
		assert_ok(rig, crowd_add(&crowd, 0, RIG_MORE_SIZE, rig->more));
		assert_ok(rig, vhc_mem_commit(rig->mem));
		assert_true(calls_are(rig->fake, "VHOST_SET_MEM_TABLE"));
		crowd_free(&crowd);
	}
}

/* ----------------------------------------------------------------------------- into it, and back */

static bool has(const void *content, uint64_t page)
{
	return ((const uint64_t *)content)[page / 64] >> (page % 64) & 1;
}

static void write_page(uint64_t page)
{
	uint64_t *words = (uint64_t *)(uintptr_t)rig_kernel_ring(rig, 0)->log_base;

	words[page / 64] |= 1ull << (page % 64);
}

static bool read_page(uint64_t page)
{
	uint64_t bitmap = 0, count;

	assert_ok(rig, vhc_dirty_read(rig->mem, page * VHC_PAGE_SIZE, VHC_PAGE_SIZE, &bitmap, 0,
				      &count));
	assert_int_equal(bitmap, count);
	return count;
}

static void set_file_while_logging_moves_pages(void **state)
{
	uint64_t bitmap, *content;
	int fd, other;

	crowd_up(&crowd, "6.12", 2, 1);
	crowd_watch(&crowd);
	fd = fake_memfd(rig->fake, AT + SIZE, F_SEAL_SHRINK);
	other = fake_memfd(rig->fake, SIZE, F_SEAL_SHRINK | F_SEAL_GROW);
	content = (uint64_t *)((char *)fake_content(rig->fake, fd) + AT);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	write_page(100);
	/* one that was taken by a pass and not read */
	write_page(200);
	assert_int_equal(vhc_dirty_set_mode(rig->mem, VHC_DIRTY_SWAP), 0);
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_true(read_page(100));
	write_page(300);
	content[5] = 1; /* another process's */
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_set_file(rig->mem, fd, AT, SIZE));
	assert_true(calls_are(rig->fake, "VHOST_SET_LOG_BASE,VHOST_SET_LOG_BASE"));
	assert_int_equal(fake_left(rig->fake).maps, 1);
	assert_true(!has(content, 100) && has(content, 200) && has(content, 300) && content[5]);
	write_page(400);
	assert_true(has(content, 400));
	/* the caller who gave it reads it */
	assert_int_equal(vhc_dirty_sync(rig->mem), -ENODATA);
	assert_says(rig, "vhc_dirty_set_file");
	assert_int_equal(vhc_dirty_read(rig->mem, 0, VHC_PAGE_SIZE, &bitmap, 0, NULL), -ENODATA);
	/* to another file: what is in the first one stays in it */
	assert_ok(rig, vhc_dirty_set_file(rig->mem, other, 0, SIZE));
	assert_int_equal(fake_left(rig->fake).maps, 1);
	assert_true(has(fake_content(rig->fake, other), 400) && has(content, 400) && content[5]);
	/* and back */
	assert_ok(rig, vhc_dirty_set_file(rig->mem, -1, 0, 0));
	assert_int_equal(fake_left(rig->fake).maps, 1);
	assert_true(has(fake_content(rig->fake, other), 200));
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_true(read_page(200) && read_page(300) && read_page(400) && read_page(5 * 64));
	assert_false(read_page(100));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_set_file(rig->mem, -1, 0, 0));
	assert_int_equal(fake_calls(rig->fake), 0);
	fake_close(rig->fake, fd);
	fake_close(rig->fake, other);
	crowd_free(&crowd);
}

/* Each step of it fails once: the log is where it was, and no page is gone. */
static void failed_set_file_keeps_pages(void **state)
{
	for (uint32_t n = 1; n <= 2; n++)
		for (uint32_t torn = 0; torn < 2; torn++) {
			struct fake_vhost *before;
			struct fake_left left, after;
			int fd;

			crowd_up(&crowd, "6.12", 2, 1);
			crowd_watch(&crowd);
			fd = fake_memfd(rig->fake, SIZE, F_SEAL_SHRINK);
			assert_ok(rig, vhc_dirty_start(rig->mem));
			write_page(100);
			before = crowd_kernel(&crowd);
			left = fake_left(rig->fake);
			if (torn)
				fake_tear_log_base(rig->fake, n);
			else
				fake_fail(rig->fake, "VHOST_SET_LOG_BASE", n, EFAULT);
			assert_int_equal(vhc_dirty_set_file(rig->mem, fd, 0, SIZE), -EFAULT);
			assert_true(crowd_same(&crowd, before));
			after = fake_left(rig->fake);
			assert_true(left_equal(&left, &after));
			assert_ok(rig, vhc_dirty_sync(rig->mem));
			assert_true(read_page(100));
			assert_ok(rig, vhc_dirty_set_file(rig->mem, fd, 0, SIZE));
			fake_close(rig->fake, fd);
			crowd_free(&crowd);
		}
}

static void set_file_before_start_is_set_by_start(void **state)
{
	int fd;

	crowd_up(&crowd, "6.12", 1, 1);
	crowd_watch(&crowd);
	fd = fake_memfd(rig->fake, SIZE, F_SEAL_SHRINK);
	assert_ok(rig, vhc_dirty_set_file(rig->mem, fd, 0, SIZE));
	assert_ok(rig, vhc_dirty_set_file(rig->mem, -1, 0, 0));
	assert_int_equal(fake_left(rig->fake).maps, 0);
	assert_ok(rig, vhc_dirty_set_file(rig->mem, fd, 0, SIZE));
	assert_true(calls_are(rig->fake, ""));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	write_page(77);
	assert_true(has(fake_content(rig->fake, fd), 77));
	assert_int_equal(vhc_dirty_sync(rig->mem), -ENODATA);
	/* the stop releases it: the next log is the library's own */
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_int_equal(fake_left(rig->fake).maps, 0);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_false(read_page(77));
	fake_close(rig->fake, fd);
	crowd_free(&crowd);
}

/* With no memory at all there is a log of one word; more memory, and it grows. */
static void set_file_without_memory_keeps_one_word(void **state)
{
	int fd;

	crowd_up(&crowd, "6.12", 1, 1);
	crowd_watch(&crowd);
	fd = fake_memfd(rig->fake, SIZE, F_SEAL_SHRINK);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dirty_set_file(rig->mem, fd, 0, SIZE));
	fake_close(rig->fake, fd);
	assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
	vhc_mem_clear(rig->mem);
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_ok(rig, vhc_dirty_set_file(rig->mem, -1, 0, 0));
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_false(read_page(0));
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	crowd_free(&crowd);
}

/*
 * The end of a migration: the devices are stopped, and then the log goes off.  It is not kept until
 * they start again, nor is one that they left before.
 */
static void dirty_stop_releases_file_of_stopped_devices(void **state)
{
	uint32_t pieces;
	int fd;

	crowd_up(&crowd, "6.12", 2, 1);
	crowd_watch(&crowd);
	pieces = fake_left(rig->fake).files;
	fd = fake_memfd(rig->fake, SIZE, F_SEAL_SHRINK);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dev_stop(crowd.dev[1]));
	assert_ok(rig, rig_more(rig));
	assert_int_equal(fake_left(rig->fake).maps, 1);
	/* what a pass takes is what a stopped device wrote to */
	assert_ok(rig, vhc_dev_start(crowd.dev[1]));
	assert_ok(rig, vhc_dev_stop(crowd.dev[1]));
	assert_int_equal(vhc_dirty_set_mode(rig->mem, VHC_DIRTY_SWAP), 0);
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_int_equal(fake_left(rig->fake).maps, 2);
	assert_ok(rig, rig_less(rig));
	assert_int_equal(fake_left(rig->fake).maps, 1);
	assert_ok(rig, vhc_dirty_set_file(rig->mem, fd, 0, SIZE));
	fake_close(rig->fake, fd);
	assert_int_equal(fake_left(rig->fake).maps, 1);
	assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_int_equal(fake_left(rig->fake).maps, 0);
	assert_int_equal(fake_left(rig->fake).files, pieces);
	/* the kernel forgets it too when they start, with a log and without */
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	assert_int_equal(rig_kernel_ring(rig, 0)->log_base, 0);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dev_start(crowd.dev[1]));
	assert_int_equal(rig_kernel_ring(rig, 0)->log_base, rig_kernel_ring(rig, 3)->log_base);
	crowd_free(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_file_of_unsuitable_file_is_refused),
		cmocka_unit_test(commit_past_log_file_is_refused),
		cmocka_unit_test(set_file_while_logging_moves_pages),
		cmocka_unit_test(failed_set_file_keeps_pages),
		cmocka_unit_test(set_file_before_start_is_set_by_start),
		cmocka_unit_test(set_file_without_memory_keeps_one_word),
		cmocka_unit_test(dirty_stop_releases_file_of_stopped_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
