/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-misses - addresses that vhost waits for: told, or answered from what is mapped; and messages that
 * are none.
 */
#include <linux/vhost.h>

#include "event-rig.h"

static void next_event_reads_misses_of_both_versions(void **state)
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
		assert_int_equal(rig_vhost(&rig, 0)->waiting, 2);
		assert_ok(&rig, rig_map_at(&rig, 0, 1, RIG_GUEST, RIG_RW));
		assert_int_equal(rig_vhost(&rig, 0)->waiting, 1);
		assert_int_equal(rig_vhost(&rig, 0)->woken, 1);
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

static void next_event_skips_damaged_messages(void **state)
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
		fake_raise_message(rig.fake, rig_vhost(&rig, 1), &msg, bad[i].size);
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

/* A miss as the kernel writes it, of either version. */
static struct vhost_msg_v2 whole_miss(bool v2)
{
	struct vhost_msg_v2 msg = { .type = v2 ? VHOST_IOTLB_MSG_V2 : VHOST_IOTLB_MSG };

	msg.iotlb = (struct vhost_iotlb_msg){ .iova = 0x5000,
					      .perm = VHC_PERM_READ,
					      .type = VHOST_IOTLB_MISS };
	return msg;
}

static void up_with(struct rig *rig, bool v2)
{
	rig_new(rig, "6.1", 1);
	rig->iommu = true;
	fake_profile(rig->fake)->net_backend_features = v2 ? 2 : 0;
	rig_up(rig);
	fake_forget_calls(rig->fake);
}

static void next_event_skips_short_messages(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct vhost_msg_v2 msg = whole_miss(v2);
		struct rig rig;

		up_with(&rig, v2);
		for (uint32_t size = 1; size < sizeof(msg); size++) {
			fake_raise_message(rig.fake, rig_vhost(&rig, 0), &msg, size);
			assert_nothing(&rig);
		}
		assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
		fake_raise_message(rig.fake, rig_vhost(&rig, 0), &msg, sizeof(msg));
		assert_miss(&rig, 0, 0x5000, VHC_PERM_READ);
		rig_free(&rig);
	}
}

static void flip(struct vhost_msg_v2 *msg, uint32_t bits)
{
	static uint64_t seed = 1;
	uint8_t *bytes = (uint8_t *)msg;

	while (bits--) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		bytes[(seed >> 33) % sizeof(*msg)] ^= (uint8_t)(1u << (seed >> 61));
	}
}

static bool is_miss(const struct vhost_msg_v2 *msg, bool v2)
{
	return msg->type == (v2 ? VHOST_IOTLB_MSG_V2 : VHOST_IOTLB_MSG) && !(v2 && msg->asid) &&
	       msg->iotlb.type == VHOST_IOTLB_MISS && msg->iotlb.perm >= 1 && msg->iotlb.perm <= 3;
}

/* It is still a miss, and is reported or answered as it says; or it is none, and is skipped. */
static void next_event_of_flipped_bits_is_miss_or_nothing(void **state)
{
	uint32_t told = 0, answered = 0, skipped = 0;

	for (int v2 = 0; v2 < 2; v2++) {
		struct rig rig;

		up_with(&rig, v2);
		for (uint32_t n = 0; n < 5000; n++) {
			struct vhost_msg_v2 msg = whole_miss(v2);
			bool miss, known;

			flip(&msg, 1 + n % 3);
			miss = is_miss(&msg, v2);
			known = msg.iotlb.iova - RIG_IOVA < rig.ram_size;
			fake_raise_message(rig.fake, rig_vhost(&rig, 0), &msg, sizeof(msg));
			if (miss && !known)
				assert_miss(&rig, 0, msg.iotlb.iova, msg.iotlb.perm);
			assert_nothing(&rig);
			/* an answer takes off what is there, since nothing replaces it */
			assert_int_equal(fake_count(rig.fake, "VHOST_"), miss && known ? 2 : 0);
			fake_forget_calls(rig.fake);
			told += miss && !known;
			answered += miss && known;
			skipped += !miss;
		}
		rig_free(&rig);
	}
	printf("%u told, %u answered, %u skipped\n", told, answered, skipped);
	assert_true(told > 1000 && answered > 0 && skipped > 1000);
}

/* It was dropped there, or is on the way: the library answers, without an event. */
static void miss_of_mapped_address_is_answered(void **state)
{
	struct vhc_ring_addr addr = rig_io_addr(0);
	struct fake_vhost *vhost;
	struct rig rig;

	up(&rig, "6.12", 2, true);
	vhost = rig_vhost(&rig, 1);
	for (uint32_t i = 0; i < 5; i++)
		miss(&rig, 3, addr.desc + i, VHC_PERM_READ);
	fail_ring(&rig, 0, 1);
	assert_error(&rig, 0, 1);
	assert_nothing(&rig);
	assert_int_equal(vhost->woken, 5);
	assert_int_equal(vhost->waiting, 0);
	/* one mapping, however often it was sent */
	assert_int_equal(vhost->mappings, 1);
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 1);
	/* the kernel lost it */
	vhost->mappings = 0;
	miss(&rig, 2, addr.used, RIG_RW);
	assert_nothing(&rig);
	assert_int_equal(vhost->mappings, 1);
	assert_int_equal(fake_translate(vhost, addr.used, 3), (uintptr_t)rig.ram + 0x2000);
	rig_free(&rig);
}

static void miss_without_permission_is_event(void **state)
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
	assert_int_equal(rig_vhost(&rig, 0)->waiting, 0);
	miss(&rig, 1, 0x5010, VHC_PERM_WRITE);
	assert_nothing(&rig);
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 2);
	rig_free(&rig);
}

static void failed_answer_to_miss_is_repeated(void **state)
{
	for (uint32_t n = 1; n <= 2; n++) {
		struct vhc_event event;
		struct rig rig;

		up(&rig, "6.1", 1, true);
		miss(&rig, 1, rig_io_addr(1).avail, VHC_PERM_READ);
		fake_fail(rig.fake, "VHOST_IOTLB_", n, EFAULT);
		assert_int_equal(next(&rig, &event), -EFAULT);
		assert_says(&rig, "net0", "vhost fd 0", "VHOST_IOTLB_");
		assert_int_equal(rig_vhost(&rig, 0)->waiting, 1);
		/* it was read and does not come again, so it is not lost */
		assert_nothing(&rig);
		assert_int_equal(rig_vhost(&rig, 0)->waiting, 0);
		assert_int_equal(rig_vhost(&rig, 0)->mappings, 1);
		/* and no more than that: the device is not stale */
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		rig_free(&rig);
	}
}

/* Whoever polls comes back to it: the event fd is readable although nothing can be read. */
static void failed_answer_to_miss_keeps_event_fd_readable(void **state)
{
	/* asked for before it fails, or after */
	for (int before = 0; before < 2; before++) {
		struct vhc_event event;
		struct rig rig;
		int fd = -1;

		up(&rig, "7.2", 1, true);
		if (before)
			fd = vhc_dev_get_event_fd(rig.dev);
		miss(&rig, 1, rig_io_addr(1).avail, VHC_PERM_READ);
		for (uint32_t i = 0; i < 3; i++) {
			fake_fail(rig.fake, "VHOST_IOTLB_UPDATE", 1, EFAULT);
			assert_int_equal(next(&rig, &event), -EFAULT);
			fd = fd < 0 ? vhc_dev_get_event_fd(rig.dev) : fd;
			assert_true(readable(&rig, fd));
		}
		assert_nothing(&rig);
		assert_int_equal(rig_vhost(&rig, 0)->waiting, 0);
		assert_false(readable(&rig, fd));
		/* a reset ends it, too */
		miss(&rig, 1, rig_io_addr(1).avail, VHC_PERM_READ);
		fake_fail(rig.fake, "VHOST_IOTLB_UPDATE", 1, EFAULT);
		assert_int_equal(next(&rig, &event), -EFAULT);
		assert_true(readable(&rig, fd));
		assert_ok(&rig, vhc_dev_reset(rig.dev));
		assert_false(readable(&rig, fd));
		rig_free(&rig);
	}
}

/* The driver that waited is gone. */
static void reset_drops_unanswered_miss(void **state)
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

static void miss_without_iommu_is_ignored(void **state)
{
	struct rig rig;

	up(&rig, "7.2", 1, false);
	/* nothing that a kernel would do */
	miss(&rig, 1, 0x5000, VHC_PERM_READ);
	assert_nothing(&rig);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_event_reads_misses_of_both_versions),
		cmocka_unit_test(next_event_skips_damaged_messages),
		cmocka_unit_test(next_event_skips_short_messages),
		cmocka_unit_test(next_event_of_flipped_bits_is_miss_or_nothing),
		cmocka_unit_test(miss_of_mapped_address_is_answered),
		cmocka_unit_test(miss_without_permission_is_event),
		cmocka_unit_test(failed_answer_to_miss_is_repeated),
		cmocka_unit_test(failed_answer_to_miss_keeps_event_fd_readable),
		cmocka_unit_test(reset_drops_unanswered_miss),
		cmocka_unit_test(miss_without_iommu_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
