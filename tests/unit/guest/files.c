/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files - regions that the library maps from files: what is refused, where they are mapped, and that they
 * are for as long as a ring can be in them, and no longer.
 */
#include <linux/vhost.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crowd.h"

static struct rig rig;

#define FD_MAP	  (VHC_REGION_FD | VHC_REGION_MAP)
#define PAGE	  4096ull
#define FILE_SIZE 0x40000ull

static int add_file(int fd, uint64_t guest, uint64_t size, uint64_t offset)
{
	return vhc_mem_add(rig.mem, VHC_ARG(vhc_region, .guest_addr = guest, .size = size, .fd = fd,
					    .fd_offset = offset, .flags = FD_MAP));
}

/* The memory with the rings is at the beginning of a file. */
static int set_rings(int fd)
{
	vhc_mem_clear(rig.mem);
	return add_file(fd, RIG_GUEST, rig.ram_size, 0);
}

static int new_file(void)
{
	return fake_memfd(rig.fake, FILE_SIZE, 0);
}

static bool has_pages(uint64_t at, uint64_t size)
{
	return !msync((void *)(uintptr_t)(at - at % PAGE), size, MS_ASYNC);
}

/* Of running rings: are they mapped in this process, and all memory that their vhost fd has? */
static bool is_mapped(const struct fake_vhost *vhost)
{
	bool all = true;

	for (uint32_t i = 0; i < vhost->regions; i++)
		all = all && has_pages(vhost->region[i].user, vhost->region[i].size);
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		all = all && (!vhost->ring[i].runs || has_pages(vhost->ring[i].used, PAGE));
	return all;
}

static bool broken;

static void watch(void *data, const struct fake_call *call)
{
	struct fake_vhost *vhost;

	for (uint32_t i = 0; (vhost = fake_vhost(rig.fake, i)) != NULL; i++)
		for (uint32_t j = 0; j < FAKE_RINGS; j++)
			if (vhost->ring[j].runs && !is_mapped(vhost)) {
				fprintf(stderr, "%s: a ring runs in memory that is not mapped\n",
					call->name);
				broken = true;
			}
}

/* A device that is ready to start, with its rings in a file. */
static void prepare(const char *kernel, uint32_t pairs, int *fd)
{
	rig_new(&rig, kernel, pairs);
	*fd = new_file();
	assert_ok(&rig, vhc_mem_new(rig.ctx, &rig.mem));
	assert_ok(&rig, set_rings(*fd));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
}

static void up(const char *kernel, uint32_t pairs, int *fd)
{
	prepare(kernel, pairs, fd);
	assert_ok(&rig, rig_start(&rig));
	broken = false;
	fake_watch(rig.fake, watch, NULL);
	fake_forget_calls(rig.fake);
}

static void down(int fd)
{
	assert_false(broken);
	fake_watch(rig.fake, NULL, NULL);
	fake_close(rig.fake, fd);
	rig_free(&rig);
}

static uint32_t maps(void)
{
	return fake_left(rig.fake).maps;
}

static const struct fake_region *region(uint32_t pair, uint32_t n)
{
	assert_true(n < rig_vhost(&rig, pair)->regions);
	return &rig_vhost(&rig, pair)->region[n];
}

/* ------------------------------------------------------------------------------- what is mapped */

static void rings_run_in_file(void **state)
{
	uint64_t at;
	int fd;

	up("6.12", 2, &fd);
	assert_int_equal(maps(), 1);
	at = region(0, 0)->user;
	assert_int_equal(at, region(1, 0)->user);
	assert_int_equal(rig_kernel_ring(&rig, 3)->used, at + 3 * RIG_RING_ROOM + 0x2000);
	/* it is the file, to which the other process writes */
	((uint8_t *)fake_content(rig.fake, fd))[0x123] = 77;
	assert_int_equal(*(uint8_t *)(uintptr_t)(at + 0x123), 77);
	/* the test's fd is the only one */
	assert_int_equal(fake_count(rig.fake, "dup"), 0);
	down(fd);
}

/* A peer that sends its whole table again sends its files again, by other fds. */
static void same_memory_stays_where_it_is(void **state)
{
	int fd, more;

	up("6.12", 1, &fd);
	more = new_file();
	assert_ok(&rig, add_file(more, RIG_MORE, 0x10000, 0x8000));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_true(calls_are(rig.fake, "VHOST_SET_MEM_TABLE"));
	assert_int_equal(maps(), 2);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, set_rings(fd));
	assert_ok(&rig, add_file(more, RIG_MORE, 0x10000, 0x8000));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_true(calls_are(rig.fake, ""));
	assert_int_equal(fake_count(rig.fake, "map_blocks"), 0);
	/* a part of it stays, too, and then another */
	assert_ok(&rig, set_rings(fd));
	assert_ok(&rig, add_file(more, RIG_MORE, 0x2000, 0x8000));
	assert_ok(&rig, add_file(more, RIG_MORE + 0x4000, 0xc000, 0xc000));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_int_equal(fake_count(rig.fake, "map_blocks"), 0);
	assert_int_equal(maps(), 2);
	assert_int_equal(region(0, 2)->user, region(0, 1)->user + 0x4000);
	/* at another guest address it is other memory, and so it is when it has grown */
	assert_ok(&rig, set_rings(fd));
	assert_ok(&rig, add_file(more, RIG_MORE + 0x1000, 0x2000, 0x8000));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_int_equal(fake_count(rig.fake, "map_blocks"), 1);
	assert_int_equal(maps(), 2);
	assert_ok(&rig, set_rings(fd));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_int_equal(maps(), 1);
	fake_close(rig.fake, more);
	down(fd);
}

static const struct {
	const char *name;
	uint64_t offset, size, block, first, length;
} parts[] = {
	{ "whole pages", 0x3000, 0x2000, 0, 0x3000, 0x2000 },
	{ "offset within a page", 0x3010, 0x2000, 0, 0x3000, 0x3000 },
	{ "offset within a huge page", 0x1c000, 0x3000, 0x10000, 0x10000, 0x10000 },
	{ "over two huge pages", 0x1f000, 0x2000, 0x10000, 0x10000, 0x20000 },
	{ "to the end", 0x3f000, 0x1000, 0x10000, 0x30000, 0x10000 },
};

static void part_of_file_need_not_be_aligned(void **state)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint8_t *content;
		int fd, part;
		uint64_t at;

		print_message("    %s\n", parts[i].name);
		up("6.12", 1, &fd);
		part = new_file();
		fake_set_block(rig.fake, part, parts[i].block);
		assert_ok(&rig, add_file(part, RIG_MORE, parts[i].size, parts[i].offset));
		assert_ok(&rig, vhc_mem_commit(rig.mem));
		at = region(0, 1)->user;
		assert_int_equal(fake_map_size(rig.fake, at - (parts[i].offset - parts[i].first)),
				 parts[i].length);
		content = fake_content(rig.fake, part);
		content[parts[i].offset] = 11;
		content[parts[i].offset + parts[i].size - 1] = 22;
		assert_int_equal(*(uint8_t *)(uintptr_t)at, 11);
		assert_int_equal(*(uint8_t *)(uintptr_t)(at + parts[i].size - 1), 22);
		fake_close(rig.fake, part);
		down(fd);
	}
}

/* ------------------------------------------------------------------------------ what is refused */

static const struct {
	const char *name;
	struct vhc_region region;
	int error;
	const char *says[3];
} wrong[] = {
	{ "past the end of the file",
	  { .guest_addr = RIG_MORE, .size = FILE_SIZE, .fd_offset = PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "0x40000", "0x1000", "the file has" } },
	{ "begins past the end",
	  { .guest_addr = RIG_MORE, .size = PAGE, .fd_offset = FILE_SIZE + PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "0x41000" } },
	{ "offset and size wrap",
	  { .guest_addr = RIG_MORE, .size = 2 * PAGE, .fd_offset = -PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "0xfffffffffffff000" } },
	{ "size 0", { .guest_addr = RIG_MORE, .flags = FD_MAP }, -EINVAL, { "its size is 0" } },
	{ "size of no pages",
	  { .guest_addr = RIG_MORE, .size = 0x1800, .flags = FD_MAP },
	  -EINVAL,
	  { "multiples of 4096", "0x1800" } },
	{ "guest addresses wrap",
	  { .guest_addr = -PAGE, .size = 2 * PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "2^64" } },
	{ "overlaps",
	  { .guest_addr = RIG_GUEST + PAGE, .size = PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "overlap", "guest" } },
	{ "fd alone",
	  { .guest_addr = RIG_MORE, .size = PAGE, .flags = VHC_REGION_FD },
	  -EINVAL,
	  { "VHC_REGION_MAP", "0x1" } },
	{ "mapped from nothing",
	  { .guest_addr = RIG_MORE, .size = PAGE, .flags = VHC_REGION_MAP },
	  -EINVAL,
	  { "VHC_REGION_FD", "0x2" } },
	{ "two places",
	  { .guest_addr = RIG_MORE, .size = PAGE, .user_addr = 0x10000, .flags = FD_MAP },
	  -EINVAL,
	  { "user address 0x10000" } },
	{ "unknown flag",
	  { .guest_addr = RIG_MORE, .size = PAGE, .flags = FD_MAP | 1u << 31 },
	  -EINVAL,
	  { "0x80000003" } },
};

/* Each of them, and the commit tells it again; nothing of it stays. */
static void unsuitable_part_is_refused(void **state)
{
	int fd, file;

	up("6.12", 1, &fd);
	file = new_file();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct vhc_region region = wrong[i].region;
		struct fake_left before = fake_left(rig.fake), after;

		print_message("    %s\n", wrong[i].name);
		region.sz = sizeof(region);
		region.fd = file;
		assert_int_equal(vhc_mem_add(rig.mem, &region), wrong[i].error);
		for (size_t j = 0; j < 3 && wrong[i].says[j]; j++)
			assert_says(&rig, wrong[i].says[j]);
		assert_int_equal(vhc_mem_commit(rig.mem), wrong[i].error);
		after = fake_left(rig.fake);
		assert_true(left_equal(&before, &after));
	}
	assert_int_equal(add_file(999, RIG_MORE, PAGE, 0), -EBADF);
	assert_says(&rig, "fd 999", "EBADF");
	assert_int_equal(add_file(vhc_tap_get_fd(rig.tap, 0), RIG_MORE, PAGE, 0), -EINVAL);
	assert_int_equal(vhc_mem_commit(rig.mem), -EBADF);
	fake_fail(rig.fake, "map_blocks", 1, EACCES);
	assert_int_equal(add_file(file, RIG_MORE, PAGE, 0), -EACCES);
	assert_says(&rig, "0x1000 bytes", "EACCES", "writing");
	assert_int_equal(vhc_mem_commit(rig.mem), -EACCES);
	assert_true(calls_are(rig.fake, ""));
	fake_close(rig.fake, file);
	down(fd);
}

/* A peer cannot use up what a process may map. */
static void too_many_mappings_are_e2big(void **state)
{
	int fd;

	prepare("6.12", 1, &fd);
	for (uint64_t i = 1; i < 512; i++)
		assert_ok(&rig, add_file(fd, RIG_MORE + 2 * i * PAGE, PAGE, 0));
	assert_int_equal(add_file(fd, RIG_MORE, PAGE, 0), -E2BIG);
	assert_says(&rig, "512");
	assert_int_equal(vhc_mem_commit(rig.mem), -E2BIG);
	assert_int_equal(maps(), 1);
	down(fd);
}

/* --------------------------------------------------------------------------- when it is unmapped */

static void staged_region_is_unmapped_with_its_edit(void **state)
{
	int fd;

	prepare("6.12", 1, &fd);
	assert_ok(&rig, add_file(fd, RIG_MORE, PAGE, 0));
	assert_int_equal(maps(), 2);
	assert_ok(&rig, vhc_mem_del(rig.mem, RIG_MORE, PAGE));
	assert_int_equal(maps(), 1);
	assert_ok(&rig, add_file(fd, RIG_MORE, PAGE, 0));
	vhc_mem_clear(rig.mem);
	assert_int_equal(maps(), 1);
	assert_ok(&rig, add_file(fd, RIG_MORE, PAGE, 0));
	assert_int_equal(add_file(fd, RIG_MORE, PAGE, 0), -EINVAL);
	assert_int_equal(vhc_mem_commit(rig.mem), -EINVAL);
	assert_int_equal(maps(), 1);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(region(0, 0)->guest, RIG_GUEST);
	/* one that is never committed goes with the memory object */
	assert_ok(&rig, add_file(fd, RIG_MORE, PAGE, 0));
	down(fd);
}

/* The guest has gone: its memory does, while the device stays as it is. */
static void memory_of_stopped_device_is_unmapped_at_once(void **state)
{
	int fd, next;

	up("6.12", 1, &fd);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	vhc_mem_clear(rig.mem);
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_int_equal(maps(), 0);
	assert_int_equal(vhc_dev_start(rig.dev), -EAGAIN);
	assert_says(&rig, "memory");
	/* the next guest */
	next = new_file();
	assert_ok(&rig, set_rings(next));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	assert_int_equal(maps(), 1);
	fake_close(rig.fake, next);
	down(fd);
}

/* Memory that a device left goes with its object, though the device has not been told other memory yet. */
static void memory_that_device_left_is_unmapped(void **state)
{
	struct vhc_mem *other;
	int fd;

	up("6.12", 1, &fd);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_mem_new(rig.ctx, &other));
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, other));
	vhc_mem_free(rig.mem);
	rig.mem = other;
	assert_int_equal(maps(), 0);
	/* and memory that a running device has stays */
	assert_ok(&rig, set_rings(fd));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	vhc_mem_free(rig.mem);
	rig.mem = NULL;
	assert_int_equal(maps(), 1);
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	down(fd);
}

static void failed_commit_keeps_mappings_of_before(void **state)
{
	for (uint32_t k = 1; k <= 2; k++) {
		uint64_t at;
		int fd, more;

		up("6.12", 2, &fd);
		more = new_file();
		at = region(0, 0)->user;
		fake_fail(rig.fake, "VHOST_SET_MEM_TABLE", k, ENOMEM);
		assert_ok(&rig, add_file(more, RIG_MORE, PAGE, 0));
		assert_int_equal(maps(), 2);
		assert_int_equal(vhc_mem_commit(rig.mem), -ENOMEM);
		assert_int_equal(maps(), 1);
		for (uint32_t pair = 0; pair < 2; pair++) {
			assert_int_equal(rig_vhost(&rig, pair)->regions, 1);
			assert_int_equal(region(pair, 0)->user, at);
		}
		fake_close(rig.fake, more);
		down(fd);
	}
}

#define ADDR  "VHOST_SET_VRING_ADDR"
#define TABLE "VHOST_SET_MEM_TABLE"

/* A region grows: the same memory is mapped again, with more, and its rings are told. */
static void ring_moves_with_its_memory(void **state)
{
	uint64_t at;
	int fd;

	up("6.12", 2, &fd);
	at = region(0, 0)->user;
	vhc_mem_clear(rig.mem);
	assert_ok(&rig, add_file(fd, RIG_GUEST, FILE_SIZE, 0));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	/* the second table of each fd waits for the worker, before the old mapping goes */
	assert_true(calls_are(rig.fake, TABLE "," TABLE "," ADDR "," ADDR "," ADDR "," ADDR
					      "," TABLE "," TABLE));
	assert_int_equal(maps(), 1);
	assert_int_not_equal(region(0, 0)->user, at);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(rig_kernel_ring(&rig, i)->used,
				 region(i / 2, 0)->user + i * RIG_RING_ROOM + 0x2000);
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	/* it has them from now on */
	fake_forget_calls(rig.fake);
	assert_ok(&rig, set_rings(fd));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_true(calls_are(rig.fake, TABLE "," TABLE));
	/* the same guest addresses, one page further in the file */
	vhc_mem_clear(rig.mem);
	assert_ok(&rig, add_file(fd, RIG_GUEST, rig.ram_size, PAGE));
	assert_int_equal(vhc_mem_commit(rig.mem), -EBUSY);
	down(fd);
}

/* The log's address is the guest's, and stays; the log grows with the memory. */
static void ring_that_logs_moves(void **state)
{
	int fd;

	up("6.12", 1, &fd);
	assert_ok(&rig, vhc_dirty_start(rig.mem));
	vhc_mem_clear(rig.mem);
	assert_ok(&rig, add_file(fd, RIG_GUEST, FILE_SIZE, 0));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(rig_kernel_ring(&rig, i)->log_used);
		assert_int_equal(rig_kernel_ring(&rig, i)->log_addr, rig_addr(i).used);
		assert_int_equal(rig_kernel_ring(&rig, i)->used,
				 region(0, 0)->user + i * RIG_RING_ROOM + 0x2000);
	}
	assert_true(crowd_check(rig.fake));
	down(fd);
}

static void failed_move_is_undone(void **state)
{
	for (uint32_t n = 1; n <= 4; n++) {
		struct fake_ring before[4];
		int fd;

		up("6.12", 2, &fd);
		for (uint32_t i = 0; i < 4; i++)
			before[i] = *rig_kernel_ring(&rig, i);
		fake_fail(rig.fake, ADDR, n, EFAULT);
		vhc_mem_clear(rig.mem);
		assert_ok(&rig, add_file(fd, RIG_GUEST, FILE_SIZE, 0));
		assert_int_equal(vhc_mem_commit(rig.mem), -EFAULT);
		assert_int_equal(maps(), 1);
		for (uint32_t i = 0; i < 4; i++)
			assert_memory_equal(&before[i], rig_kernel_ring(&rig, i),
					    sizeof(before[i]));
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(region(i, 0)->size, rig.ram_size);
		vhc_mem_clear(rig.mem);
		assert_ok(&rig, add_file(fd, RIG_GUEST, FILE_SIZE, 0));
		assert_ok(&rig, vhc_mem_commit(rig.mem));
		down(fd);
	}
}

/* Other memory at the guest address of a running ring: its indices are not there. */
static void other_memory_under_running_ring_is_ebusy(void **state)
{
	int fd, other;

	up("6.12", 1, &fd);
	other = new_file();
	assert_ok(&rig, set_rings(other));
	assert_int_equal(vhc_mem_commit(rig.mem), -EBUSY);
	assert_says(&rig, "ring 0", "running");
	assert_int_equal(maps(), 1);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, set_rings(other));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	assert_int_equal(maps(), 1);
	fake_close(rig.fake, other);
	down(fd);
}

/* ------------------------------------------------------------------------------------- faults */

static int change_memory(int fd)
{
	int r = set_rings(fd);

	r = r ? r : add_file(fd, RIG_MORE, 0x8000, 0x10000);
	r = r ? r : vhc_mem_commit(rig.mem);
	vhc_mem_clear(rig.mem);
	r = r ? r : add_file(fd, RIG_GUEST, FILE_SIZE, 0);
	r = r ? r : add_file(fd, RIG_MORE, 0x8000, 0x10000);
	r = r ? r : vhc_mem_commit(rig.mem);
	r = r ? r : vhc_mem_del(rig.mem, RIG_MORE, 0x8000);
	r = r ? r : add_file(fd, RIG_MORE + 0x8000, 0x8000, 0x10000);
	r = r ? r : vhc_mem_commit(rig.mem);
	return r;
}

/* Whatever fails, and once more right after it: watch() looks on. */
static void no_fault_unmaps_memory_of_running_ring(void **state)
{
	uint32_t calls = 1000;

	for (uint32_t n = 1; n <= calls; n++)
		for (uint32_t again = 0; again < 4; again++) {
			int fd, r;

			up("6.12", 2, &fd);
			fake_fail(rig.fake, "", n, EIO);
			if (again)
				fake_fail(rig.fake, "", n + again, EPERM);
			r = change_memory(fd);
			calls = fake_failed(rig.fake) ? calls : 0;
			assert_true(calls ? r < 0 : r == 0);
			fake_forget_failures(rig.fake);
			if (r == -ESTALE)
				assert_ok(&rig, vhc_dev_reset(rig.dev));
			else
				assert_ok(&rig, change_memory(fd));
			down(fd);
		}
}

/* Not even if the undo fails, and rings cannot be stopped: one then runs in memory of a table that nobody has. */
static void stuck_device_keeps_memory_of_failed_commit(void **state)
{
	int fd;

	up("6.12", 2, &fd);
	fake_fail(rig.fake, "VHOST_SET_MEM_TABLE", 2, EIO);
	fake_fail(rig.fake, "VHOST_SET_MEM_TABLE", 3, EIO);
	for (uint32_t i = 1; i <= 4; i++) {
		fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", i, EIO);
		fake_fail(rig.fake, "VHOST_RESET_OWNER", i, EIO);
	}
	assert_ok(&rig, add_file(fd, RIG_MORE, 0x8000, 0x10000));
	assert_int_equal(vhc_mem_commit(rig.mem), -ESTALE);
	assert_true(rig_kernel_ring(&rig, 0)->runs);
	assert_int_equal(rig_vhost(&rig, 0)->regions, 2);
	assert_int_equal(maps(), 2);
	assert_true(is_mapped(rig_vhost(&rig, 0)));
	fake_forget_failures(rig.fake);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_int_equal(maps(), 1);
	down(fd);
}

/* The peer makes its file shorter: what is read of it is an error, and no signal. */
static void truncated_file_is_no_signal(void **state)
{
	int fd;

	prepare("6.12", 1, &fd);
	fake_truncate(rig.fake, fd, 0);
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_says(&rig, "ring 0", "cannot be read", "EFAULT");
	assert_int_equal(vhc_ring_recover_base(rig.dev, 0), -EINVAL);
	assert_int_equal(vhc_dev_start(rig.dev), -EINVAL);
	/* the same table again is not accepted any more */
	assert_int_equal(set_rings(fd), -EINVAL);
	assert_int_equal(vhc_mem_commit(rig.mem), -EINVAL);
	fake_truncate(rig.fake, fd, FILE_SIZE);
	assert_ok(&rig, vhc_dirty_start(rig.mem));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	fake_truncate(rig.fake, fd, 0);
	fake_raise_error(rig.fake, rig_vhost(&rig, 0), 1, 1);
	assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
	assert_ok(&rig, vhc_dirty_sync(rig.mem));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	down(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_run_in_file),
		cmocka_unit_test(same_memory_stays_where_it_is),
		cmocka_unit_test(part_of_file_need_not_be_aligned),
		cmocka_unit_test(unsuitable_part_is_refused),
		cmocka_unit_test(too_many_mappings_are_e2big),
		cmocka_unit_test(staged_region_is_unmapped_with_its_edit),
		cmocka_unit_test(memory_of_stopped_device_is_unmapped_at_once),
		cmocka_unit_test(memory_that_device_left_is_unmapped),
		cmocka_unit_test(failed_commit_keeps_mappings_of_before),
		cmocka_unit_test(ring_moves_with_its_memory),
		cmocka_unit_test(ring_that_logs_moves),
		cmocka_unit_test(failed_move_is_undone),
		cmocka_unit_test(other_memory_under_running_ring_is_ebusy),
		cmocka_unit_test(no_fault_unmaps_memory_of_running_ring),
		cmocka_unit_test(stuck_device_keeps_memory_of_failed_commit),
		cmocka_unit_test(truncated_file_is_no_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
