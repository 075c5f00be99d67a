/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "sandbox.h"

void sandbox_command(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s failed", command);
}

static bool run(const char *command)
{
	return system(command) == 0;
}

void sandbox_skip_if_emulated(const char *lacks)
{
	if (!getenv("MESON_EXE_WRAPPER"))
		return;
	print_message("# emulation of a processor lacks %s\n", lacks);
	skip();
}

const char *sandbox_enter(void)
{
	int fd;

	if (geteuid() != 0)
		return "it takes root";
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return "/dev/net/tun does not open";
	close(fd);
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, "mode=755") < 0)
		return "no namespaces of its own here";
	if (!run("ip link set lo up && ip link add br0 type bridge && "
		 "ip link set br0 up address 02:00:00:00:00:01 && "
		 "ip netns add blue"))
		return "it takes ip(8) with bridges";
	/* an address that is still being checked for duplicates changes by itself a second later */
	run("echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad && "
	    "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad");
	if (mknod("/run/tun", S_IFCHR | 0666, makedev(10, 200)) < 0 ||
	    chmod("/run/tun", 0666) < 0 ||
	    mount("/run/tun", "/dev/net/tun", NULL, MS_BIND, NULL) < 0)
		return "no device node of its own here";
	return NULL;
}

static size_t read_command(const char *command, char *buf, size_t size)
{
	FILE *file = popen(command, "re");
	size_t n = file ? fread(buf, 1, size - 1, file) : 0;

	if (file)
		pclose(file);
	buf[n] = '\0';
	return n;
}

void sandbox_look(struct snapshot *ret)
{
	/* Without what comes and goes by itself: carrier, timers, IPv6's link-local addresses. */
	static const char links[] =
		"{ ip -d addr show; ip -n blue -d addr show; bridge vlan; } | sed '/bridge forward_delay/d; /fe80/d; "
		"/valid_lft/d; s/[a-z_]*timer *[0-9.]*//g; s/NO-CARRIER,//; s/,LOWER_UP//; s/ state [A-Za-z]*//'";
	size_t used = read_command(links, ret->text, sizeof(ret->text) / 2);
	DIR *dir = opendir("/proc/self/fd");

	for (struct dirent *entry; (entry = readdir(dir));)
		if (atoi(entry->d_name) != dirfd(dir))
			used += (size_t)snprintf(ret->text + used, sizeof(ret->text) - used,
						 "fd %s\n", entry->d_name);
	closedir(dir);
}

void sandbox_expect_same(const struct snapshot *before)
{
	struct snapshot now;

	size_t line = 0;

	sandbox_look(&now);
	for (size_t i = 0; now.text[i] == before->text[i]; i++) {
		if (!now.text[i])
			return;
		if (now.text[i] == '\n')
			line = i + 1;
	}
	fail_msg("was: %.450s\nis: %.450s", before->text + line, now.text + line);
}

int sandbox_run(void (*fn)(const void *arg), const void *arg, char *out, size_t size)
{
	int fds[2], status;
	size_t used = 0;
	pid_t child;
	ssize_t n;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		fn(arg);
		_exit(99);
	}
	close(fds[1]);
	while ((n = read(fds[0], out + used, size - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(fds[0]);
	assert_true(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void sandbox_expect(void (*fn)(const void *arg), const void *arg, int status, const char *words)
{
	struct snapshot before;
	char out[8192];
	int got;

	sandbox_look(&before);
	got = sandbox_run(fn, arg, out, sizeof(out));
	if (got != status || !strstr(out, words))
		fail_msg("exit status %d, wanted %d; output, wanted \"%s\":\n%s", got, status,
			 words, out);
	sandbox_expect_same(&before);
}

int sandbox_main(struct vhc_ctx **ctx, int (*tests)(void))
{
	const char *why = sandbox_enter();
	int r;

	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	if (vhc_ctx_new(ctx) < 0)
		return 1;
	r = tests();
	vhc_ctx_free(*ctx);
	return r;
}
