/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - a device behind an IOMMU from start to end: what must be mapped before, what vhost is told and
 * when, what stays over stop, other features, other memory and a reset, and the way back without one.
 */
#include <linux/vhost.h>
#include <sys/mman.h>

#include "rig.h"

#define PAGE 0x1000ull

static void rig_iommu(struct rig *rig, const char *kernel, uint32_t pairs)
{
	rig_new(rig, kernel, pairs);
	rig->iommu = true;
}

static struct fake_vhost *vhost_of(struct rig *rig, uint32_t n)
{
	struct fake_vhost *vhost = fake_vhost(rig->fake, n);

	assert_non_null(vhost);
	return vhost;
}

static bool runs(struct rig *rig)
{
	for (uint32_t i = 0; i < rig->rings; i++)
		if (!rig_kernel_ring(rig, i)->backend)
			return false;
	return true;
}

static uint32_t position(struct fake *fake, const char *name, int fd, bool last)
{
	uint32_t found = UINT32_MAX;

	for (uint32_t i = 0; i < fake_calls(fake); i++)
		if (fake_call(fake, i)->fd == fd && !strcmp(fake_call(fake, i)->name, name) &&
		    (last || found == UINT32_MAX))
			found = i;
	assert_int_not_equal(found, UINT32_MAX);
	return found;
}

static void what_vhost_is_told_and_when(void **state)
{
	static const char *const order[] = {
		"VHOST_SET_OWNER",    "VHOST_SET_FEATURES",   "VHOST_SET_BACKEND_FEATURES",
		"VHOST_IOTLB_UPDATE", "VHOST_SET_VRING_ADDR", "VHOST_NET_SET_BACKEND"
	};

	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct vhc_ring_addr addr = rig_io_addr(3);
		uint32_t fds = 0;
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 2);
		rig_up(&rig);
		for (uint32_t i = 0; i < fake_calls(rig.fake); i++) {
			const struct fake_call *call = fake_call(rig.fake, i);

			if (strcmp(call->name, "VHOST_SET_OWNER"))
				continue;
			for (size_t j = 1; j < sizeof(order) / sizeof(order[0]); j++)
				assert_true(position(rig.fake, order[j - 1], call->fd, true) <
					    position(rig.fake, order[j], call->fd, false));
			fds++;
		}
		assert_int_equal(fds, 2);
		assert_int_equal(fake_count(rig.fake, "VHOST_IOTLB_UPDATE"), 2);
		assert_int_equal(fake_count(rig.fake, "VHOST_GET_BACKEND_FEATURES"), 1);
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(vhost_of(&rig, i)->backend_features, 2);
			assert_int_equal(vhost_of(&rig, i)->written[VHOST_IOTLB_MSG_V2], 1);
			assert_int_equal(vhost_of(&rig, i)->written[VHOST_IOTLB_MSG], 0);
			assert_int_equal(fake_translate(vhost_of(&rig, i), addr.used, 3),
					 (uintptr_t)rig.ram + 3 * RIG_RING_ROOM + 0x2000);
		}
		assert_int_equal(rig_kernel_ring(&rig, 3)->desc, addr.desc);
		assert_int_equal(rig_kernel_ring(&rig, 3)->used, addr.used);
		assert_true(rig_kernel_ring(&rig, 3)->features[0] >> VHC_F_ACCESS_PLATFORM & 1);
		rig_free(&rig);
	}
}

static void an_old_kernel_speaks_version_1(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct rig rig;

		rig_iommu(&rig, "6.1", 1);
		if (i)
			fake_profile(rig.fake)->backend_features = false;
		else
			fake_profile(rig.fake)->net_backend_features = 0;
		rig_up(&rig);
		assert_int_equal(fake_count(rig.fake, "VHOST_SET_BACKEND_FEATURES"), 0);
		assert_int_equal(vhost_of(&rig, 0)->written[VHOST_IOTLB_MSG], 1);
		assert_int_equal(vhost_of(&rig, 0)->written[VHOST_IOTLB_MSG_V2], 0);
		assert_true(runs(&rig));
		rig_free(&rig);
	}
}

static void info_says_that_it_can(void **state)
{
	struct vhc_dev_info info = { .sz = sizeof(info) };
	struct rig rig;

	rig_new(&rig, "6.12", 1);
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, vhc_dev_get_info(rig.dev, &info));
	assert_true(info.can & VHC_CAN_IOMMU);
	rig_free(&rig);
	rig_new(&rig, "6.12", 1);
	fake_profile(rig.fake)->features[0] &= ~(1ull << VHC_F_ACCESS_PLATFORM);
	rig.iommu = true;
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, vhc_dev_get_info(rig.dev, &info));
	assert_false(info.can & VHC_CAN_IOMMU);
	assert_int_equal(rig_features(&rig), -EOPNOTSUPP);
	assert_says(&rig, "access_platform", "vhost");
	rig_free(&rig);
}

/* ------------------------------------------------------------------- what must be mapped to start */

static void map_but(struct rig *rig, uint64_t iova, uint64_t size, uint32_t perm)
{
	assert_ok(rig, vhc_dev_unmap(rig->dev, iova, size));
	if (perm)
		assert_ok(rig, rig_map_at(rig, iova, size, RIG_GUEST + (iova - RIG_IOVA), perm));
}

/* The last two bytes of ring 1's used ring. */
#define USED_END (RIG_IOVA + RIG_RING_ROOM + 0x2000 + 4 + 8 * RIG_SIZE)

static const struct {
	uint64_t iova, size;
	uint32_t perm;
	int error; /* 0: it starts */
	const char *says[4];
} partly[] = {
	{ RIG_IOVA + 0x2000,
	  PAGE,
	  0,
	  -EAGAIN,
	  { "ring 0", "used ring", "not mapped", "vhc_dev_map" } },
	{ RIG_IOVA + 0x2000, PAGE, VHC_PERM_READ, -EINVAL, { "ring 0", "used ring", "right" } },
	{ RIG_IOVA + 0x2000, PAGE, VHC_PERM_WRITE, -EINVAL, { "ring 0", "used ring", "right" } },
	{ USED_END + 1, 1, 0, -EAGAIN, { "ring 1", "used ring", "not mapped at 0x1000006805" } },
	{ USED_END + 2, 1, 0, 0, { NULL } },
	{ RIG_IOVA + RIG_RING_ROOM + 0x2004, 8, VHC_PERM_READ, -EINVAL, { "0x1000006004" } },
	/* by two mappings: as good as one */
	{ RIG_IOVA + 0x2004, 8, RIG_RW, 0, { NULL } },
	{ RIG_IOVA, PAGE, 0, 0, { NULL } },
	{ RIG_IOVA, PAGE, VHC_PERM_READ, 0, { NULL } },
	{ RIG_IOVA, PAGE, VHC_PERM_WRITE, -EINVAL, { "ring 0", "descriptor table", "right" } },
	{ RIG_IOVA + 0x1000, PAGE, 0, 0, { NULL } },
	{ RIG_IOVA + 0x1000, PAGE, VHC_PERM_WRITE, -EINVAL, { "ring 0", "avail ring", "right" } },
};

static void rings_that_are_mapped_in_part(void **state)
{
	for (size_t i = 0; i < sizeof(partly) / sizeof(partly[0]); i++) {
		struct rig rig;
		char *json;

		print_message("    %zu\n", i);
		rig_iommu(&rig, fake_profile_name((unsigned int)(i % 3)), 1);
		rig_prepare(&rig);
		map_but(&rig, partly[i].iova, partly[i].size, partly[i].perm);
		fake_forget_calls(rig.fake);
		if (partly[i].error) {
			assert_int_equal(rig_start(&rig), partly[i].error);
			for (size_t j = 0; j < 4 && partly[i].says[j]; j++)
				assert_says(&rig, partly[i].says[j]);
			assert_int_equal(vhc_dev_plan(rig.dev, &json), partly[i].error);
			assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
			assert_ok(&rig, rig_map(&rig));
		}
		assert_ok(&rig, rig_start(&rig));
		assert_true(runs(&rig));
		rig_free(&rig);
	}
}

static void the_window_is_looked_at_where_it_is_mapped(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "7.2", 1);
	rig_prepare(&rig);
	rig_set_index(&rig, 0, 'a', 700);
	rig_set_index(&rig, 0, 'u', 690);
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 0", "690", "700", "base 0");
	/* without the avail ring nobody can say */
	assert_ok(&rig, vhc_dev_unmap(rig.dev, rig_io_addr(0).avail + 2, 1));
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	/* nor by half of its index */
	assert_ok(&rig, rig_map(&rig));
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_ok(&rig, vhc_dev_unmap(rig.dev, rig_io_addr(0).avail + 3, 1));
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	assert_ok(&rig, rig_start(&rig));
	rig_free(&rig);
}

static void places_that_cannot_be(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "6.12", 1);
	rig_prepare(&rig);
	assert_ok(&rig,
		  vhc_ring_set_addr(rig.dev, 0,
				    VHC_ARG(vhc_ring_addr, .desc = RIG_IOVA,
					    .avail = RIG_IOVA + 0x800, .used = RIG_IOVA + 0x2000)));
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 0", "overlap", "I/O virtual address 0x1000000000");
	assert_ok(&rig, vhc_ring_set_addr(rig.dev, 0,
					  VHC_ARG(vhc_ring_addr, .desc = 0 - PAGE / 2,
						  .avail = RIG_IOVA + 0x1000,
						  .used = RIG_IOVA + 0x2000)));
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 0", "last address of all");
	rig_free(&rig);
}

/* --------------------------------------------------------------------- stop, start, other features */

static void mappings_are_kept(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 2);
		rig_up(&rig);
		assert_ok(&rig, rig_map_at(&rig, 0x5000, PAGE, RIG_GUEST, VHC_PERM_READ));
		/* over stop and start vhost keeps them, too */
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, rig_map_at(&rig, 0x7000, PAGE, RIG_GUEST, VHC_PERM_READ));
		fake_forget_calls(rig.fake);
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(fake_count(rig.fake, "VHOST_IOTLB"), 0);
		assert_int_equal(fake_count(rig.fake, "VHOST_"), rig.rings);
		/* with other features it forgets them, and is told again */
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		vhc_features_remove(&rig.acked, VHC_F_EVENT_IDX);
		assert_ok(&rig, rig_features(&rig));
		fake_forget_calls(rig.fake);
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(fake_count(rig.fake, "VHOST_SET_FEATURES"), 2);
		assert_int_equal(fake_count(rig.fake, "VHOST_IOTLB_UPDATE"), 6);
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(vhost_of(&rig, i)->mappings, 3);
			assert_int_equal(fake_translate(vhost_of(&rig, i), 0x7010, 1),
					 (uintptr_t)rig.ram + 0x10);
		}
		rig_free(&rig);
	}
}

/* What a ring waits for goes with the other ring's backend, so it is made to ask again. */
static void a_ring_that_waits_while_the_other_stops(void **state)
{
	for (int iommu = 0; iommu < 2; iommu++) {
		struct rig rig;

		rig_new(&rig, "6.12", 2);
		rig.iommu = iommu;
		rig_up(&rig);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		for (uint32_t i = 0; i < rig.rings; i++)
			assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, i), 'k'),
					 iommu && i % 2);
		rig_free(&rig);
	}
}

static void features_that_are_undone(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "6.12", 1);
	rig_up(&rig);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	vhc_features_remove(&rig.acked, VHC_F_EVENT_IDX);
	assert_ok(&rig, rig_features(&rig));
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 2, EIO);
	assert_int_equal(rig_start(&rig), -EIO);
	/* the features before, and again all mappings */
	assert_true(rig_kernel_ring(&rig, 0)->features[0] >> VHC_F_EVENT_IDX & 1);
	assert_int_equal(vhost_of(&rig, 0)->mappings, 1);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(vhost_of(&rig, 0)->mappings, 1);
	rig_free(&rig);
}

static void a_reset_forgets_them(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 1);
		rig_up(&rig);
		assert_ok(&rig, rig_map_at(&rig, 0x5000, PAGE, RIG_GUEST, RIG_RW));
		assert_ok(&rig, vhc_dev_reset(rig.dev));
		assert_int_equal(rig_map(&rig), -EOPNOTSUPP);
		assert_ok(&rig, rig_features(&rig));
		assert_ok(&rig, rig_rings(&rig));
		assert_int_equal(rig_start(&rig), -EAGAIN);
		assert_says(&rig, "used ring", "not mapped");
		/* vhost has what was before, and is told with the features */
		fake_forget_calls(rig.fake);
		assert_ok(&rig, rig_map(&rig));
		assert_int_equal(fake_calls(rig.fake), 0);
		assert_ok(&rig, rig_start(&rig));
		/* what the driver before had is not there any more */
		assert_int_equal(vhost_of(&rig, 0)->mappings, 1);
		assert_int_equal(fake_translate(vhost_of(&rig, 0), 0x5000, 3), 0);
		rig_free(&rig);
	}
}

/* Off and on again without a start between: the mappings of before are gone all the same. */
static void off_and_on_again(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "7.2", 1);
	rig_up(&rig);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	rig.iommu = false;
	assert_ok(&rig, rig_features(&rig));
	rig.iommu = true;
	assert_ok(&rig, rig_features(&rig));
	assert_int_equal(rig_start(&rig), -EAGAIN);
	assert_ok(&rig, rig_map_at(&rig, RIG_IOVA + 0x2000, PAGE, RIG_GUEST + 0x2000, RIG_RW));
	assert_ok(&rig, rig_map_at(&rig, RIG_IOVA + 0x6000, PAGE, RIG_GUEST + 0x6000, RIG_RW));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(vhost_of(&rig, 0)->mappings, 2);
	rig_free(&rig);
}

/* ------------------------------------------------------------------------ and without an IOMMU */

static void run_without(struct rig *rig)
{
	rig->iommu = false;
	vhc_features_remove(&rig->acked, VHC_F_ACCESS_PLATFORM);
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
}

static void check_plain(struct rig *rig)
{
	assert_true(runs(rig));
	for (uint32_t i = 0; i < rig->rings; i++) {
		const struct fake_ring *ring = rig_kernel_ring(rig, i);

		assert_int_equal(ring->used, (uintptr_t)rig->ram + i * RIG_RING_ROOM + 0x2000);
		assert_false(ring->features[0] >> VHC_F_ACCESS_PLATFORM & 1);
		assert_int_equal(ring->base, 3);
		assert_false(vhost_of(rig, i / 2)->has_iotlb);
	}
}

/* The kernels before 7.2 go on translating for as long as the fd has this owner. */
static void a_driver_without_it_comes_next(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++)
		for (int reset = 0; reset < 2; reset++) {
			struct rig rig;

			rig_iommu(&rig, fake_profile_name(k), 2);
			rig_up(&rig);
			assert_ok(&rig, reset ? vhc_dev_reset(rig.dev) : vhc_dev_stop(rig.dev));
			run_without(&rig);
			for (uint32_t i = 0; i < rig.rings; i++) {
				rig_set_index(&rig, i, 'a', 3);
				assert_ok(&rig, vhc_ring_set_base(rig.dev, i, 3));
			}
			assert_ok(&rig, rig_start(&rig));
			check_plain(&rig);
			/* and back, without another owner */
			assert_ok(&rig, vhc_dev_stop(rig.dev));
			fake_forget_calls(rig.fake);
			rig.iommu = true;
			assert_ok(&rig, rig_features(&rig));
			assert_ok(&rig, rig_map(&rig));
			assert_ok(&rig, rig_rings(&rig));
			assert_ok(&rig, rig_start(&rig));
			assert_true(runs(&rig));
			assert_int_equal(fake_count(rig.fake, "VHOST_SET_OWNER"), 0);
			rig_free(&rig);
		}
}

/* Since 7.2 the kernel forgets where a ring is, even where the numbers would be the same. */
static void addresses_that_stay_the_same(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_new(&rig, fake_profile_name(k), 1);
		rig_up(&rig);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		rig.iommu = true;
		assert_ok(&rig, rig_features(&rig));
		assert_ok(&rig,
			  rig_map_at(&rig, (uintptr_t)rig.ram, rig.ram_size, RIG_GUEST, RIG_RW));
		for (uint32_t i = 0; i < rig.rings; i++) {
			struct vhc_ring_addr addr = rig_addr(i);

			addr.desc += (uintptr_t)rig.ram - RIG_GUEST;
			addr.avail += (uintptr_t)rig.ram - RIG_GUEST;
			addr.used += (uintptr_t)rig.ram - RIG_GUEST;
			assert_ok(&rig, vhc_ring_set_addr(rig.dev, i, &addr));
		}
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(rig_kernel_ring(&rig, 1)->desc,
				 (uintptr_t)rig.ram + RIG_RING_ROOM);
		rig_free(&rig);
	}
}

/* Another owner may have come in between, and with it another worker. */
static void check_worker(struct rig *rig, uint64_t cpus)
{
	const struct fake_worker *worker = &vhost_of(rig, 0)->worker;
	int32_t tid;

	assert_true(vhost_of(rig, 0)->owned);
	assert_ok(rig, vhc_dev_get_worker(rig->dev, 0, &tid));
	assert_int_equal(tid, worker->tid);
	assert_int_equal(worker->cpus, cpus);
}

static void the_turn_fails_at_each_step(void **state)
{
	const uint64_t second = 2;

	for (uint32_t n = 1;; n++) {
		bool done;
		struct rig rig;
		int r;

		rig_iommu(&rig, fake_profile_name(n % 3), 1);
		rig.dev_flags = VHC_DEV_WORKERS;
		rig_up(&rig);
		assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 0, &second, 1));
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		run_without(&rig);
		for (uint32_t i = 0; i < rig.rings; i++) {
			rig_set_index(&rig, i, 'a', 3);
			assert_ok(&rig, vhc_ring_set_base(rig.dev, i, 3));
		}
		fake_fail(rig.fake, "VHOST_", n, EIO);
		r = rig_start(&rig);
		done = !fake_failed(rig.fake);
		assert_int_equal(r, done ? 0 : -EIO);
		check_worker(&rig, second);
		if (!done)
			assert_ok(&rig, rig_start(&rig));
		check_worker(&rig, second);
		check_plain(&rig);
		rig_free(&rig);
		if (done) {
			assert_true(n > 10);
			break;
		}
	}
}

/* A first start with it that is undone leaves nothing of it, whatever the kernel remembers. */
static void a_start_that_is_undone(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 1);
		rig.dev_flags = VHC_DEV_OWN;
		rig_prepare(&rig);
		fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EIO);
		assert_int_equal(rig_start(&rig), -EIO);
		run_without(&rig);
		for (uint32_t i = 0; i < rig.rings; i++) {
			rig_set_index(&rig, i, 'a', 3);
			assert_ok(&rig, vhc_ring_set_base(rig.dev, i, 3));
		}
		assert_ok(&rig, rig_start(&rig));
		check_plain(&rig);
		rig_free(&rig);
	}
}

/* ----------------------------------------------------------------------------------- other memory */

/* A second piece of memory, and what is mapped of both. */
static void two_pieces(struct rig *rig, void *more)
{
	rig_iommu(rig, "6.12", 2);
	rig_up(rig);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig,
		  vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = 0x100000000,
						.size = 8 * PAGE, .user_addr = (uintptr_t)more)));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_ok(rig, rig_map_at(rig, 0x20000, 8 * PAGE, 0x100000000, RIG_RW));
	assert_ok(rig, rig_start(rig));
}

static void mappings_of_memory_that_goes_or_moves(void **state)
{
	char *more =
		mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(more, MAP_FAILED);
	for (int moves = 0; moves < 2; moves++) {
		struct rig rig;

		two_pieces(&rig, more);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, vhc_mem_del(rig.mem, 0x100000000, 8 * PAGE));
		/* its first half stays, the second moves or goes */
		assert_ok(&rig, vhc_mem_add(rig.mem, VHC_ARG(vhc_region, .guest_addr = 0x100000000,
							     .size = 4 * PAGE,
							     .user_addr = (uintptr_t)more)));
		if (moves)
			assert_ok(&rig,
				  vhc_mem_add(rig.mem,
					      VHC_ARG(vhc_region, .guest_addr = 0x100004000,
						      .size = 4 * PAGE,
						      .user_addr = (uintptr_t)more + 8 * PAGE)));
		assert_ok(&rig, vhc_mem_commit(rig.mem));
		for (uint32_t i = 0; i < 2; i++) {
			struct fake_vhost *vhost = vhost_of(&rig, i);

			assert_int_equal(fake_translate(vhost, 0x20010, 3), (uintptr_t)more + 0x10);
			assert_int_equal(fake_translate(vhost, 0x23fff, 3),
					 (uintptr_t)more + 0x3fff);
			assert_int_equal(fake_translate(vhost, 0x24000, 1), 0);
			assert_int_equal(vhost->mappings, 2);
		}
		/* the rings' mapping holds */
		assert_ok(&rig, rig_start(&rig));
		assert_true(runs(&rig));
		rig_free(&rig);
	}
	munmap(more, 16 * PAGE);
}

static void memory_that_changes_and_fails(void **state)
{
	char *more =
		mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(more, MAP_FAILED);
	for (uint32_t n = 1; n <= 2; n++) {
		struct rig rig;

		two_pieces(&rig, more);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, vhc_mem_del(rig.mem, 0x100000000, 8 * PAGE));
		fake_fail(rig.fake, "VHOST_IOTLB_", n, EFAULT);
		assert_int_equal(vhc_mem_commit(rig.mem), -EFAULT);
		assert_says(&rig, "net0", "VHOST_IOTLB_INVALIDATE");
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(fake_translate(vhost_of(&rig, i), 0x20010, 3),
					 (uintptr_t)more + 0x10);
		assert_ok(&rig, vhc_mem_del(rig.mem, 0x100000000, 8 * PAGE));
		assert_ok(&rig, vhc_mem_commit(rig.mem));
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(fake_translate(vhost_of(&rig, i), 0x20010, 3), 0);
		rig_free(&rig);
	}
	munmap(more, 8 * PAGE);
}

static void another_memory_object(void **state)
{
	struct vhc_mem *other;
	struct rig rig;

	rig_iommu(&rig, "7.2", 1);
	rig_up(&rig);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_mem_new(rig.ctx, &other));
	fake_fail(rig.fake, "VHOST_IOTLB_", 1, EFAULT);
	assert_int_equal(vhc_dev_set_mem(rig.dev, other), -EFAULT);
	assert_int_equal(vhost_of(&rig, 0)->mappings, 1);
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, other));
	assert_int_equal(vhost_of(&rig, 0)->mappings, 0);
	vhc_mem_free(other);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_vhost_is_told_and_when),
		cmocka_unit_test(an_old_kernel_speaks_version_1),
		cmocka_unit_test(info_says_that_it_can),
		cmocka_unit_test(rings_that_are_mapped_in_part),
		cmocka_unit_test(the_window_is_looked_at_where_it_is_mapped),
		cmocka_unit_test(places_that_cannot_be),
		cmocka_unit_test(mappings_are_kept),
		cmocka_unit_test(a_ring_that_waits_while_the_other_stops),
		cmocka_unit_test(features_that_are_undone),
		cmocka_unit_test(a_reset_forgets_them),
		cmocka_unit_test(off_and_on_again),
		cmocka_unit_test(a_driver_without_it_comes_next),
		cmocka_unit_test(addresses_that_stay_the_same),
		cmocka_unit_test(the_turn_fails_at_each_step),
		cmocka_unit_test(a_start_that_is_undone),
		cmocka_unit_test(mappings_of_memory_that_goes_or_moves),
		cmocka_unit_test(memory_that_changes_and_fails),
		cmocka_unit_test(another_memory_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
