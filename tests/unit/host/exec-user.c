/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of a launcher's rights and limits: its user, its capabilities, and the fds that it may have.
 */
#include <unistd.h>

#include "launched.h"

static void exec_with_user_drops_privileges(void **state)
{
	static const char script[] = "id -u; id -g; id -G; grep -E 'Cap|NoNew' /proc/self/status";
	static const char dropped[] = "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
				      "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n"
				      "CapAmb:\t0000000000000000\nNoNewPrivs:\t0\n";
	char wanted[400];

	snprintf(wanted, sizeof(wanted), "65534\n65534\n65534\n%s", dropped);
	expect_launch(
		&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV ",\"user\":\"nobody\""),
				       .arguments = SHELL(script) },
		0, wanted);
	/* whatever it has */
	expect_launch(
		&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV ",\"user\":\"nobody\""),
				       .arguments = SHELL(script),
				       .inherits = true },
		0, wanted);
	/* the option counts, not the config; by number; with no_new_privs */
	expect_launch(
		&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV ",\"user\":\"daemon\""),
				       .arguments = SHELL(script),
				       .user = "65534" },
		0, wanted);
	memcpy(strrchr(wanted, '0'), "1", 1);
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV),
					     .arguments = SHELL(script),
					     .user = "nobody",
					     .no_new_privs = true },
		      0, wanted);
	/* root stays what it is */
	expect_launch(
		&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV ",\"user\":\"root\""),
				       .arguments = SHELL("id -u; grep CapEff /proc/self/status; "
							  "grep -c 0000000000000000 "
							  "/proc/self/status") },
		0, "0\nCapEff:");
	/* the caller's other groups go, also when its user stays */
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV),
					     .arguments = SHELL("echo groups $(id -G)"),
					     .user = "root",
					     .group = 6 },
		      0, "groups 0\n");
}

static void exec_by_unprivileged_caller_uses_existing_tap(void **state)
{
	sandbox_skip_if_emulated(LACKS_WRITE);
	sandbox_command(
		"ip tuntap add at1 mode tap vnet_hdr user nobody && "
		"ip link set at1 address fe:54:00:00:00:07 up && "
		"ip address add 10.9.0.1/24 dev at1 && ip address add fd00:9::1/64 dev at1");
	sandbox_command("ip tuntap add at2 mode tap vnet_hdr user daemon && ip link set at2 up");
	expect_launch(
		&(struct launch_case){
			/* what is so already takes no privilege */
			.config = CONFIG(NET("a", "\"name\":\"at1\",\"existing\":true,\"mtu\":1500,"
						  "\"mac\":\"52:54:00:00:00:07\","
						  "\"address\":[\"10.9.0.1/24\",\"fd00:9::1/64\"],"
						  "\"owner\":\"nobody\",\"txqueuelen\":1000"),
					 ENV),
			.arguments = SHELL("id -u; " FDS),
			.as = 65534 },
		0, "65534\nfds\n0, 1, 2, 3\n");
	expect_launch(
		&(struct launch_case){
			.config = CONFIG(NET("a", "\"name\":\"at2\",\"existing\":true"), ENV),
			.arguments = SHELL("true"),
			.as = 65534 },
		HOST_LACKS, "belongs to user 1, and user 65534");
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV),
					     .arguments = SHELL("true"),
					     .as = 65534 },
		      HOST_LACKS, "CAP_NET_ADMIN");
	expect_launch(
		&(struct launch_case){
			.config = CONFIG(NET("a", "\"name\":\"at1\",\"existing\":true"), ENV),
			.arguments = SHELL("true"),
			.user = "daemon",
			.as = 65534 },
		HOST_LACKS, "cannot set the group of daemon");
	expect_launch(
		&(struct launch_case){
			.config = CONFIG(NET("a", "\"name\":\"at1\",\"existing\":true"), ENV),
			.arguments = SHELL("id -u"),
			.user = "nobody",
			.as = 65534 },
		0, "65534\n");
	expect_launch(
		&(struct launch_case){
			.config = CONFIG(NET("a", "\"name\":\"at1\",\"existing\":true"), ENV),
			.arguments = SHELL("true"),
			.user = "nobody",
			.as = 65534,
			.group = 6 },
		HOST_LACKS, "cannot set the groups of nobody");
	sandbox_command("ip link del at1 && ip link del at2");
}

/* Too few fds at any point: an error that says so, nothing left; and the launcher's limit is ours. */
static void exec_with_few_fds_says_so_and_leaves_nothing(void **state)
{
	bool failed = false, succeeded = false;

	for (unsigned int limit = 3; limit <= 40; limit++) {
		const struct launch_case c = {
			.config =
				CONFIG(PAIRS("a", "4", "") "," NET("b", "\"netns\":\"blue\""), ENV),
			.arguments = SHELL("ulimit -n"),
			.nofile = limit,
		};
		struct snapshot before;
		char out[4096], number[20];
		int status;

		sandbox_look(&before);
		status = run_launch(&c, out, sizeof(out));
		sandbox_expect_same(&before);
		snprintf(number, sizeof(number), "%u\n", limit);
		if (status == 0 && strcmp(out, number) != 0)
			fail_msg("limit %u: %s", limit, out);
		if (status != 0 && status != HOST_FAILED && status != HOST_LACKS &&
		    status != HOST_CANNOT_RUN && status != 2 && status != 127)
			fail_msg("limit %u: status %d: %s", limit, status, out);
		if (status != 0 && !strstr(out, "EMFILE") && !strstr(out, "RLIMIT_NOFILE"))
			fail_msg("limit %u: does not say of what too few: %s", limit, out);
		failed = failed || status != 0;
		succeeded = succeeded || status == 0;
	}
	assert_true(failed && succeeded);
	/* 1000 fds in the launcher */
	expect_launch(
		&(struct launch_case){
			.config = CONFIG(PAIRS("a", "250", "") "," PAIRS("b", "250", "") "," PAIRS(
						 "c", "250", "") "," PAIRS("d", "250", ""),
					 ENV),
			.arguments = SHELL("true"),
			.nofile = 512 },
		HOST_FAILED, "ulimit -n 3035");
}

/* 100 queues do not fit twice below 128: ours is raised, the launcher's is as it was. */
static void exec_restores_soft_fd_limit(void **state)
{
	expect_launch(&(struct launch_case){ .config = CONFIG(PAIRS("a", "100", ""), ENV),
					     .arguments = SHELL(
						     "ulimit -Sn; ls /proc/$$/fd | wc -l; true"),
					     .soft = 128 },
		      0, "128\n");
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_with_user_drops_privileges),
		cmocka_unit_test(exec_by_unprivileged_caller_uses_existing_tap),
		cmocka_unit_test(exec_with_few_fds_says_so_and_leaves_nothing),
		cmocka_unit_test(exec_restores_soft_fd_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return launch_in_sandbox(all_tests);
}
