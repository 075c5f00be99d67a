/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what a launcher finds: it is executed in a sandbox, with its fds, its environment and its
 * rights; and of what is left when it cannot be.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host_test.h"
#include "sandbox.h"

static struct vhc_ctx *ctx;

struct launch_case {
	const char *config;
	char *arguments[8];
	const char *user;
	bool no_new_privs;
	int keep[3];	     /* opened, unless above 500, and kept by the launcher; 0: no more */
	int junk;	     /* so many fds are open that the launcher must not get */
	bool closed;	     /* 0 is closed when it starts */
	uid_t as;	     /* the caller's; 0: root */
	gid_t group;	     /* that the caller has besides; 0: none */
	unsigned int nofile; /* hard and soft limit; 0: as it is */
	unsigned int soft;   /* soft limit alone */
	int signal;	     /* that comes when everything is set up; 0: none */
	bool inherits;	     /* the caller has capabilities that survive a change of user */
};

static void keep_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &header, caps) < 0)
		_exit(95);
	for (int i = 0; i < 2; i++)
		caps[i].inheritable = caps[i].permitted;
	if (syscall(SYS_capset, &header, caps) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) < 0 ||
	    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		_exit(94);
}

static const struct launch_case *ready_case;

static int raise_signal(void *data, struct json_object *report, struct host_error *err)
{
	return raise(ready_case->signal) ? -errno : 0;
}

static void launch(const void *arg)
{
	const struct launch_case *c = arg;
	struct host_options options = { .ctx = ctx,
					.user = c->user,
					.no_new_privs = c->no_new_privs,
					.launcher = (char **)(uintptr_t)c->arguments };
	struct host_setup *setup = read_setup(ctx, c->config);
	struct rlimit limit;
	struct said said = { "" };
	struct host_error err;

	options.say = say;
	options.data = &said;
	options.keep = c->keep;
	for (; options.keep_count < COUNT(c->keep) && c->keep[options.keep_count];
	     options.keep_count++)
		if (c->keep[options.keep_count] < 500)
			dup2(0, c->keep[options.keep_count]);
	ready_case = c;
	options.ready = c->signal ? raise_signal : NULL;
	for (int i = 0; i < c->junk; i++)
		if (dup(0) < 0)
			_exit(98);
	if ((c->as || c->group) && setgroups(c->group ? 1 : 0, &c->group) < 0)
		_exit(93);
	if (c->as && (setresgid(c->as, c->as, c->as) < 0 || setresuid(c->as, c->as, c->as) < 0))
		_exit(97);
	if (c->closed)
		close(0);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (c->nofile)
		limit = (struct rlimit){ c->nofile, c->nofile };
	if (c->soft)
		limit.rlim_cur = c->soft;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(96);
	if (c->inherits)
		keep_capabilities();
	host_setup_run(setup, &options, &err);
	dprintf(2, "%s: %s\n%s%s", err.where, err.text, said.text, err.hint);
	_exit((int)err.status);
}

static void expect_launch(const struct launch_case *c, int status, const char *words)
{
	struct snapshot before;
	char out[8192];
	int got;

	sandbox_look(&before);
	got = sandbox_run(launch, c, out, sizeof(out));
	if (got != status || !strstr(out, words))
		fail_msg("exit status %d, wanted %d; output, wanted \"%s\":\n%s", got, status,
			 words, out);
	sandbox_expect_same(&before);
}

#define SHELL(script)                                                                            \
	{                                                                                        \
		(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)(script), \
			NULL                                                                     \
	}
#define ENV "\"style\":\"env\""
/* The fds of the shell itself; ls has more. */
#define FDS "echo fds; ls -m -w 0 /proc/$$/fd; true"

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
	assert_int_equal(sandbox_run(launch, &c, out, sizeof(out)), 0);
	/* it has carrier once it was used; the next set-up uses it, too */
	assert_int_equal(sandbox_run(launch, &c, out, sizeof(out)), 0);
	expect_launch(&c, 0, "");
	/* another's is in the way */
	sandbox_command("ip link set tp alias ''");
	expect_launch(&c, HOST_FAILED, "set \"existing\": true to use it, or choose another name");
	sandbox_command("ip link del tp");
}

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
		status = sandbox_run(launch, &c, out, sizeof(out));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_passes_listed_fds_only),
		cmocka_unit_test(exec_keeps_fds_of_the_caller),
		cmocka_unit_test(exec_passes_fds_of_the_named_taps),
		cmocka_unit_test(exec_expands_arguments),
		cmocka_unit_test(exec_status_is_the_launchers),
		cmocka_unit_test(exec_keeps_persistent_tap),
		cmocka_unit_test(exec_with_user_drops_privileges),
		cmocka_unit_test(exec_by_unprivileged_caller_uses_existing_tap),
		cmocka_unit_test(exec_with_few_fds_says_so_and_leaves_nothing),
		cmocka_unit_test(exec_restores_soft_fd_limit),
		cmocka_unit_test(exec_is_undone_by_a_signal),
		cmocka_unit_test(exec_with_prefer_falls_back_and_says_so),
		cmocka_unit_test(exec_with_require_needs_vhost),
	};
	const char *why = sandbox_enter();
	int r;

	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	if (vhc_ctx_new(&ctx) < 0)
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	vhc_ctx_free(ctx);
	return r;
}
