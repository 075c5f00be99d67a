/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oom-life - the n-th allocation of a device's life fails: -ENOMEM, nothing lost, and the same call
 * works when it is made again.
 */
#include "oom.h"

/* Without memory for closing in parallel, one fd after another is closed. */
static int close_all(struct rig *rig)
{
	rig_close(rig);
	return 0;
}

/* A life in which the n-th allocation fails; returns whether there is one. */
static bool live(const struct life *life, uint32_t n)
{
	struct rig rig;
	bool hit;

	rig_new(&rig, "7.2", 3);
	rig.array = true;
	rig.dev_flags = VHC_DEV_WORKERS;
	oom_arm(n);
	for (uint32_t i = 0; i < life->count; i++)
		oom_run(&rig, &life->acts[i], n);
	oom_run(&rig, &(struct act){ "close", close_all, false }, n);
	hit = oom_failed();
	oom_arm(0);
	rig_free(&rig);
	return hit;
}

static void every_allocation(const struct life *life, uint32_t at_least)
{
	uint32_t n = 1;

	while (live(life, n))
		n++;
	print_message("each of %u allocations failed\n", n - 1);
	assert_true(n - 1 >= at_least);
}

static void life_without_memory_is_enomem(void **state)
{
	every_allocation(&device_life, 300);
}

static void life_behind_an_iommu_without_memory_is_enomem(void **state)
{
	every_allocation(&iommu_life, 300);
}

/* The objects that need nothing else. */
static void ctx_and_mem_without_memory_are_enomem(void **state)
{
	struct vhc_ctx *ctx = NULL;
	struct vhc_mem *mem = NULL;

	oom_arm(1);
	assert_int_equal(vhc_ctx_new(&ctx), -ENOMEM);
	assert_null(ctx);
	assert_int_equal(vhc_ctx_new(&ctx), 0);
	oom_arm(1);
	assert_int_equal(vhc_mem_new(ctx, &mem), -ENOMEM);
	assert_null(mem);
	oom_arm(0);
	vhc_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_without_memory_is_enomem),
		cmocka_unit_test(life_behind_an_iommu_without_memory_is_enomem),
		cmocka_unit_test(ctx_and_mem_without_memory_are_enomem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
