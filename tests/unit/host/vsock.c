/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of claiming CIDs, on a fake kernel. */
#include "ctx.h"
#include "fake.h"
#include "host_test.h"
#include "syscall/sys.h"

#define VSOCK(id, more) "{\"id\":\"" id "\",\"type\":\"vsock\"" more "}"

static struct fake *fake;
static struct vhc_ctx *ctx;

static int setup(void **state)
{
	fake = fake_new("6.12");
	return vhi_ctx_new_sys(&fake_sys, fake, &ctx);
}

static int teardown(void **state)
{
	vhc_ctx_free(ctx);
	assert_true(fake_is_clean(fake));
	fake_free(fake);
	return 0;
}

/* A set-up config, until put_down(). */
struct up {
	struct host_options options;
	struct host_setup *setup;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;
};

static int bring_up(struct up *up, const char *config)
{
	*up = (struct up){ .options = { .ctx = ctx } };
	up->setup = read_setup(ctx, config);
	assert_int_equal(host_plan_make(up->setup, &up->options, &up->plan, &up->err), 0);
	return host_run_apply(&up->plan, HOST_OP_COUNT, &up->run, &up->err);
}

static void put_down(struct up *up)
{
	if (up->run)
		assert_int_equal(host_run_undo(up->run, &up->err), 0);
	host_plan_clear(&up->plan);
	host_setup_free(up->setup);
}

static void auto_takes_the_lowest_free_cid(void **state)
{
	struct up taken, two, again;

	assert_int_equal(bring_up(&taken, CONFIG(VSOCK("a", ",\"cid\":4"), "")), 0);
	assert_int_equal(taken.run->devices[0].cid, 4);
	assert_int_equal(bring_up(&two, CONFIG(VSOCK("a", "") "," VSOCK("b", ""), "")), 0);
	assert_int_equal(two.run->devices[0].cid, 3);
	assert_int_equal(two.run->devices[1].cid, 5);
	put_down(&taken);
	assert_int_equal(bring_up(&again, CONFIG(VSOCK("a", ""), "")), 0);
	assert_int_equal(again.run->devices[0].cid, 4);
	put_down(&again);
	put_down(&two);
}

/* A device that comes later in the config has it. */
static void auto_leaves_cids_of_the_config(void **state)
{
	struct up up;

	assert_int_equal(bring_up(&up, CONFIG(VSOCK("a", "") "," VSOCK("b", ",\"cid\":3") "," VSOCK(
						      "c", "") "," VSOCK("d", ",\"cid\":5"),
					      "")),
			 0);
	assert_int_equal(up.run->devices[0].cid, 4);
	assert_int_equal(up.run->devices[1].cid, 3);
	assert_int_equal(up.run->devices[2].cid, 6);
	assert_int_equal(up.run->devices[3].cid, 5);
	put_down(&up);
}

static void fixed_cid_that_is_taken_fails_and_undoes(void **state)
{
	struct up taken, other;

	assert_int_equal(bring_up(&taken, CONFIG(VSOCK("a", ",\"cid\":42"), "")), 0);
	assert_int_equal(bring_up(&other, CONFIG(VSOCK("a", "") "," VSOCK("b", ",\"cid\":42"), "")),
			 -EADDRINUSE);
	assert_int_equal(other.err.status, HOST_FAILED);
	assert_non_null(strstr(other.err.text, "42"));
	assert_string_equal(other.err.where, "step 2 of 2: open vsock, device b");
	put_down(&other);
	assert_int_equal(bring_up(&other, CONFIG(VSOCK("c", ""), "")), 0);
	assert_int_equal(other.run->devices[0].cid, 3); /* undone above */
	put_down(&other);
	put_down(&taken);
}

static void required_feature_is_checked(void **state)
{
	struct up up;

	assert_int_equal(bring_up(&up, CONFIG(VSOCK("a", ",\"features\":{\"require\":"
							 "[\"version_1\"]}"),
					      "")),
			 0);
	put_down(&up);
	assert_int_equal(bring_up(&up, CONFIG(VSOCK("a", ",\"features\":{\"require\":"
							 "[\"no_implied_stream\"]}"),
					      "\"style\":\"env\"")),
			 -EOPNOTSUPP);
	assert_int_equal(up.err.status, HOST_LACKS);
	put_down(&up);
}

/* The launcher owns the device: an owned one would be of no use to it. */
static void device_has_no_owner(void **state)
{
	struct up up;

	assert_int_equal(bring_up(&up, CONFIG(VSOCK("a", ""), "")), 0);
	assert_false(fake_vhost(fake, 0)->owned);
	assert_int_equal(fake_vhost(fake, 0)->cid, 3);
	put_down(&up);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(auto_takes_the_lowest_free_cid, setup, teardown),
		cmocka_unit_test_setup_teardown(auto_leaves_cids_of_the_config, setup, teardown),
		cmocka_unit_test_setup_teardown(fixed_cid_that_is_taken_fails_and_undoes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(required_feature_is_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(device_has_no_owner, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
