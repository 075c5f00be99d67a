/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of taps that a launcher opens by their names: it runs as a child, in a sandbox, and the links are
 * gone when it has ended.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_test.h"
#include "process/child.h"
#include "sandbox.h"

static struct vhc_ctx *ctx;

#define NAMED(id, pairs, more)                                                       \
	"{\"id\":\"" id "\",\"type\":\"net\",\"vhost\":\"off\",\"attach\":\"name\"," \
	"\"queue_pairs\":" pairs ",\"tap\":{" more "}}"
#define ENV "\"style\":\"env\""

struct name_case {
	const char *config, *user;
	char *arguments[6];
	bool ignored; /* SIGCHLD, when vhostctl starts */
};

static void launch(const void *arg)
{
	const struct name_case *c = arg;
	struct said said = { "" };
	struct host_options options = { .ctx = ctx,
					.user = c->user,
					.say = say,
					.data = &said,
					.launcher = (char **)(uintptr_t)c->arguments };
	struct host_setup *setup = read_setup(ctx, c->config);
	struct host_error err;

	if (c->ignored)
		signal(SIGCHLD, SIG_IGN);
	if (host_setup_run(setup, &options, &err) < 0 || *said.text)
		dprintf(2, "%s: %s\n%s", err.where, err.text, said.text);
	_exit((int)err.status);
}

static void expect_launch(const struct name_case *c, int status, const char *words)
{
	sandbox_expect(launch, c, status, words);
}

#define SHELL(script)                                                                            \
	{                                                                                        \
		(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)(script), \
			NULL                                                                     \
	}

/* As its user, and nobody else has a queue: ip opens one, and removes the link with it. */
static void launcher_opens_the_tap_by_its_name(void **state)
{
	static const struct {
		const char *config, *script;
	} cases[] = {
		{ CONFIG(NAMED("a", "1", "\"name\":\"tn\""), ENV),
		  "ip tuntap del dev tn mode tap && echo user $(id -u) opened it; exit 7" },
		{ CONFIG(NAMED("a", "4",
			       "\"name\":\"tn\",\"mac\":\"52:54:00:00:00:01\",\"bridge\":\"br0\""),
			 ENV),
		  "ip -d link show tn | grep -q 'vnet_hdr on multi_queue numqueues 0' && "
		  "ip tuntap del dev tn mode tap multi_queue && "
		  "echo user $(id -u) opened it; exit 7" },
	};

	sandbox_skip_if_emulated(LACKS_LINK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct name_case c = { .config = cases[i].config,
				       .user = "nobody",
				       .arguments = SHELL(cases[i].script) };

		expect_launch(&c, 7, "user 65534 opened it\n");
	}
}

/* The kernel chooses the name; the launcher has no fd but its own. */
static void launcher_is_told_the_name(void **state)
{
	static const char script[] =
		"ls -m -w 0 /proc/$$/fd; ip link show \"$1\" >/dev/null && echo \"$1 there\"; "
		"echo \"[$VHOSTCTL_FDS] $VHOSTCTL_DEVICES\"";
	const struct name_case c = {
		.config = CONFIG(NAMED("a", "1", "\"mtu\":1400"), ENV),
		.arguments = { (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
			       (char *)(uintptr_t)script, (char *)(uintptr_t) "@a.mtu@",
			       (char *)(uintptr_t) "@a.tap@", NULL }
	};

	sandbox_skip_if_emulated(LACKS_LINK);
	expect_launch(&c, 0, "0, 1, 2\ntap0 there\n[] a.tap=tap0 a.mtu=1400\n");
}

static void exit_status_is_the_launchers(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{ "exit 0", 0 },
		{ "exit 42", 42 },
		{ "kill -TERM $$", 128 + SIGTERM },
		{ "kill -KILL $$", 128 + SIGKILL },
		/* signals are passed on */
		{ "trap 'exit 43' TERM; kill -TERM $PPID; while :; do sleep 0.01; done", 43 },
		{ "trap 'exit 44' USR1; kill -USR1 $PPID; while :; do sleep 0.01; done", 44 },
		{ "kill -INT $PPID; while :; do sleep 0.01; done", 128 + SIGINT },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct name_case c = { .config = CONFIG(NAMED("a", "1", "\"name\":\"tn\""), ENV),
				       .arguments = SHELL(cases[i].script) };

		expect_launch(&c, cases[i].status, "");
		c.ignored = true;
		expect_launch(&c, cases[i].status, "");
	}
}

static void launcher_that_cannot_run_leaves_nothing(void **state)
{
	sandbox_command("printf '#!/no/such\\n' >/run/interpreter; chmod 755 /run/interpreter");
	expect_launch(&(struct name_case){ .config = CONFIG(NAMED("a", "1", ""), ENV),
					   .user = "nobody",
					   .arguments = { (char *)(uintptr_t) "/run/interpreter",
							  NULL } },
		      HOST_NOT_FOUND, "exec: cannot execute /run/interpreter");
	expect_launch(
		&(struct name_case){
			.config = CONFIG(NAMED("a", "1", "\"address\":[\"ff02::1/64\"]"), ENV),
			.arguments = SHELL("true") },
		HOST_FAILED, "add address");
}

/* The parent has the privileges to undo what the child, as another user, could not. */
static void launcher_that_cannot_run_leaves_existing_taps_as_they_were(void **state)
{
	static const char config[] = CONFIG(
		NAMED("a", "1", "") "," NAMED("b", "1", "\"name\":\"tb\",\"persist\":true") "," NAMED(
			"e", "1",
			"\"name\":\"old\",\"existing\":true,\"owner\":\"8\",\"mtu\":1300,"
			"\"mac\":\"52:54:00:00:00:01\",\"address\":[\"10.3.0.1/24\"]"),
		ENV);

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_command("printf '#!/no/such\n' >/run/interpreter; chmod 755 /run/interpreter");
	sandbox_command(
		"ip tuntap add old mode tap user 7 && ip link set old up && ip link set old down");
	expect_launch(&(struct name_case){ .config = config,
					   .user = "nobody",
					   .arguments = { (char *)(uintptr_t) "/run/interpreter",
							  NULL } },
		      HOST_NOT_FOUND, "exec: cannot execute /run/interpreter");
	sandbox_command("ip link del old");
}

/* It has the process of vhostctl if nothing is to be done afterwards. */
static void links_that_stay_need_no_parent(void **state)
{
	static const struct {
		const char *config;
		bool parent;
	} cases[] = {
		{ CONFIG(NAMED("a", "1", ""), ENV), true },
		{ CONFIG(NAMED("a", "1", "\"name\":\"tn\",\"persist\":true"), ENV), false },
		{ CONFIG(NAMED("a", "1", "\"name\":\"tn\",\"existing\":true"), ENV), false },
	};

	sandbox_skip_if_emulated(LACKS_WRITE);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct name_case c = { .config = cases[i].config,
				       .arguments = SHELL("echo $PPID") };
		char out[1000];

		assert_int_equal(sandbox_run(launch, &c, out, sizeof(out)), 0);
		assert_int_equal(atoi(out) != getpid(), cases[i].parent);
	}
	sandbox_command("ip -d link show tn | grep -q 'persist on'");
	sandbox_command("ip link del tn");
}

static void device_with_fds_beside_goes_with_the_launcher(void **state)
{
	sandbox_skip_if_emulated(LACKS_WRITE);
	expect_launch(
		&(struct name_case){
			.config = CONFIG(
				NAMED("a", "1", "\"name\":\"tn\"") "," NET("b", "\"name\":\"tf\""),
				ENV),
			.arguments = SHELL("ls -m -w 0 /proc/$$/fd; echo $VHOSTCTL_FDS") },
		0, "0, 1, 2, 3\nb.tap.0=3\n");
}

/* The parent is all that would remove the link. */
static void launcher_ends_with_its_parent(void **state)
{
	const struct name_case c = { .config = CONFIG(NAMED("a", "1", "\"name\":\"tn\""), ENV),
				     .arguments = SHELL("kill -KILL $PPID; while :; do :; done") };
	const struct name_case again = { .config = c.config, .arguments = SHELL("true") };
	char out[1000];

	sandbox_skip_if_emulated(LACKS_WRITE);
	sandbox_run(launch, &c, out, sizeof(out)); /* returns when nobody has the pipe any longer */
	assert_string_equal(out, "");
	/* what is left belongs to the config, whose next set-up uses and removes it */
	assert_int_equal(sandbox_run(launch, &again, out, sizeof(out)), 0);
	sandbox_command("! ip link show tn 2>/dev/null");
}

/* The parent dies before it lets the child go, which must not run what nobody cleans up after. */
static void child_whose_parent_ends_first_does_not_go_on(void **state)
{
	int ends[2], status;
	struct host_child child;
	char byte;
	pid_t middle;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	middle = fork();
	assert_true(middle >= 0);
	if (middle == 0) {
		if (host_child_start(&child) == 0 && child.pid == 0)
			_exit(write(ends[1], "", 1) == 1);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(middle, &status, 0), middle);
	/* the end: nobody has the pipe any longer, and nobody wrote */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(launcher_opens_the_tap_by_its_name),
		cmocka_unit_test(launcher_is_told_the_name),
		cmocka_unit_test(exit_status_is_the_launchers),
		cmocka_unit_test(launcher_that_cannot_run_leaves_nothing),
		cmocka_unit_test(launcher_that_cannot_run_leaves_existing_taps_as_they_were),
		cmocka_unit_test(links_that_stay_need_no_parent),
		cmocka_unit_test(device_with_fds_beside_goes_with_the_launcher),
		cmocka_unit_test(launcher_ends_with_its_parent),
		cmocka_unit_test(child_whose_parent_ends_first_does_not_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return sandbox_main(&ctx, all_tests);
}
