/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oom - the n-th allocation of a device's life fails: -ENOMEM, nothing lost, and the same call works
 * when it is made again.  The linker puts these functions in the place of the library's (--wrap).
 */
#include "dev.h"
#include "text.h"
#include "life.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

/* Which allocation from now on fails, counted from 1; 0: none.  Only this thread allocates. */
static uint32_t countdown;
static bool came;

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	came = true;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static void arm(uint32_t n)
{
	countdown = n;
	came = false;
}

static int caps(struct rig *rig)
{
	static char untouched;
	char *json = &untouched;
	int r = vhc_caps_probe(rig->ctx, &json);

	if (!r)
		free(json);
	else
		assert_ptr_equal(json, &untouched);
	return r;
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
	uint32_t waiting = countdown;

	countdown = 0;
	assert_ok(rig, vhc_caps_probe(rig->ctx, &json));
	countdown = waiting;
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
	uint32_t waiting = countdown;
	char *json = NULL;

	countdown = 0;
	assert_ok(rig, make(rig, &json));
	countdown = waiting;
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
	int r = vhc_state_check(rig->ctx, state);

	if (!r)
		r = vhc_caps_check(rig->ctx, host, state);
	free(state);
	free(host);
	return r;
}

static int check_features(struct rig *rig)
{
	struct vhc_features bad = { { 1ull << VHC_F_GUEST_TSO4 } };
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

/* Failing closes come back as serial ones, and end all the same. */
static int close_all(struct rig *rig)
{
	rig_close(rig);
	return 0;
}

static const struct act others[] = {
	{ "caps", caps, true },
	{ "plan", plan, true },
	{ "caps device", caps_device, true },
	{ "check features", check_features, true },
	{ "save", save, true },
	{ "load", load, true },
	{ "check state", check_state, true },
};

static void run_act(struct rig *rig, const struct act *act, uint32_t n)
{
	struct fake_left before = fake_left(rig->fake), after;
	bool waited = !came;
	int r = act->run(rig);

	if (r && !(waited && came))
		fail_msg("%s without failure, n %u: %s", act->name, n, rig_text(rig));
	if (!r)
		return;
	after = fake_left(rig->fake);
	if (r != -ENOMEM)
		fail_msg("%s: allocation %u failed, returned %s: %s", act->name, n, vhc_errname(-r),
			 rig_text(rig));
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, -ENOMEM);
	if (act->keeps && !left_equal(&before, &after))
		fail_msg("%s: allocation %u failed, and something is left", act->name, n);
	r = act->run(rig);
	if (r)
		fail_msg("%s again: allocation %u failed before: %s", act->name, n, rig_text(rig));
}

static bool tell(const struct story *of, uint32_t n)
{
	struct rig rig;
	bool hit;

	rig_new(&rig, "7.2", 3);
	rig.array = true;
	rig.dev_flags = VHC_DEV_WORKERS;
	arm(n);
	for (uint32_t i = 0; i < of->count; i++) {
		/* plan and caps when there is something to plan */
		if (!strcmp(of->acts[i].name, "start"))
			for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++)
				run_act(&rig, &others[j], n);
		run_act(&rig, &of->acts[i], n);
	}
	run_act(&rig, &(struct act){ "close", close_all, false }, n);
	hit = came;
	arm(0);
	rig_free(&rig);
	return hit;
}

static void every_allocation_fails_once(void **state)
{
	uint32_t n = 1;

	while (tell(&story, n))
		n++;
	print_message("each of %u allocations failed\n", n - 1);
	assert_true(n > 100);
}

static void every_allocation_fails_once_behind_an_iommu(void **state)
{
	uint32_t n = 1;

	while (tell(&iommu_story, n))
		n++;
	print_message("each of %u allocations failed\n", n - 1);
	assert_true(n > 100);
}

/* The objects that need nothing else. */
static void a_context_and_a_table(void **state)
{
	struct vhc_ctx *ctx = NULL;
	struct vhc_mem *mem = NULL;

	arm(1);
	assert_int_equal(vhc_ctx_new(&ctx), -ENOMEM);
	assert_null(ctx);
	assert_int_equal(vhc_ctx_new(&ctx), 0);
	arm(1);
	assert_int_equal(vhc_mem_new(ctx, &mem), -ENOMEM);
	assert_null(mem);
	arm(0);
	vhc_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_fails_once),
		cmocka_unit_test(every_allocation_fails_once_behind_an_iommu),
		cmocka_unit_test(a_context_and_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
