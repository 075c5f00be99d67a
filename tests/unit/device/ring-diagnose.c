/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-diagnose - why the kernel gave up on a ring, as far as the guest's memory and its mappings tell.
 */
#include <linux/virtio_ring.h>

#include "event-rig.h"
#include "ring/endian.h"

static void ring_check_of_bad_index_says_which(void **state)
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

/* A descriptor as a driver writes it. */
static struct vring_desc make_desc(const struct rig *rig, uint64_t addr, uint32_t len,
				   uint16_t flags, uint16_t next)
{
	bool swapped = vhi_ring_swapped(&rig->acked);

	return (struct vring_desc){ vhi_ring_get64(swapped, addr), vhi_ring_get32(swapped, len),
				    vhi_ring_get16(swapped, flags), vhi_ring_get16(swapped, next) };
}

/* A buffer of ring 1 or 0, which the device is to take next. */
static void offer(struct rig *rig, uint32_t ring, uint64_t addr, uint32_t len, uint16_t flags)
{
	struct vring_desc desc = make_desc(rig, addr, len, flags, 0);
	uint16_t base = 300, head = 9, entry = vhi_ring_get16(vhi_ring_swapped(&rig->acked), head);
	uint8_t *at = rig->ram + ring * RIG_RING_ROOM;

	rig_kernel_ring(rig, ring)->base = base;
	rig_set_index(rig, ring, 'u', base);
	rig_set_index(rig, ring, 'a', base + 1);
	memcpy(at + 0x1000 + 4 + 2 * (base % RIG_SIZE), &entry, sizeof(entry));
	memcpy(at + head * sizeof(desc), &desc, sizeof(desc));
}

static void ring_check_of_buffer_outside_memory_says_where(void **state)
{
	uint64_t end = RIG_GUEST + 2 * RIG_RING_ROOM;
	struct rig rig;

	up(&rig, "7.2", 1, false);
	offer(&rig, 1, end - 100, 100, 0);
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	offer(&rig, 1, end - 100, 101, 0);
	assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 1", "descriptor 9", "101 bytes at 0x40007f9c", "1 bytes past");
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
static void ring_check_of_moving_ring_is_ok(void **state)
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

static void ring_check_of_buffer_without_permission_says_which(void **state)
{
	struct rig rig;

	up(&rig, "6.12", 1, true);
	/* what is not mapped the device asks for */
	offer(&rig, 1, 0x5000, 100, 0);
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	assert_ok(&rig, rig_map_at(&rig, 0x5000, 50, RIG_GUEST, VHC_PERM_READ));
	assert_ok(&rig, rig_map_at(&rig, 0x5000 + 50, 50, RIG_GUEST, VHC_PERM_WRITE));
	assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 1", "descriptor 9", "without permission to read it", "0x5032");
	assert_ok(&rig, rig_map_at(&rig, 0x5000 + 50, 50, RIG_GUEST, VHC_PERM_READ));
	assert_ok(&rig, vhc_ring_check(rig.dev, 1));
	offer(&rig, 0, 0x5000, 100, VRING_DESC_F_WRITE);
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_says(&rig, "ring 0", "without permission to write it", "0x5000");
	rig_free(&rig);
}

static void ring_check_of_ring_without_permission_says_which(void **state)
{
	struct vhc_ring_addr addr = rig_io_addr(0);
	struct rig rig;

	up(&rig, "7.2", 1, true);
	assert_ok(&rig, vhc_dev_unmap(rig.dev, addr.avail, PAGE));
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	/* of a running ring that is refused */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_map_at(&rig, addr.avail, PAGE, RIG_GUEST, VHC_PERM_WRITE));
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_says(&rig, "ring 0", "avail ring", "permission", "0x1000001000");
	rig_free(&rig);
}

/* Each of 256 descriptors refers to 8192 of no bytes: a guest must not keep the caller here. */
static void ring_check_of_endless_chain_is_bounded(void **state)
{
	const uint32_t each = RIG_MORE_SIZE / sizeof(struct vring_desc);
	struct vring_desc desc;
	struct rig rig;

	up(&rig, "6.12", 1, false);
	assert_ok(&rig, rig_more(&rig));
	offer(&rig, 1, RIG_GUEST, 0, 0);
	for (uint32_t i = 0; i < each; i++) {
		desc = make_desc(&rig, 0, 0, i + 1 < each ? VRING_DESC_F_NEXT : 0, 0);
		memcpy(rig.more + i * sizeof(desc), &desc, sizeof(desc));
	}
	for (uint32_t i = 0; i < RIG_SIZE; i++) {
		desc = make_desc(&rig, RIG_MORE, RIG_MORE_SIZE,
				 VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT,
				 (uint16_t)((i + 1) % RIG_SIZE));
		memcpy(rig.ram + RIG_RING_ROOM + i * sizeof(desc), &desc, sizeof(desc));
	}
	fake_forget_calls(rig.fake);
	assert_int_equal(vhc_ring_check(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 1", "more than 256 descriptors", "reset");
	assert_in_range(fake_count(rig.fake, "peek"), 1, 32);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_check_of_bad_index_says_which),
		cmocka_unit_test(ring_check_of_buffer_outside_memory_says_where),
		cmocka_unit_test(ring_check_of_moving_ring_is_ok),
		cmocka_unit_test(ring_check_of_buffer_without_permission_says_which),
		cmocka_unit_test(ring_check_of_endless_chain_is_bounded),
		cmocka_unit_test(ring_check_of_ring_without_permission_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
