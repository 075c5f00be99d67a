/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what a launcher finds: its fds, its arguments and its environment; and of what is left when it
 * cannot be executed.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "launched.h"

static void exec_passes_listed_fds_only(void **state)
{
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV),
					     .arguments = SHELL(FDS) },
		      0, "fds\n0, 1, 2, 3\n");
	expect_launch(&(struct launch_case){ .config = CONFIG(PAIRS("a", "4", ""), ENV),
					     .arguments = SHELL(FDS),
					     .junk = 100 },
		      0, "fds\n0, 1, 2, 3, 4, 5, 6\n");
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", "") "," NET("b", ""), ENV),
					     .arguments = SHELL(FDS "; echo $VHOSTCTL_FDS"),
					     .closed = true },
		      0, "fds\n1, 2, 3, 4\na.tap.0=3,b.tap.0=4\n");
}

/* The devices' fds get other numbers. */
static void exec_keeps_fds_of_the_caller(void **state)
{
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV),
					     .arguments = SHELL(FDS "; echo $VHOSTCTL_FDS"),
					     .keep = { 3 } },
		      0, "fds\n0, 1, 2, 3, 4\na.tap.0=4\n");
	expect_launch(&(struct launch_case){ .config = CONFIG(PAIRS("a", "4", ""), ENV),
					     .arguments = SHELL(
						     FDS "; echo $VHOSTCTL_FDS; "
							 "[ /proc/$$/fd/5 -ef /proc/$$/fd/0 ] && "
							 "echo same"),
					     .keep = { 5 } },
		      0,
		      "fds\n0, 1, 2, 5, 6, 7, 8, 9\n"
		      "a.tap.0=6,a.tap.1=7,a.tap.2=8,a.tap.3=9\nsame\n");
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV),
					     .arguments = SHELL(FDS),
					     .junk = 100,
					     .keep = { 90, 4 } },
		      0, "fds\n0, 1, 2, 3, 4, 90\n");
	expect_launch(&(struct launch_case){ .config = CONFIG(NET("a", ""), ENV),
					     .arguments = SHELL("true"),
					     .keep = { 900 } },
		      HOST_USAGE, "fd 900 cannot be kept: it is not open");
	expect_launch(
		&(struct launch_case){ .config = CONFIG(NET("a", ""), "\"style\":\"listen-fds\""),
				       .arguments = SHELL("true"),
				       .keep = { 3 } },
		HOST_USAGE, "fd 3 cannot be kept: with LISTEN_FDS");
}

/* Each fd is a queue of the tap that it is said to be. */
static void exec_passes_fds_of_the_named_taps(void **state)
{
	expect_launch(
		&(struct launch_case){
			.config = CONFIG(
				PAIRS("a", "2", "\"name\":\"ta\"") "," NET("b", "\"name\":\"tb\""),
				ENV),
			.arguments = SHELL("echo $(sed -n 's/iff:.//p' /proc/$$/fdinfo/*)") },
		0, "ta ta tb\n");
}

static void exec_expands_arguments(void **state)
{
	static const struct launch_case c = {
		.config = CONFIG(PAIRS("a", "2", "\"name\":\"ta\""), ""),
		.arguments = { (char *)(uintptr_t) "echo", (char *)(uintptr_t) "-netdev",
			       (char *)(uintptr_t) "@a.netdev@,x", (char *)(uintptr_t) "@a.tap@",
			       (char *)(uintptr_t) "mq=@a.mq@", NULL },
	};

	expect_launch(&c, 0, "-netdev tap,id=a,fds=3:4,vhost=off,x ta mq=on\n");
}

static void exec_status_is_the_launchers(void **state)
{
	static const struct {
		const char *program;
		const char *user;
		int status;
		const char *words;
	} cases[] = {
		{ "true", NULL, 0, "" },
		{ "false", NULL, 1, "" },
		{ "no-such-launcher", NULL, 127, "find launcher: cannot execute" },
		{ "/no/such", NULL, 127, "ENOENT" },
		{ "/etc/passwd", NULL, 126, "EACCES" },
		{ "/etc", NULL, 126, "EISDIR" },
		{ "/run/interpreter", NULL, 127, "interpreter" },
		/* without a privilege to undo anything with */
		{ "/run/interpreter", "nobody", 127, "interpreter" },
		{ "/run/private", NULL, 0, "" },
		{ "/run/private", "nobody", 126, "as nobody" },
		{ "true", "no-such-user", 4, "no user \"no-such-user\"" },
	};

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_command("printf '#!/no/such\\n' >/run/interpreter; chmod 755 /run/interpreter");
	sandbox_command("cp /bin/true /run/private; chmod 700 /run/private");
	for (size_t i = 0; i < COUNT(cases); i++) {
		/* What persists would stay when the launcher runs. */
		struct launch_case c = { .config = cases[i].status <= 1 ? CONFIG(NET("a", ""), ENV)
									: CONFIG(FULL, ENV),
					 .arguments = { (char *)(uintptr_t)cases[i].program, NULL },
					 .user = cases[i].user };

		expect_launch(&c, cases[i].status, cases[i].words);
	}
}

static void exec_keeps_persistent_tap(void **state)
{
	const struct launch_case c = {
		.config = CONFIG(NET("a", "\"name\":\"tp\",\"persist\":true"), ENV),
		.arguments = SHELL("true"),
	};
	char out[1000];

	sandbox_skip_if_emulated(LACKS_WRITE);
	assert_int_equal(run_launch(&c, out, sizeof(out)), 0);
	/* it has carrier once it was used; the next set-up uses it, too */
	assert_int_equal(run_launch(&c, out, sizeof(out)), 0);
	expect_launch(&c, 0, "");
	/* another's is in the way */
	sandbox_command("ip link set tp alias ''");
	expect_launch(&c, HOST_FAILED, "set \"existing\": true to use it, or choose another name");
	sandbox_command("ip link del tp");
}

/* With every type of change made: new and persistent links, and one that was there before. */
static void exec_is_undone_by_a_signal(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	sandbox_skip_if_emulated(LACKS_WRITE);
	/* a link gets its queueing discipline when it is first up, and keeps it */
	sandbox_command(
		"ip tuntap add dev old mode tap vnet_hdr && ip link set old up && ip link set old down");
	for (size_t i = 0; i < COUNT(signals); i++) {
		const struct launch_case c = {
			.config = CONFIG(
				FULL "," NET("d", "\"name\":\"old\",\"existing\":true,\"mtu\":1300,"
						  "\"mac\":\"52:54:00:00:00:09\","
						  "\"address\":[\"10.3.0.1/24\"]"),
				ENV),
			.arguments = SHELL("echo it runs"),
			.signal = signals[i],
		};

		expect_launch(&c, HOST_SIGNAL + signals[i], "ended by signal");
	}
	sandbox_command("ip link del old");
}

static void exec_with_prefer_falls_back_and_says_so(void **state)
{
	const struct launch_case c = {
		.config = CONFIG("{\"id\":\"a\",\"type\":\"net\",\"vhost\":\"prefer\"}", ENV),
		.arguments = SHELL("echo $VHOSTCTL_VHOST $VHOSTCTL_FDS"),
	};
	int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	expect_launch(&c, 0, fd >= 0 ? "on a.tap.0=3,a.vhost.0=4\n" : "off a.tap.0=3\n");
}

static void exec_with_require_needs_vhost(void **state)
{
	const struct launch_case c = {
		.config = CONFIG("{\"id\":\"a\",\"type\":\"net\",\"queue_pairs\":2}", ENV),
		.arguments = SHELL("echo $VHOSTCTL_VHOST $VHOSTCTL_FDS"),
	};
	int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	if (fd >= 0)
		expect_launch(&c, 0, "on a.tap.0=3,a.tap.1=4,a.vhost.0=5,a.vhost.1=6\n");
	else
		expect_launch(&c, HOST_LACKS, "open vhost, device a: ");
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_passes_listed_fds_only),
		cmocka_unit_test(exec_keeps_fds_of_the_caller),
		cmocka_unit_test(exec_passes_fds_of_the_named_taps),
		cmocka_unit_test(exec_expands_arguments),
		cmocka_unit_test(exec_status_is_the_launchers),
		cmocka_unit_test(exec_keeps_persistent_tap),
		cmocka_unit_test(exec_is_undone_by_a_signal),
		cmocka_unit_test(exec_with_prefer_falls_back_and_says_so),
		cmocka_unit_test(exec_with_require_needs_vhost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return launch_in_sandbox(all_tests);
}
