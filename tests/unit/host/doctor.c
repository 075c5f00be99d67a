/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of doctor: each reason why a node does not open has words and a remedy of its own. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "document.h"
#include "host_test.h"
#include "sandbox.h"

/* One node as it is made for a case, and what doctor has to say of it. */
struct node_case {
	const char *path;
	int major, minor; /* 0: there is no such node */
	mode_t mode;
	gid_t group;
	const char *user;
	const char *result, *text, *fix;
};

/* /dev is empty but for these two, so that only the case's node can be found; no driver has a number. */
static void make_dev(void)
{
	int fd;

	assert_int_equal(mount("none", "/dev", "tmpfs", 0, "mode=755"), 0);
	assert_int_equal(mkdir("/dev/net", 0755), 0);
	assert_int_equal(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)), 0);
	assert_int_equal(chmod("/dev/null", 0666), 0);
	fd = open("/dev/misc", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mount("/dev/misc", "/proc/misc", NULL, MS_BIND, NULL), 0);
	/* nothing says what this kernel was built with */
	if (access("/proc/config.gz", F_OK) == 0)
		assert_int_equal(mount("/dev/misc", "/proc/config.gz", NULL, MS_BIND, NULL), 0);
	if (access("/boot", F_OK) == 0)
		assert_int_equal(mount("none", "/boot", "tmpfs", 0, "mode=755"), 0);
}

/* What helps on another host does not help here: doctor says nothing, or the other way. */
static const char *remedy_here(const struct node_case *c, char *buf, size_t size)
{
	struct utsname kernel;

	uname(&kernel);
	snprintf(buf, size, "/lib/modules/%s", kernel.release);
	if (!strncmp(c->fix, "modprobe", 8) && access(buf, F_OK) < 0)
		return "";
	if (strncmp(c->fix, "setfacl", 7) != 0 || access("/usr/bin/setfacl", X_OK) == 0)
		return c->fix;
	snprintf(buf, size, "chown %s %s", c->user, c->path);
	return buf;
}

/* The finding about @path. */
static void find(const char *user, const char *path, struct host_finding *ret, bool *ret_ok)
{
	static struct host_doctor_report report;
	struct json_object *tree;
	struct host_error err;
	struct doc_error doc;
	const char *text;

	doc_clear(&host_doctor_table,
		  &report); /* of the last call: what is returned points into it */
	if (host_doctor(user, NULL, 0, &tree, ret_ok, &err) < 0)
		fail_msg("%s", err.text);
	text = json_object_to_json_string(tree);
	/* Its own table reads it. */
	if (doc_read(&host_doctor_table, text, strlen(text), &report, &doc) < 0)
		fail_msg("%s: %s", doc.pointer, doc.text);
	json_object_put(tree);
	assert_int_equal(report.ok, *ret_ok);
	for (size_t i = 0; i < report.checks.count; i++) {
		*ret = ((struct host_finding *)report.checks.items)[i];
		if (strcmp(ret->check, path) == 0)
			return;
	}
	fail_msg("nothing about %s", path);
}

static void expect(const struct node_case *c)
{
	struct host_finding finding;
	char buf[160];
	const char *fix = remedy_here(c, buf, sizeof(buf));
	bool ok;

	if (c->major) {
		assert_int_equal(mknod(c->path, S_IFCHR | c->mode,
				       makedev((unsigned int)c->major, (unsigned int)c->minor)),
				 0);
		assert_int_equal(chmod(c->path, c->mode), 0);
		assert_int_equal(chown(c->path, 0, c->group), 0);
	}
	find(c->user, c->path, &finding, &ok);
	if (c->major)
		unlink(c->path);
	if (strcmp(finding.result, c->result) || !strstr(finding.text, c->text) ||
	    strcmp(finding.fix, fix))
		fail_msg("%s: %s: %s [%s]\nwanted %s: %s [%s]", c->path, finding.result,
			 finding.text, finding.fix, c->result, c->text, fix);
	assert_false(ok); /* there is never all of it */
}

static void doctor_of_each_failure_says_reason_and_remedy(void **state)
{
	static const struct node_case cases[] = {
		{ "/dev/vhost-net", 0, 0, 0, 0, NULL, "missing", "there is no such node",
		  "modprobe vhost_net" },
		{ "/dev/vhost-vsock", 0, 0, 0, 0, NULL, "missing", "there is no such node",
		  "modprobe vhost_vsock" },
		{ "/dev/net/tun", 0, 0, 0, 0, NULL, "missing", "there is no such node",
		  "modprobe tun" },
		{ "/dev/net/tun", 10, 200, 0666, 0, "nobody", "ok", "it opens", "" },
		{ "/dev/net/tun", 10, 200, 0600, 0, "nobody", "missing",
		  "user nobody cannot open it: it belongs to root:root and has mode 0600",
		  "setfacl -m u:nobody:rw /dev/net/tun" },
		{ "/dev/net/tun", 10, 200, 0660, 1, "nobody", "missing",
		  "it belongs to root:daemon and has mode 0660", "usermod -aG daemon nobody" },
		/* group root is no way to give one device to a user */
		{ "/dev/net/tun", 10, 200, 0660, 0, "nobody", "missing",
		  "root:root and has mode 0660", "setfacl -m u:nobody:rw /dev/net/tun" },
		{ "/dev/vhost-scsi", 240, 77, 0666, 0, NULL, "missing", "has no driver",
		  "modprobe vhost_scsi" },
		{ "/dev/vhost-net", 10, 254, 0666, 0, NULL, "missing", "has no driver",
		  "modprobe vhost_net" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(&cases[i]);
}

/* What doctor says of a node of a kernel whose configuration is in that file; @option: NULL: not that it lacks one. */
static void expect_built_of(const char *file, bool compressed, const char *path, const char *option)
{
	static const sighandler_t children[] = { SIG_DFL, SIG_IGN };
	struct host_finding finding;
	struct utsname kernel;
	char built[200];
	bool ok;

	uname(&kernel);
	if (compressed)
		assert_int_equal(mount(file, "/proc/config.gz", NULL, MS_BIND, NULL), 0);
	snprintf(built, sizeof(built), "as this kernel, %s, was built without %s: boot one",
		 kernel.release, option ? option : "");
	for (size_t i = 0; i < COUNT(children); i++) {
		signal(SIGCHLD, children[i]);
		find(NULL, path, &finding, &ok);
		signal(SIGCHLD, SIG_DFL);
		if (!option == !!strstr(finding.text, "was built") ||
		    (option && (!strstr(finding.text, built) || *finding.fix)))
			fail_msg("%s: %s [%s], of %s, SIGCHLD %zu", path, finding.text, finding.fix,
				 file, i);
	}
	if (compressed)
		assert_int_equal(umount("/proc/config.gz"), 0);
}

/* Of a kernel with this configuration, in /boot or, compressed, in /proc; @more: what else is in it, a command. */
static void expect_built_more(const char *config, const char *more, bool compressed,
			      const char *path, const char *option)
{
	struct utsname kernel;
	char file[100], command[400];

	uname(&kernel);
	snprintf(file, sizeof(file), compressed ? "/dev/config.gz" : "/boot/config-%s",
		 kernel.release);
	snprintf(command, sizeof(command), "{ printf '%s'; %s; } %s > %s", config, more,
		 compressed ? "| env -u GZIP gzip" : "", file);
	sandbox_command(command);
	expect_built_of(file, compressed, path, option);
	unlink(file);
}

static void expect_built(const char *config, bool compressed, const char *path, const char *option)
{
	expect_built_more(config, ":", compressed, path, option);
}

/* No module can be loaded then. */
static void doctor_of_kernel_without_vhost_says_so(void **state)
{
	static const char config[] =
		"CONFIG_VHOST=m\\n# CONFIG_VHOST_NET is not set\\nCONFIG_TUN=m\\n";

	if (access("/boot", F_OK) < 0)
		skip();
	for (int compressed = 0; compressed < 2; compressed++) {
		if (compressed && access("/proc/config.gz", F_OK) < 0)
			break;
		expect_built(config, compressed, "/dev/vhost-net", "CONFIG_VHOST_NET");
		expect_built(config, compressed, "/dev/vhost-vsock", "CONFIG_VHOST_VSOCK");
		expect_built(config, compressed, "/dev/net/tun", NULL);
		expect_built("CONFIG_VHOST_NET=m\\n", compressed, "/dev/vhost-net", NULL);
		expect_built("CONFIG_VHOST_NET_NOT=y\\n", compressed, "/dev/vhost-net",
			     "CONFIG_VHOST_NET");
		expect_built("", compressed, "/dev/vhost-net", NULL);
		expect_built("no configuration\\n", compressed, "/dev/vhost-net", NULL);
	}
}

/* A file that is none, or never ends, is passed over, and gzip takes no options from the environment. */
static void doctor_of_strange_configuration_goes_on(void **state)
{
	static const char more[] = "yes '' | head -c 5000000";
	struct utsname kernel;
	char file[100];

	if (access("/boot", F_OK) < 0)
		skip();
	uname(&kernel);
	snprintf(file, sizeof(file), "/boot/config-%s", kernel.release);
	assert_int_equal(mkfifo(file, 0644), 0);
	expect_built_of(file, false, "/dev/vhost-net", NULL);
	if (access("/proc/config.gz", F_OK) == 0)
		expect_built_of(file, true, "/dev/vhost-net", NULL);
	unlink(file);
	setenv("GZIP", "-9", 1);
	for (int compressed = 0; compressed < 2; compressed++) {
		if (compressed && access("/proc/config.gz", F_OK) < 0)
			break;
		expect_built_more("CONFIG_TUN=m\\n", more, compressed, "/dev/vhost-net", NULL);
		expect_built("CONFIG_TUN=m\\n", compressed, "/dev/vhost-net", "CONFIG_VHOST_NET");
	}
	unsetenv("GZIP");
}

/*
 * What an ACL denies is no security module's doing, though the mode permits it: u::rw- u:nobody:--- g::rw-
 * m::rw- o::rw-
 */
static void doctor_of_acl_that_denies_says_so(void **state)
{
	static const char acl[] = "\2\0\0\0"
				  "\1\0\6\0\377\377\377\377"
				  "\2\0\0\0\376\377\0\0" /* user 65534 */
				  "\4\0\6\0\377\377\377\377"
				  "\20\0\6\0\377\377\377\377"
				  "\40\0\6\0\377\377\377\377";
	struct host_finding finding;
	bool ok;
	int r;

	assert_int_equal(mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)), 0);
	r = setxattr("/dev/net/tun", "system.posix_acl_access", acl, sizeof(acl) - 1, 0);
	find("nobody", "/dev/net/tun", &finding, &ok);
	unlink("/dev/net/tun");
	if (r < 0)
		skip(); /* no ACLs here */
	if (!strstr(finding.text, "user nobody cannot open it") ||
	    !strstr(finding.text, "has mode 0666 and an ACL"))
		fail_msg("%s", finding.text);
}

/* Every open for reading and writing is refused with EPERM, as filters of containers do. */
static void refuse_opens(const void *arg)
{
	struct sock_filter filter[] = {
#ifdef SYS_open /* musl's open() */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_RDWR, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
#endif
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_RDWR, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(filter), filter };
	struct host_finding finding;
	bool ok;

	assert_int_equal(mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)), 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(77);
	find(NULL, "/dev/net/tun", &finding, &ok);
	unlink("/dev/net/tun");
	printf("%s: %s\n", finding.result, finding.text); /* the fix names this process's service */
	fflush(stdout);
	_exit(0);
}

static void doctor_of_forbidden_node_says_why(void **state)
{
	char out[1000];

	sandbox_skip_if_emulated("seccomp");
	assert_int_equal(sandbox_run(refuse_opens, NULL, out, sizeof(out)), 0);
	assert_string_equal(
		out,
		"missing: its mode and the device cgroup permit it, but a seccomp filter, which "
		"this process is under, or a security module does not: whatever started it has to "
		"leave that out\n");
}

static void doctor_for_unknown_user_is_enoent(void **state)
{
	struct json_object *tree = NULL;
	struct host_error err;
	bool ok;

	assert_int_equal(host_doctor("no-such-user", NULL, 0, &tree, &ok, &err), -ENOENT);
	assert_int_equal(err.status, HOST_LACKS);
	assert_null(tree);
}

/* A launcher inherits this process's limits: they are no user's. */
static void doctor_limits_are_of_this_process(void **state)
{
	struct host_finding finding;
	bool ok;

	find("nobody", "RLIMIT_NOFILE", &finding, &ok);
	assert_non_null(strstr(finding.text, "of this process"));
	find(NULL, "RLIMIT_NOFILE", &finding, &ok);
	assert_null(strstr(finding.text, "of this process"));
}

static void doctor_leaves_no_fd(void **state)
{
	struct snapshot before;
	struct host_finding finding;
	bool ok;

	sandbox_look(&before);
	find(NULL, "/dev/net/tun", &finding, &ok);
	find("nobody", "RLIMIT_NOFILE", &finding, &ok);
	sandbox_expect_same(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doctor_of_each_failure_says_reason_and_remedy),
		cmocka_unit_test(doctor_of_kernel_without_vhost_says_so),
		cmocka_unit_test(doctor_of_strange_configuration_goes_on),
		cmocka_unit_test(doctor_of_acl_that_denies_says_so),
		cmocka_unit_test(doctor_of_forbidden_node_says_why),
		cmocka_unit_test(doctor_for_unknown_user_is_enoent),
		cmocka_unit_test(doctor_limits_are_of_this_process),
		cmocka_unit_test(doctor_leaves_no_fd),
	};
	const char *why = sandbox_enter();

	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	make_dev();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
