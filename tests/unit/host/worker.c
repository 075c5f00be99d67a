/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the worker mode on kernels with and without a choice, on a fake kernel. */
#include "ctx.h"
#include "fake.h"
#include "host_test.h"
#include "syscall/sys.h"

/* Opens the vhost device alone.  @ret_vhost: is there one? */
static int open_vhost(const char *kernel, const char *vhost, const char *mode, bool *ret_vhost,
		      struct said *said)
{
	struct fake *fake = fake_new(kernel);
	struct host_options options = { .say = say, .data = said };
	struct host_setup *setup;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;
	char config[300];
	int r;

	assert_int_equal(vhi_ctx_new_sys(&fake_sys, fake, &options.ctx), 0);
	snprintf(config, sizeof(config),
		 CONFIG("{\"id\":\"a\",\"type\":\"net\",\"vhost\":\"%s\","
			"\"worker\":{\"mode\":\"%s\"}}",
			""),
		 vhost, mode);
	setup = read_setup(options.ctx, config);
	said->text[0] = '\0';
	assert_int_equal(host_plan_make(setup, &options, &plan, &err), 0);
	r = host_run_apply(&plan, HOST_OP_OPEN_TAP, &run, &err);
	*ret_vhost = r == 0 && run->devices[0].vhost;
	if (r == 0)
		assert_int_equal(host_run_undo(run, &err), 0);
	host_plan_clear(&plan);
	host_setup_free(setup);
	vhc_ctx_free(options.ctx);
	assert_true(fake_is_clean(fake));
	fake_free(fake);
	return r;
}

static void preferred_vhost_is_kept_where_the_kernel_has_no_worker_modes(void **state)
{
	static const char *const modes[] = { "task", "kthread" };
	struct said said;
	bool vhost;

	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(open_vhost("6.1", "prefer", modes[i], &vhost, &said), 0);
		assert_true(vhost);
		assert_non_null(strstr(said.text, "a: worker.mode is left to the kernel: "));
		assert_null(strstr(said.text, "without vhost"));
		assert_int_equal(open_vhost("7.2", "prefer", modes[i], &vhost, &said), 0);
		assert_true(vhost);
		assert_string_equal(said.text, "");
	}
}

static void required_vhost_has_the_worker_mode_that_is_given(void **state)
{
	struct said said;
	bool vhost;

	assert_int_equal(open_vhost("6.1", "require", "kthread", &vhost, &said), -ENOTTY);
	assert_int_equal(open_vhost("7.2", "require", "kthread", &vhost, &said), 0);
	assert_int_equal(open_vhost("6.1", "require", "default", &vhost, &said), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preferred_vhost_is_kept_where_the_kernel_has_no_worker_modes),
		cmocka_unit_test(required_vhost_has_the_worker_mode_that_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
