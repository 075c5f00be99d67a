/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - rings that the kernel gave up on, addresses that it waits for, and the one fd that is
 * readable while there is something.
 */
#include <linux/vhost.h>
#include <linux/virtio_ring.h>
#include <poll.h>

#include "rig.h"

#define PAGE 0x1000ull

static struct fake_vhost *vhost_of(struct rig *rig, uint32_t n)
{
	struct fake_vhost *vhost = fake_vhost(rig->fake, n);

	assert_non_null(vhost);
	return vhost;
}

static bool readable(struct rig *rig, int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	return fake_sys.poll(rig->fake, &ready, 1) == 1;
}

static void fail_ring(struct rig *rig, uint32_t ring, uint32_t count)
{
	fake_raise_error(rig->fake, vhost_of(rig, ring / 2), ring % 2, count);
}

static void miss(struct rig *rig, uint32_t ring, uint64_t iova, uint8_t perm)
{
	fake_raise_miss(rig->fake, vhost_of(rig, ring / 2), ring % 2, iova, perm);
}

static int next(struct rig *rig, struct vhc_event *event)
{
	memset(event, 0xff, sizeof(*event));
	event->sz = sizeof(*event);
	return vhc_dev_next_event(rig->dev, event);
}

static void assert_error(struct rig *rig, uint32_t ring, uint32_t count)
{
	struct vhc_event event;

	assert_int_equal(next(rig, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_RING_ERROR);
	assert_int_equal(event.ring, ring);
	assert_int_equal(event.count, count);
	assert_int_equal(event.iova | event.perm, 0);
}

static void assert_miss(struct rig *rig, uint32_t ring, uint64_t iova, uint32_t perm)
{
	struct vhc_event event;

	assert_int_equal(next(rig, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_MISS);
	assert_int_equal(event.ring, ring);
	assert_int_equal(event.iova, iova);
	assert_int_equal(event.perm, perm);
	assert_int_equal(event.count, 0);
}

static void assert_nothing(struct rig *rig)
{
	struct vhc_event event, before;

	memset(&before, 0xff, sizeof(before));
	before.sz = sizeof(before);
	assert_int_equal(next(rig, &event), 0);
	assert_memory_equal(&event, &before, sizeof(event));
}

static void up(struct rig *rig, const char *kernel, uint32_t pairs, bool iommu)
{
	rig_new(rig, kernel, pairs);
	rig->iommu = iommu;
	rig_up(rig);
}

/* -------------------------------------------------------------------------------------- the fd */

static void one_fd_for_all(void **state)
{
	/* asked for before, between and after the calls that make its sources */
	for (int when = 0; when < 3; when++) {
		struct rig rig;
		int fd = -1;

		rig_new(&rig, "7.2", 2);
		rig.iommu = true;
		assert_ok(&rig, rig_dev(&rig));
		if (when == 0)
			fd = vhc_dev_get_event_fd(rig.dev);
		rig_prepare(&rig);
		if (when == 1)
			fd = vhc_dev_get_event_fd(rig.dev);
		assert_ok(&rig, rig_start(&rig));
		if (when == 2)
			fd = vhc_dev_get_event_fd(rig.dev);
		assert_true(fd >= 0);
		assert_int_equal(vhc_dev_get_event_fd(rig.dev), fd);
		assert_int_equal(fake_count(rig.fake, "epoll"), 1);
		assert_false(readable(&rig, fd));
		for (uint32_t i = 0; i < 4; i++) {
			fail_ring(&rig, i, 1 + i);
			assert_true(readable(&rig, fd));
			assert_error(&rig, i, 1 + i);
			assert_false(readable(&rig, fd));
			miss(&rig, i, 0x5000 + i, VHC_PERM_READ);
			assert_true(readable(&rig, fd));
			assert_miss(&rig, i & ~1u, 0x5000 + i, VHC_PERM_READ);
			assert_false(readable(&rig, fd));
		}
		assert_nothing(&rig);
		rig_free(&rig);
	}
}

static void without_the_fd_too(void **state)
{
	struct vhc_event event;
	struct rig rig;

	rig_new(&rig, "6.1", 2);
	assert_ok(&rig, rig_dev(&rig));
	assert_nothing(&rig);
	rig.iommu = true;
	rig_prepare(&rig);
	assert_nothing(&rig);
	assert_ok(&rig, rig_start(&rig));
	assert_nothing(&rig);
	fail_ring(&rig, 3, 7);
	miss(&rig, 0, 0x5000, VHC_PERM_WRITE);
	assert_miss(&rig, 0, 0x5000, VHC_PERM_WRITE);
	assert_error(&rig, 3, 7);
	assert_nothing(&rig);
	/* nobody asked for an fd, so none was made */
	assert_int_equal(fake_count(rig.fake, "epoll"), 0);
	assert_int_equal(next(&rig, &event), 0);
	rig_free(&rig);
}

static void after_a_reset(void **state)
{
	struct rig rig;
	int fd;

	up(&rig, "6.12", 2, true);
	fd = vhc_dev_get_event_fd(rig.dev);
	fail_ring(&rig, 1, 1);
	miss(&rig, 2, 0x5000, VHC_PERM_READ);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	/* each is taken out, since a forked child may keep it open */
	assert_int_equal(fake_count(rig.fake, "del"), 4);
	/* what the old driver's rings had to say is nobody's business */
	assert_nothing(&rig);
	assert_false(readable(&rig, fd));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_map(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(vhc_dev_get_event_fd(rig.dev), fd);
	fail_ring(&rig, 1, 2);
	assert_true(readable(&rig, fd));
	assert_error(&rig, 1, 2);
	assert_false(readable(&rig, fd));
	rig_free(&rig);
}

/* A start that is undone takes back what it added. */
static void a_start_that_fails(void **state)
{
	struct fake_left before, after;
	struct rig rig;
	int fd;

	rig_new(&rig, "7.2", 2);
	rig_prepare(&rig);
	fd = vhc_dev_get_event_fd(rig.dev);
	before = fake_left(rig.fake);
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 3, EIO);
	assert_int_equal(rig_start(&rig), -EIO);
	after = fake_left(rig.fake);
	after.workers = before.workers;
	assert_true(left_equal(&before, &after));
	assert_int_equal(fake_count(rig.fake, "del"), 4);
	for (uint32_t n = 1; n <= 4; n++) {
		fake_fail(rig.fake, "add", n, ENOSPC);
		assert_int_equal(rig_start(&rig), -ENOSPC);
		assert_says(&rig, "net0", "event fd", "ENOSPC");
		after = fake_left(rig.fake);
		after.workers = before.workers;
		assert_true(left_equal(&before, &after));
	}
	assert_ok(&rig, rig_start(&rig));
	fail_ring(&rig, 3, 1);
	assert_true(readable(&rig, fd));
	assert_error(&rig, 3, 1);
	rig_free(&rig);
}

static void too_few_fds(void **state)
{
	struct fake_left before, after;
	struct rig rig;
	int fd;

	up(&rig, "6.12", 2, false);
	before = fake_left(rig.fake);
	fake_set_fd_limit(rig.fake, before.fds);
	assert_int_equal(vhc_dev_get_event_fd(rig.dev), -EMFILE);
	assert_says(&rig, "net0", "event fd", "EMFILE");
	fake_set_fd_limit(rig.fake, before.fds + 1);
	/* two vhost fds and four rings */
	for (uint32_t n = 1; n <= 6; n++) {
		fake_fail(rig.fake, "add", n, ENOMEM);
		assert_int_equal(vhc_dev_get_event_fd(rig.dev), -ENOMEM);
		assert_says(&rig, "net0", "event fd", "ENOMEM");
		after = fake_left(rig.fake);
		assert_true(left_equal(&before, &after));
	}
	fd = vhc_dev_get_event_fd(rig.dev);
	assert_true(fd >= 0);
	fake_set_fd_limit(rig.fake, 0);
	fail_ring(&rig, 2, 1);
	assert_true(readable(&rig, fd));
	rig_free(&rig);
}

/* Events are pulled without one fd too few of anything. */
static void looking_fails(void **state)
{
	struct vhc_event event;
	struct rig rig;

	up(&rig, "7.2", 1, true);
	fail_ring(&rig, 1, 5);
	fake_fail(rig.fake, "poll", 1, ENOMEM);
	assert_int_equal(next(&rig, &event), -ENOMEM);
	assert_says(&rig, "net0", "poll", "ENOMEM");
	fake_fail(rig.fake, "drain", 1, EIO);
	assert_int_equal(next(&rig, &event), -EIO);
	assert_says(&rig, "net0", "ring 1", "error eventfd", "EIO");
	assert_error(&rig, 1, 5);
	assert_nothing(&rig);
	rig_free(&rig);
}

static void structs_of_any_size(void **state)
{
	struct {
		struct vhc_event event;
		uint64_t more;
	} longer = { { .sz = sizeof(longer) }, 77 };
	struct vhc_event event = { 0 };
	struct rig rig;

	up(&rig, "6.1", 1, false);
	fail_ring(&rig, 0, 1);
	assert_int_equal(vhc_dev_next_event(rig.dev, &event), -EINVAL);
	assert_says(&rig, "vhc_event", "sizeof");
	event.sz = 16;
	event.count = 5;
	assert_int_equal(vhc_dev_next_event(rig.dev, &event), 1);
	assert_int_equal(event.sz, 16);
	assert_int_equal(event.kind, VHC_EVENT_RING_ERROR);
	assert_int_equal(event.count, 5); /* not there for a caller of that age */
	fail_ring(&rig, 0, 1);
	assert_int_equal(vhc_dev_next_event(rig.dev, &longer.event), 1);
	assert_int_equal(longer.event.sz, sizeof(longer));
	assert_int_equal(longer.more, 0);
	/* more errors than the field can say */
	for (int i = 0; i < 2; i++)
		fail_ring(&rig, 0, UINT32_MAX);
	assert_error(&rig, 0, UINT32_MAX);
	rig_free(&rig);
}

static void a_device_that_is_not_there(void **state)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct vhc_dev *dev;
	struct rig rig;
	char *caps;
	int fd;

	rig_new(&rig, "7.2", 1);
	assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
	assert_ok(&rig, vhc_dev_open_caps(rig.ctx, "there", caps,
					  VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &dev));
	assert_int_equal(vhc_dev_next_event(dev, &event), 0);
	fd = vhc_dev_get_event_fd(dev);
	assert_true(fd >= 0);
	assert_false(readable(&rig, fd));
	vhc_dev_close(dev);
	free(caps);
	rig_free(&rig);
}

/* --------------------------------------------------------------------------------- whose turn it is */

static void nobody_starves(void **state)
{
	uint32_t seen[6] = { 0 };
	struct rig rig;

	up(&rig, "7.2", 2, true);
	/* all of them have something, again and again */
	for (uint32_t i = 0; i < 60; i++) {
		struct vhc_event event;

		for (uint32_t ring = 0; ring < 4; ring++) {
			fail_ring(&rig, ring, 1);
			if (vhost_of(&rig, ring / 2)->unread < 8)
				miss(&rig, ring, 0x5000, VHC_PERM_READ);
		}
		assert_int_equal(next(&rig, &event), 1);
		seen[event.kind == VHC_EVENT_MISS ? 4 + event.ring / 2 : event.ring]++;
	}
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(seen[i], 10);
	rig_free(&rig);
}

/* A vhost fd that never comes to an end does not keep its caller. */
static void an_endless_stream(void **state)
{
	static const uint64_t damaged[9];
	struct vhc_event event;
	uint32_t calls;
	struct rig rig;

	up(&rig, "6.12", 2, true);
	for (uint32_t i = 0; i < 2; i++) {
		fake_raise_message(rig.fake, vhost_of(&rig, i), damaged, sizeof(damaged));
		vhost_of(&rig, i)->endless = true;
	}
	fake_forget_calls(rig.fake);
	assert_int_equal(next(&rig, &event), 0);
	calls = fake_count(rig.fake, "read_fd");
	assert_true(calls > 100 && calls <= 1024);
	/* and the others are heard */
	fail_ring(&rig, 2, 1);
	assert_error(&rig, 2, 1);
	rig_free(&rig);
}

/* -------------------------------------------------------------------------------------- misses */

static void of_both_versions(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct rig rig;

		rig_new(&rig, "6.1", 1);
		rig.iommu = true;
		fake_profile(rig.fake)->net_backend_features = v2 ? 2 : 0;
		rig_up(&rig);
		miss(&rig, 1, UINT64_MAX, VHC_PERM_WRITE);
		assert_miss(&rig, 0, UINT64_MAX, VHC_PERM_WRITE);
		miss(&rig, 1, 0, RIG_RW);
		assert_miss(&rig, 0, 0, RIG_RW);
		assert_nothing(&rig);
		assert_int_equal(vhost_of(&rig, 0)->waiting, 2);
		assert_ok(&rig, rig_map_at(&rig, 0, 1, RIG_GUEST, RIG_RW));
		assert_int_equal(vhost_of(&rig, 0)->waiting, 1);
		assert_int_equal(vhost_of(&rig, 0)->woken, 1);
		rig_free(&rig);
	}
}

static char log_lines[4096];

static void remember(void *data, enum vhc_level level, const char *line)
{
	size_t used = strlen(log_lines);

	if (level == VHC_LEVEL_WARNING)
		snprintf(log_lines + used, sizeof(log_lines) - used, "%s\n", line);
}

static void damaged_messages(void **state)
{
	static const struct {
		uint32_t size, version, asid;
		uint8_t type, perm;
		const char *says;
	} bad[] = {
		{ 71, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_MISS, 1, "too short" },
		{ 40, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_MISS, 1, "too short" },
		{ 1, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_MISS, 1, "too short" },
		{ 72, VHOST_IOTLB_MSG, 0, VHOST_IOTLB_MISS, 1, "another version" },
		{ 72, 0, 0, VHOST_IOTLB_MISS, 1, "another version" },
		{ 72, 3, 0, VHOST_IOTLB_MISS, 1, "another version" },
		{ 72, VHOST_IOTLB_MSG_V2, 1, VHOST_IOTLB_MISS, 1, "address space" },
		{ 72, VHOST_IOTLB_MSG_V2, 0, 0, 1, "no miss" },
		{ 72, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_UPDATE, 1, "no miss" },
		{ 72, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_ACCESS_FAIL, 1, "no miss" },
		{ 72, VHOST_IOTLB_MSG_V2, 0, 255, 1, "no miss" },
		{ 72, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_MISS, 0, "permissions" },
		{ 72, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_MISS, 4, "permissions" },
		{ 72, VHOST_IOTLB_MSG_V2, 0, VHOST_IOTLB_MISS, 0xff, "permissions" },
	};
	struct rig rig;

	up(&rig, "7.2", 2, true);
	vhc_ctx_set_log(rig.ctx, VHC_LEVEL_WARNING, remember, NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vhost_msg_v2 msg = { .type = bad[i].version, .asid = bad[i].asid };

		msg.iotlb.type = bad[i].type;
		msg.iotlb.perm = bad[i].perm;
		msg.iotlb.iova = 0x5000;
		fake_raise_message(rig.fake, vhost_of(&rig, 1), &msg, bad[i].size);
		/* the one behind it comes all the same */
		miss(&rig, 2, 0x6000, VHC_PERM_READ);
		log_lines[0] = 0;
		assert_miss(&rig, 2, 0x6000, VHC_PERM_READ);
		assert_nothing(&rig);
		if (!strstr(log_lines, bad[i].says) || !strstr(log_lines, "net0: vhost fd 1") ||
		    !strstr(log_lines, "skipped"))
			fail_msg("%zu: the log says: %s", i, log_lines);
	}
	fake_fail(rig.fake, "read_fd", 1, EIO);
	miss(&rig, 2, 0x6000, VHC_PERM_READ);
	log_lines[0] = 0;
	assert_miss(&rig, 2, 0x6000, VHC_PERM_READ);
	assert_non_null(strstr(log_lines, "skipped"));
	rig_free(&rig);
}

/* It was dropped there, or is on the way: the device is told, and nobody else is asked. */
static void what_is_mapped_already(void **state)
{
	struct vhc_ring_addr addr = rig_io_addr(0);
	struct fake_vhost *vhost;
	struct rig rig;

	up(&rig, "6.12", 2, true);
	vhost = vhost_of(&rig, 1);
	for (uint32_t i = 0; i < 5; i++)
		miss(&rig, 3, addr.desc + i, VHC_PERM_READ);
	fail_ring(&rig, 0, 1);
	assert_error(&rig, 0, 1);
	assert_nothing(&rig);
	assert_int_equal(vhost->woken, 5);
	assert_int_equal(vhost->waiting, 0);
	/* once there, however often it was told */
	assert_int_equal(vhost->mappings, 1);
	assert_int_equal(vhost_of(&rig, 0)->mappings, 1);
	/* the kernel lost it */
	vhost->mappings = 0;
	miss(&rig, 2, addr.used, RIG_RW);
	assert_nothing(&rig);
	assert_int_equal(vhost->mappings, 1);
	assert_int_equal(fake_translate(vhost, addr.used, 3), (uintptr_t)rig.ram + 0x2000);
	rig_free(&rig);
}

static void mapped_but_not_so(void **state)
{
	struct rig rig;

	up(&rig, "7.2", 1, true);
	assert_ok(&rig, rig_map_at(&rig, 0x5000, PAGE, RIG_GUEST, VHC_PERM_READ));
	miss(&rig, 1, 0x5010, VHC_PERM_READ);
	assert_nothing(&rig);
	miss(&rig, 1, 0x5010, VHC_PERM_WRITE);
	assert_miss(&rig, 0, 0x5010, VHC_PERM_WRITE);
	miss(&rig, 1, 0x5010, RIG_RW);
	assert_miss(&rig, 0, 0x5010, RIG_RW);
	/* answered, and again when the next one comes */
	assert_ok(&rig, rig_map_at(&rig, 0x5000, PAGE, RIG_GUEST, RIG_RW));
	assert_int_equal(vhost_of(&rig, 0)->waiting, 0);
	miss(&rig, 1, 0x5010, VHC_PERM_WRITE);
	assert_nothing(&rig);
	assert_int_equal(vhost_of(&rig, 0)->mappings, 2);
	rig_free(&rig);
}

static void an_answer_that_fails(void **state)
{
	for (uint32_t n = 1; n <= 2; n++) {
		struct vhc_event event;
		struct rig rig;

		up(&rig, "6.1", 1, true);
		miss(&rig, 1, rig_io_addr(1).avail, VHC_PERM_READ);
		fake_fail(rig.fake, "VHOST_IOTLB_", n, EFAULT);
		assert_int_equal(next(&rig, &event), -EFAULT);
		assert_says(&rig, "net0", "vhost fd 0", "VHOST_IOTLB_");
		assert_int_equal(vhost_of(&rig, 0)->waiting, 1);
		/* it was read and does not come again, so it is not lost */
		assert_nothing(&rig);
		assert_int_equal(vhost_of(&rig, 0)->waiting, 0);
		assert_int_equal(vhost_of(&rig, 0)->mappings, 1);
		/* and no more than that: the device is not stale */
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		rig_free(&rig);
	}
}

/* The driver that waited is gone. */
static void an_answer_that_nobody_waits_for(void **state)
{
	struct vhc_event event;
	struct rig rig;

	up(&rig, "6.12", 1, true);
	miss(&rig, 1, rig_io_addr(1).avail, VHC_PERM_READ);
	fake_fail(rig.fake, "VHOST_IOTLB_", 1, EFAULT);
	assert_int_equal(next(&rig, &event), -EFAULT);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_ok(&rig, rig_features(&rig));
	assert_nothing(&rig);
	rig_free(&rig);
}

static void of_a_device_without_an_iommu(void **state)
{
	struct rig rig;

	up(&rig, "7.2", 1, false);
	/* nothing that a kernel would do */
	miss(&rig, 1, 0x5000, VHC_PERM_READ);
	assert_nothing(&rig);
	rig_free(&rig);
}

/* --------------------------------------------------------------------------- what is the matter? */

static void the_cause_of_an_error(void **state)
{
	for (int iommu = 0; iommu < 2; iommu++) {
		struct rig rig;

		up(&rig, "6.12", 1, iommu);
		rig_kernel_ring(&rig, 1)->base = 100;
		rig_set_index(&rig, 1, 'u', 100);
		rig_set_index(&rig, 1, 'a', 100);
		assert_ok(&rig, vhc_ring_check(rig.dev, 1));
		rig_set_index(&rig, 1, 'a', 100 + RIG_SIZE);
		assert_ok(&rig, vhc_ring_check(rig.dev, 1));
		/* more than there are descriptors */
		rig_set_index(&rig, 1, 'a', 101 + RIG_SIZE);
		fail_ring(&rig, 1, 1);
		assert_error(&rig, 1, 1);
		assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
		assert_says(&rig, "net0", "ring 1", "100", "357", "257 apart", "256", "driver");
		/* behind what the device took already */
		rig_set_index(&rig, 1, 'a', 99);
		rig_set_index(&rig, 1, 'u', 98);
		assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
		assert_says(&rig, "ring 1", "base 100", "98", "99");
		assert_ok(&rig, vhc_ring_check(rig.dev, 0));
		fake_fail(rig.fake, "VHOST_GET_VRING_BASE", 1, EPERM);
		assert_int_equal(vhc_ring_check(rig.dev, 1), -EPERM);
		assert_says(&rig, "ring 1", "VHOST_GET_VRING_BASE", "EPERM");
		fake_fail(rig.fake, "peek", 1, EFAULT);
		assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
		assert_says(&rig, "ring 1", "memory", "EFAULT");
		/* it looks, and no more */
		assert_int_equal(rig_kernel_ring(&rig, 1)->base, 100);
		rig_set_index(&rig, 1, 'a', 100);
		rig_set_index(&rig, 1, 'u', 100);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, rig_start(&rig));
		rig_free(&rig);
	}
}

/* A buffer of ring 1 or 0, which the device is to take next. */
static void offer(struct rig *rig, uint32_t ring, uint64_t addr, uint32_t len, uint16_t flags)
{
	struct vring_desc desc = { addr, len, flags, 0 };
	uint16_t base = 300, head = 9;
	uint8_t *at = rig->ram + ring * RIG_RING_ROOM;

	rig_kernel_ring(rig, ring)->base = base;
	rig_set_index(rig, ring, 'u', base);
	rig_set_index(rig, ring, 'a', base + 1);
	memcpy(at + 0x1000 + 4 + 2 * (base % RIG_SIZE), &head, sizeof(head));
	memcpy(at + head * sizeof(desc), &desc, sizeof(desc));
}

static void the_cause_is_a_buffer(void **state)
{
	uint64_t end = RIG_GUEST + 2 * RIG_RING_ROOM;
	struct rig rig;

	up(&rig, "7.2", 1, false);
	offer(&rig, 1, end - 100, 100, 0);
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	offer(&rig, 1, end - 100, 101, 0);
	assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 1", "descriptor 9", "101 bytes at 0x40007f9c", "1 bytes behind");
	offer(&rig, 0, end - 100, 100, 0);
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_says(&rig, "ring 0", "descriptor 9", "to be read");
	offer(&rig, 0, end - 100, 100, VRING_DESC_F_WRITE);
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	/* over two regions is as good as in one: here they are the other way round */
	for (uint32_t i = 0; i < 2; i++)
		offer(&rig, i, RIG_GUEST + RIG_RING_ROOM - 16, 32, 0);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	vhc_mem_clear(rig.mem);
	for (uint32_t i = 0; i < 2; i++)
		assert_ok(&rig,
			  vhc_mem_add(rig.mem, VHC_ARG(vhc_region,
						       .guest_addr = RIG_GUEST + i * RIG_RING_ROOM,
						       .size = RIG_RING_ROOM,
						       .user_addr = (uintptr_t)rig.ram +
								    (1 - i) * RIG_RING_ROOM)));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_ok(&rig, rig_start(&rig));
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	rig_free(&rig);
}

/* Of one that moves on there is nothing to say: it was looked at in two moments. */
static void a_ring_that_moves(void **state)
{
	struct rig rig;

	up(&rig, "6.1", 1, false);
	rig_set_index(&rig, 1, 'a', 500);
	rig_set_index(&rig, 1, 'u', 500);
	assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
	rig_kernel_ring(&rig, 1)->moves = true;
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	rig_free(&rig);
}

static void the_cause_is_a_mapped_buffer(void **state)
{
	struct rig rig;

	up(&rig, "6.12", 1, true);
	/* what is not mapped the device asks for */
	offer(&rig, 1, 0x5000, 100, 0);
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	assert_ok(&rig, rig_map_at(&rig, 0x5000, 50, RIG_GUEST, VHC_PERM_READ));
	assert_ok(&rig, rig_map_at(&rig, 0x5000 + 50, 50, RIG_GUEST, VHC_PERM_WRITE));
	assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 1", "descriptor 9", "without the right to read it", "0x5032");
	assert_ok(&rig, rig_map_at(&rig, 0x5000 + 50, 50, RIG_GUEST, VHC_PERM_READ));
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	offer(&rig, 0, 0x5000, 100, VRING_DESC_F_WRITE);
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_says(&rig, "ring 0", "without the right to write it", "0x5000");
	rig_free(&rig);
}

static void the_cause_is_a_mapping(void **state)
{
	struct vhc_ring_addr addr = rig_io_addr(0);
	struct rig rig;

	up(&rig, "7.2", 1, true);
	assert_ok(&rig, vhc_dev_unmap(rig.dev, addr.avail, PAGE));
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	assert_ok(&rig, rig_map_at(&rig, addr.avail, PAGE, RIG_GUEST, VHC_PERM_WRITE));
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_says(&rig, "ring 0", "avail ring", "right", "0x1000001000");
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_fd_for_all),
		cmocka_unit_test(without_the_fd_too),
		cmocka_unit_test(after_a_reset),
		cmocka_unit_test(a_start_that_fails),
		cmocka_unit_test(too_few_fds),
		cmocka_unit_test(looking_fails),
		cmocka_unit_test(structs_of_any_size),
		cmocka_unit_test(a_device_that_is_not_there),
		cmocka_unit_test(nobody_starves),
		cmocka_unit_test(an_endless_stream),
		cmocka_unit_test(of_both_versions),
		cmocka_unit_test(damaged_messages),
		cmocka_unit_test(what_is_mapped_already),
		cmocka_unit_test(mapped_but_not_so),
		cmocka_unit_test(an_answer_that_fails),
		cmocka_unit_test(an_answer_that_nobody_waits_for),
		cmocka_unit_test(of_a_device_without_an_iommu),
		cmocka_unit_test(the_cause_of_an_error),
		cmocka_unit_test(the_cause_is_a_buffer),
		cmocka_unit_test(a_ring_that_moves),
		cmocka_unit_test(the_cause_is_a_mapped_buffer),
		cmocka_unit_test(the_cause_is_a_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
