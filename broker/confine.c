/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confine - what a broker can still do once its devices and sockets are open, if a front-end should take it over.
 *
 * One list of system calls, each with its reason: nothing is opened, created, executed or signalled any more,
 * fds come from accept4() and with messages only.  A call that is not in it fails with EPERM instead of ending
 * the process, and the kernel logs it: other guests keep their link even if a C library has a new habit.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/if_tun.h>
#include <linux/kcmp.h>
#include <linux/net.h>
#include <linux/vhost.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alarm.h"
#include "broker.h"
#include "confine.h"

#define WHOLE UINT64_MAX
#define LOW   UINT64_C(0xffffffff) /* the kernel ignores the rest of an int */

#define IOCTL(request) .arg = { { 1, LOW, (uint32_t)(request) } }

/* Those of vhost by their type: kernels and kinds of devices have different ones. */
#define IOCTL_OF(type) .arg = { { 1, 0xff00, (uint64_t)(type) << 8 } }

/* On s390x calls of sockets may be one call, whose arguments are in memory, and those of mmap() are. */
#define SOCKET_CALL(number)                                       \
	{                                                         \
		"socketcall", NULL, .arg = { { 0, LOW, number } } \
	}
#ifdef __s390x__
#define NOT_EXECUTED \
	{            \
		0    \
	}
#else
#define NOT_EXECUTED            \
	{                       \
		2, PROT_EXEC, 0 \
	}
#endif

const struct confine_rule confine_rules[] = {
	/* the loop */
	{ "epoll_wait", "front-ends are waited for" },
	{ "epoll_pwait", NULL },
	{ "epoll_ctl", "they come and go" },
	{ "poll", "has one gone, is a frame left" },
	{ "ppoll", NULL },
	{ "accept4", "one connects" },
	SOCKET_CALL(SYS_ACCEPT4),
	{ "getsockopt", "which process it is",
	  .arg = { { 1, LOW, SOL_SOCKET }, { 2, LOW, SO_PEERCRED } } },
	SOCKET_CALL(SYS_GETSOCKOPT),
	{ "getsockopt", "is what it gave a socket that carries bytes",
	  .arg = { { 1, LOW, SOL_SOCKET }, { 2, LOW, SO_DOMAIN } } },
	{ "recvmsg", "messages, with fds" },
	SOCKET_CALL(SYS_RECVMSG),
	{ "sendmsg", "replies" },
	SOCKET_CALL(SYS_SENDMSG),
	{ "sendto", "interrupts that are relayed, replies on the control socket",
	  .arg = { { 4, WHOLE, 0 } } },
	SOCKET_CALL(SYS_SENDTO),
	{ "recvfrom", "calls on the control socket", .arg = { { 4, WHOLE, 0 } } },
	SOCKET_CALL(SYS_RECVFROM),
	{ "read", "signals, eventfds, stale frames" },
	{ "write", "eventfds, RARP" },
	{ "writev", NULL },
	{ "ioctl", "colours on stderr: is it a terminal",
	  .arg = { { 0, LOW, STDERR_FILENO }, { 1, LOW, TCGETS } } },
	{ "ioctl", NULL, .arg = { { 0, LOW, STDERR_FILENO }, { 1, LOW, TIOCGWINSZ } } },
	{ "close", "fds of one that has gone" },
	{ "clock_gettime", "deadlines, where the vdso has no clock" },
	{ "setitimer", "a call that waits for one all the same is ended" },
	{ "rt_sigreturn", "so it goes on" },
	/* fds that came with messages */
	{ "fcntl", "what is kept is a duplicate", .arg = { { 1, LOW, F_DUPFD_CLOEXEC } } },
	{ "fcntl", "can a file of memory shrink", .arg = { { 1, LOW, F_GET_SEALS } } },
	{ "fstat", "what kind of file, how large" },
	{ "newfstatat", NULL, .arg = { { 3, AT_EMPTY_PATH, AT_EMPTY_PATH } } },
	{ "kcmp", "is it the file that is there already", .arg = { { 2, LOW, KCMP_FILE } },
	  .own = 2 },
	{ "eventfd2", "interrupts that are relayed, errors of rings" },
	/* memory */
	{ "mmap", "the guest's, and malloc(): nothing that is executed", .arg = { NOT_EXECUTED } },
	{ "munmap", "the guest's, when it has gone" },
	{ "brk", "malloc()" },
	{ "process_vm_readv", "why a ring failed: its memory may have gone", .own = 1 },
	/* the device */
	{ "ioctl", "vhost", IOCTL_OF(VHOST_VIRTIO) },
	{ "ioctl", "offloads that the guest accepted", IOCTL(TUNSETOFFLOAD) },
	{ "ioctl", "the header that it accepted", IOCTL(TUNSETVNETHDRSZ) },
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	{ "ioctl", "the byte order of that header", IOCTL(TUNSETVNETLE) },
#endif
	{ "ioctl", "the header for RARP, which may come before", IOCTL(TUNGETVNETHDRSZ) },
	{ "ioctl", "pairs that are in use get frames", IOCTL(TUNSETQUEUE) },
	{ "ioctl", "SetLink", IOCTL(TUNSETCARRIER) },
	{ "ioctl", "why a ring failed: its tap may have gone", IOCTL(TUNGETIFF) },
	{ "getpid", "a device is of the process that started it" },
	{ "rt_sigprocmask", "VHOST_SET_OWNER makes a thread, which a signal would prevent" },
	/* the end */
	{ "rt_sigtimedwait", "the signal that ends it" },
	{ "rt_sigtimedwait_time64", NULL },
	{ "exit_group", "the end" },
};

const size_t confine_rule_count = sizeof(confine_rules) / sizeof(confine_rules[0]);

#ifdef HAVE_SECCOMP
#include <seccomp.h>

static int add_rule(scmp_filter_ctx filter, const struct confine_rule *rule)
{
	struct scmp_arg_cmp args[CONFINE_ARGS + 2];
	int number = seccomp_syscall_resolve_name(rule->call);
	unsigned int count = 0;

	if (number < 0) /* this machine has no such call */
		return 0;
	for (uint8_t i = 0; i < rule->own; i++)
		args[count++] = SCMP_CMP(i, SCMP_CMP_MASKED_EQ, LOW, (scmp_datum_t)getpid());
	for (size_t i = 0; i < CONFINE_ARGS && rule->arg[i].mask; i++)
		args[count++] = SCMP_CMP(rule->arg[i].index, SCMP_CMP_MASKED_EQ, rule->arg[i].mask,
					 rule->arg[i].value);
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, args);
}

int confine_calls(size_t without, bool kill)
{
	scmp_filter_ctx filter = seccomp_init(kill ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM));
	int r = filter ? 0 : -ENOMEM;

	if (!r) {
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);      /* a kernel may be too old */
		seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1); /* its own errors */
	}
	for (size_t i = 0, row = 0; i < confine_rule_count && !r; i++) {
		row = confine_rules[i].why ? i : row;
		if (row != without)
			r = add_rule(filter, &confine_rules[i]);
	}
	if (!r)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
#else
int confine_calls(size_t without, bool kill)
{
	return -ENOTSUP;
}
#endif

/* Who built it without knows that. */
static void say_missing(const struct broker_options *options, const char *what, int code)
{
	bool built = code == -ENOTSUP;
	char line[BROKER_TEXT_MAX];

	snprintf(line, sizeof(line), "not confined by %s: %s", what,
		 built		   ? "this program was built without it"
		 : code == -ENOSYS ? "this kernel does not have it, or it is switched off"
				   : strerror(-code));
	if (options->say)
		options->say(options->data, built ? VHC_LEVEL_INFO : VHC_LEVEL_WARNING, line);
}

/* json-c takes its random number with the first key of all; the alarm's handler is there from its first use on. */
void confine_prepare(void)
{
	json_object_put(json_tokener_parse("{\"a\": 0}"));
	broker_alarm_begin();
	broker_alarm_end();
}

/* A sanitizer looks into /proc at the end. */
#ifdef SANITIZED
#define confine_access() (-ENOTSUP)
#endif

/* Landlock first, whose calls are not in the list. */
int broker_confine(const struct broker_options *options)
{
	int access, calls;

	confine_prepare();
	prctl(PR_SET_NAME, "vhostctl-broker"); /* by which doctor finds it */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	access = confine_access();
	calls = confine_calls(CONFINE_ALL, false);
	if (access < 0)
		say_missing(options, "Landlock", access);
	if (calls < 0)
		say_missing(options, "seccomp", calls);
	return 0;
}
