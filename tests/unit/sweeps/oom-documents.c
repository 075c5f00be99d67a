/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oom-documents - each allocation fails once in the calls that read and write documents and texts:
 * -ENOMEM, nothing lost, and the same call works when it is made again.
 */
#include "dev.h"
#include "oom.h"

static int caps(struct rig *rig)
{
	static char untouched;
	char *json = &untouched;
	int r = vhc_caps_probe(rig->ctx, &json);

	if (r) {
		assert_ptr_equal(json, &untouched);
		return r;
	}
	assert_non_null(strstr(json, "\"kernel\""));
	free(json);
	return 0;
}

/* What is made comes through the last parameter, which a failure leaves alone. */
static int plan(struct rig *rig)
{
	static char untouched;
	char *json = &untouched;
	int r = vhc_dev_plan(rig->dev, &json);

	if (!r)
		free(json);
	else
		assert_ptr_equal(json, &untouched);
	return r;
}

static int caps_device(struct rig *rig)
{
	struct vhc_dev *dev = NULL;
	char *json;
	int r;
	uint32_t n = oom_suspend();

	assert_ok(rig, vhc_caps_probe(rig->ctx, &json));
	oom_resume(n);
	r = vhc_dev_open_caps(rig->ctx, "there", json, VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET),
			      &dev);
	if (r)
		assert_null(dev);
	vhc_dev_close(dev);
	free(json);
	return r;
}

static int save(struct rig *rig)
{
	static char untouched;
	char *json = &untouched;
	int r = vhc_dev_save(rig->dev, &json);

	if (!r)
		free(json);
	else
		assert_ptr_equal(json, &untouched);
	return r;
}

/* Documents that are made while nothing fails. */
static char *document(struct rig *rig, int (*make)(struct rig *rig, char **ret))
{
	uint32_t n = oom_suspend();
	char *json = NULL;

	assert_ok(rig, make(rig, &json));
	oom_resume(n);
	return json;
}

static int make_state(struct rig *rig, char **ret)
{
	return vhc_dev_save(rig->dev, ret);
}

static int make_caps(struct rig *rig, char **ret)
{
	return vhc_caps_probe(rig->ctx, ret);
}

/* The device is as it was: its rings have another size than the document's. */
static int load(struct rig *rig)
{
	char *json = document(rig, make_state);
	int r = vhc_ring_set_size(rig->dev, 1, 32);

	assert_int_equal(r, 0);
	r = vhc_dev_load(rig->dev, json);
	if (r)
		assert_int_equal(rig->dev->want.ring[1].size, 32);
	assert_ok(rig, vhc_ring_set_size(rig->dev, 1, RIG_SIZE));
	free(json);
	return r;
}

static int check_state(struct rig *rig)
{
	char *state = document(rig, make_state), *host = document(rig, make_caps);
	char *report = NULL;
	int r = vhc_state_check(rig->ctx, state);

	if (!r)
		r = vhc_caps_check(rig->ctx, host, state, &report);
	free(report);
	free(state);
	free(host);
	return r;
}

static int baseline(struct rig *rig)
{
	static const char *const names[] = { "here", "there" };
	char *host = document(rig, make_caps), *json = NULL;
	const char *caps[] = { host, host };
	int r = vhc_caps_baseline(rig->ctx, 2, names, caps, &json);

	free(json);
	free(host);
	return r;
}

static int check_features(struct rig *rig)
{
	struct vhc_features bad = { { 1ull << VHI_F_GUEST_TSO4 } };
	char *text = NULL;
	int r = vhc_features_format(rig->ctx, VHC_TYPE_NET, &rig->acked, &text);

	free(text);
	if (r)
		return r;
	assert_int_equal(vhc_features_check(rig->ctx, VHC_TYPE_NET, &bad, NULL), -EOPNOTSUPP);
	/* a message about features is made in memory too */
	assert_int_equal(vhc_dev_set_features(rig->dev, &bad, 0), -EINVAL);
	assert_says(rig, "guest_tso4", "guest_csum");
	return 0;
}

static const struct act documents[] = {
	{ "caps", caps, true },
	{ "plan", plan, true },
	{ "caps device", caps_device, true },
	{ "check features", check_features, true },
	{ "save", save, true },
	{ "load", load, true },
	{ "check state", check_state, true },
	{ "baseline", baseline, true },
};

static void every_allocation_of_documents(const struct life *life, uint32_t at_least)
{
	uint32_t count = 0;
	struct rig rig;

	rig_new(&rig, "7.2", 3);
	rig.array = true;
	rig.dev_flags = VHC_DEV_WORKERS;
	for (uint32_t i = 0; i < life_find(life, "start"); i++)
		assert_ok(&rig, life->acts[i].run(&rig));
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		for (uint32_t n = 1;; n++, count++) {
			oom_arm(n);
			oom_run(&rig, &documents[i], n);
			if (!oom_failed())
				break;
		}
	oom_arm(0);
	/* the load has dropped the mappings */
	for (uint32_t i = life_find(life, rig.iommu ? "map used" : "start"); i < life->count; i++)
		assert_ok(&rig, life->acts[i].run(&rig));
	rig_free(&rig);
	print_message("each of %u allocations failed\n", count);
	assert_true(count >= at_least);
}

static void documents_without_memory_are_enomem(void **state)
{
	every_allocation_of_documents(&device_life, 800);
}

static void documents_behind_an_iommu_without_memory_are_enomem(void **state)
{
	every_allocation_of_documents(&iommu_life, 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_without_memory_are_enomem),
		cmocka_unit_test(documents_behind_an_iommu_without_memory_are_enomem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
