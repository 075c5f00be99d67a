/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * load-memory - a document against the memory that is here: the guest's memory at the guest's
 * addresses, each ring whole in one region of it, and indices that agree with the base.
 */
#include "dev.h"
#include "edit.h"
#include "two-hosts.h"

/* The rig's memory with other regions: guest address, size, and where in the rig's. */
struct part {
	uint64_t guest, size, offset;
};

static void set_memory(struct rig *rig, const struct part *parts, size_t count)
{
	vhc_mem_clear(rig->mem);
	for (size_t i = 0; i < count; i++)
		assert_ok(rig,
			  vhc_mem_add(rig->mem,
				      VHC_ARG(vhc_region, .guest_addr = parts[i].guest,
					      .size = parts[i].size,
					      .user_addr = (uintptr_t)rig->ram + parts[i].offset)));
	assert_ok(rig, vhc_mem_commit(rig->mem));
}

static void load_with_other_memory_is_einval(void **state)
{
	static const struct {
		struct part parts[2];
		size_t count;
		const char *says[2];
	} cases[] = {
		{ { { RIG_GUEST + 0x1000, 0x8000, 0 } },
		  1,
		  { "region 0 is 0x40000000+0x8000 in the document",
		    "0x40001000+0x8000 in this device" } },
		{ { { RIG_GUEST, 0x7000, 0 } },
		  1,
		  { "region 0 is 0x40000000+0x8000 in the document",
		    "0x40000000+0x7000 in this device" } },
		{ { { RIG_GUEST, 0x7000, 0 }, { RIG_GUEST + 0x8000, 0x1000, 0x7000 } },
		  2,
		  { "0x40000000+0x8000 in the document", "0x40000000+0x7000 in this device" } },
		{ { { RIG_GUEST, 0x8000, 0 }, { 0, 0x1000, 0x8000 } },
		  2,
		  { "0x40000000+0x8000 in the document", "0x0+0x1000 in this device" } },
		{ { { RIG_GUEST, 0x8000, 0 }, { 1ull << 32, 0x1000, 0x8000 } },
		  2,
		  { "region 1, 0x100000000+0x1000, is only in this device", "guest's addresses" } },
	};
	char *json = moved_source("6.12", 1, false);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_new(&rig, "6.12", 2);
		rig.pairs = 1;
		assert_ok(&rig, rig_mem(&rig));
		assert_ok(&rig, rig_tap(&rig));
		assert_ok(&rig, rig_dev(&rig));
		assert_ok(&rig, rig_attach(&rig));
		set_memory(&rig, cases[i].parts, cases[i].count);
		assert_int_equal(moved_load_fails(&rig, json), -EINVAL);
		assert_says(&rig, "net0", "/memory", cases[i].says[0], cases[i].says[1]);
		rig_free(&rig);
	}
	free(json);
}

static void load_with_less_memory_is_einval(void **state)
{
	char *json = moved_source("6.12", 1, false), *more;
	struct rig rig;

	moved_destination(&rig, "6.12", 1);
	more = edit_put_sum(json, "/memory/-",
			    "{\"guest_addr\":\"0x100000000\",\"size\":\"0x2000\"}");
	assert_ok(&rig, vhc_state_check(rig.ctx, more));
	assert_int_equal(moved_load_fails(&rig, more), -EINVAL);
	assert_says(&rig, "region 1, 0x100000000+0x2000, is only in the document");
	free(more);
	/* how many regions it is written as does not matter */
	more = edit_put_sum(json, "/memory",
			    "[{\"guest_addr\":\"0x40004000\",\"size\":\"0x4000\"},"
			    "{\"guest_addr\":\"0x40000000\",\"size\":\"0x4000\"}]");
	assert_ok(&rig, vhc_dev_load(rig.dev, more));
	free(more);
	free(json);
	rig_free(&rig);
}

/* The same for the guest, but here no region has the ring whole. */
static void load_of_ring_across_regions_is_einval(void **state)
{
	static const struct part seam[] = { { RIG_GUEST, 0x2000, 0x6000 },
					    { RIG_GUEST + 0x2000, 0x6000, 0 } };
	static const struct part none[] = { { RIG_GUEST, 0x4000, 0x4000 },
					    { RIG_GUEST + 0x4000, 0x4000, 0 } };
	char *json = moved_source("6.12", 1, false), *over;
	struct rig rig;

	moved_destination(&rig, "6.12", 1);
	/* 256 descriptors end at 0x2800 */
	over = edit_put(json, "/rings/0/avail", "\"0x40003000\"");
	free(json);
	json = edit_put(over, "/rings/0/used", "\"0x40003400\"");
	free(over);
	over = edit_put_sum(json, "/rings/0/desc", "\"0x40001800\"");
	assert_ok(&rig, vhc_state_check(rig.ctx, over));
	set_memory(&rig, seam, 2);
	assert_int_equal(moved_load_fails(&rig, over), -EINVAL);
	assert_says(&rig, "net0", "ring 0", "descriptor table", "ends 2048 bytes past its end",
		    "must be in one region");
	/* where the seam is elsewhere it is fine */
	set_memory(&rig, none, 2);
	memset(rig.ram, 0, rig.ram_size);
	free(json);
	json = edit_put(over, "/rings/0/base", "0");
	free(over);
	over = edit_put_sum(json, "/rings/1/base", "0");
	assert_ok(&rig, vhc_dev_load(rig.dev, over));
	free(over);
	free(json);
	rig_free(&rig);
}

/* ------------------------------------------------------------------------------- where it resumes */

/* used, base, available: of ring 1, whose size is 256. */
static void load_checks_indices_against_base(void **state)
{
	static const struct {
		uint16_t used, base, avail;
		bool fine;
	} cases[] = {
		{ 6, 6, 6, true },
		{ 0, 6, 256, true },
		{ 65535, 6, 256, false },
		{ 65535, 6, 255, true },
		{ 65535, 65535, 254, true },
		{ 65530, 65535, 3, true },
		{ 7, 6, 8, false },
		{ 0, 6, 5, false },
		{ 0, 6, 257, false },
		{ 6, 65535, 7, false },
		{ 65530, 65529, 65535, false },
	};
	char *json = moved_source("6.12", 1, false);
	struct rig rig;

	moved_destination(&rig, "6.12", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char base[16], says[3][40], *document;

		snprintf(base, sizeof(base), "%u", cases[i].base);
		document = edit_put_sum(json, "/rings/1/base", base);
		rig_set_index(&rig, 1, 'u', cases[i].used);
		rig_set_index(&rig, 1, 'a', cases[i].avail);
		snprintf(says[0], sizeof(says[0]), "used index %u", cases[i].used);
		snprintf(says[1], sizeof(says[1]), "available index %u", cases[i].avail);
		if (cases[i].fine) {
			assert_ok(&rig, vhc_dev_load(rig.dev, document));
		} else {
			assert_int_equal(moved_load_fails(&rig, document), -EINVAL);
			assert_says(&rig, "net0", "ring 1", says[0], says[1],
				    "all of the guest's memory");
		}
		free(document);
	}
	free(json);
	rig_free(&rig);
}

static void load_with_unreadable_ring_is_einval(void **state)
{
	char *json = moved_source("6.12", 1, false);
	struct rig rig;

	moved_destination(&rig, "6.12", 1);
	for (uint32_t n = 1; n <= 4; n++) {
		fake_fail(rig.fake, "peek", n, EFAULT);
		assert_int_equal(moved_load_fails(&rig, json), -EINVAL);
		assert_says(&rig, "net0", n < 3 ? "ring 0" : "ring 1", "cannot be read", "EFAULT");
	}
	free(json);
	rig_free(&rig);
}

/* A ring that was not given a place yet has no memory to look at. */
static void load_of_ring_without_addresses_skips_its_memory(void **state)
{
	char *json = moved_source("6.12", 1, false), *less, *again;
	struct rig rig;

	moved_destination(&rig, "6.12", 1);
	less = edit_put(json, "/rings/1",
			"{\"index\":1,\"size\":64,\"format\":\"split\",\"base\":\"0x9999\","
			"\"enabled\":true}");
	free(json);
	json = edit_sum(less);
	assert_ok(&rig, vhc_dev_load(rig.dev, json));
	assert_false(rig.dev->want.ring[1].has_addr);
	again = moved_save(&rig);
	free(less);
	less = edit_compact(again);
	assert_string_equal(less, json);
	free(again);
	free(less);
	free(json);
	rig_free(&rig);
}

/* ------------------------------------------------------------------------------------- an IOMMU */

/* Where a ring's addresses lead is not known before the guest's IOMMU is asked. */
/* An old kernel has no such call, and is asked once. */
static void load_behind_iommu_on_old_kernel_is_eopnotsupp(void **state)
{
	char *kept = edit_file(getenv("GOLDEN"), "minor-1/iommu-4.json");
	struct rig *rig = *state;

	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	fake_fail(rig->fake, "VHOST_GET_BACKEND_FEATURES", 1, ENOTTY);
	assert_int_equal(moved_load_fails(rig, kept), -EOPNOTSUPP);
	assert_says(rig, "/backend_features", "IOMMU needs the backend features 0x2", "has 0x0");
	assert_int_equal(fake_count(rig->fake, "peek"), 0);
	free(kept);
}

static void load_behind_iommu_needs_backend_features(void **state)
{
	char *kept = edit_file(getenv("GOLDEN"), "minor-1/iommu-4.json"), *caps, *poor, *json,
	     *again;
	struct rig *rig = *state;

	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	fake_fail(rig->fake, "VHOST_GET_BACKEND_FEATURES", 1, EIO);
	assert_int_equal(moved_load_fails(rig, kept), -EIO);
	assert_says(rig, "VHOST_GET_BACKEND_FEATURES", "EIO");
	assert_ok(rig, vhc_dev_load(rig->dev, kept));
	assert_int_equal(fake_count(rig->fake, "peek"), 0);
	assert_true(rig->dev->want.iommu);
	again = moved_save(rig);
	kept[strlen(kept) - 1] = '\0';
	assert_string_equal(again, kept);
	free(again);
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	/* a host that is a document says it there */
	assert_ok(rig, vhc_caps_probe(rig->ctx, &caps));
	for (size_t i = 0; i < 2; i++) {
		static const char *const none[] = { "\"0x0\"", NULL /* absent */ };

		poor = edit_put(caps, "/nodes/0/backend_features", none[i]);
		assert_ok(rig, vhc_dev_open_caps(rig->ctx, "net0", poor,
						 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET,
							 .queue_pairs = 4),
						 &rig->dev));
		assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
		assert_int_equal(moved_load_fails(rig, kept), -EOPNOTSUPP);
		vhc_dev_close(rig->dev);
		free(poor);
	}
	assert_ok(rig,
		  vhc_dev_open_caps(rig->ctx, "net0", caps,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 4),
				    &rig->dev));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_ok(rig, vhc_dev_load(rig->dev, kept));
	/* and one without is no longer behind it */
	json = moved_source("6.12", 4, false);
	moved_indices(rig);
	assert_ok(rig, vhc_dev_load(rig->dev, json));
	assert_false(rig->dev->want.iommu);
	free(json);
	free(caps);
	free(kept);
}

/* They are of the guest that ran on the device before. */
static void load_behind_iommu_drops_mappings_of_before(void **state)
{
	struct rig *rig = *state;
	char *json = NULL;

	rig->iommu = true;
	rig_up(rig);
	assert_ok(rig, rig_map_at(rig, 0x5000, 0x1000, RIG_GUEST, VHC_PERM_READ));
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig, vhc_dev_save(rig->dev, &json));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dev_load(rig->dev, json));
	assert_int_equal(fake_count(rig->fake, "VHOST_IOTLB"), 0);
	assert_int_equal(rig_start(rig), -EAGAIN);
	assert_says(rig, "used ring", "not mapped");
	assert_ok(rig, rig_map(rig));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_vhost(rig, 0)->mappings, 1);
	assert_int_equal(fake_translate(rig_vhost(rig, 0), 0x5000, VHC_PERM_READ), 0);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_with_other_memory_is_einval),
		cmocka_unit_test(load_with_less_memory_is_einval),
		cmocka_unit_test(load_of_ring_across_regions_is_einval),
		cmocka_unit_test(load_checks_indices_against_base),
		cmocka_unit_test(load_with_unreadable_ring_is_einval),
		cmocka_unit_test(load_of_ring_without_addresses_skips_its_memory),
		RIG_TEST(load_behind_iommu_on_old_kernel_is_eopnotsupp, "7.2", 4),
		RIG_TEST(load_behind_iommu_needs_backend_features, "7.2", 4),
		RIG_TEST(load_behind_iommu_drops_mappings_of_before, "7.2", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
