/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits user MODE KIND - workers without privileges: KIND is what they must be, own threads or kernel
 * threads (own, kernel), or hidden.
 * limits hidden MODE - with privileges, where workers cannot be seen.
 * MODE is default, task or kthread.  Prints TAP.
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>

#include "threads.h"

#define NOBODY 65534

static int run_user(const char *mode, const char *kind)
{
	bool own = !strcmp(kind, "own"), hidden = !strcmp(kind, "hidden");
	uint64_t mask = 2;
	char allowed[64];
	int32_t tid = -1;
	int r, r2;

	if (unshare(CLONE_NEWNET) || bring_up_memory(&b, 1))
		return 2;
	/* the node and the tap, as they are passed to the launcher */
	r = open_all(1, flags_of(mode));
	if (!r && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
		return 2;
	r = r ? r : bring_up_start(&b, 1);
	result("it starts without privileges", !r, "%s", text());
	r = r ? r : vhc_dev_get_worker(b.dev, 0, &tid);
	if (hidden) {
		result("its worker is hidden", r == -ENODATA && strstr(text(), "hidepid"), "%d: %s",
		       r, text());
		bring_down(&b);
		return 0;
	}
	result("its worker is found", !r && is_own(tid) == own, "%s", text());
	if (r)
		return 1;
	r = vhc_dev_set_worker_cpus(b.dev, 0, &mask, 1);
	status_of(tid, "Cpus_allowed_list", allowed, sizeof(allowed));
	if (own) {
		result("it may be pinned", !r && !strcmp(allowed, "1"), "%s; allowed: %s", text(),
		       allowed);
	} else {
		result("it may not be pinned",
		       r == -EPERM && strstr(text(), "kernel thread") &&
			       strstr(vhc_ctx_get_error(b.ctx)->hint, "CAP_SYS_NICE"),
		       "%d: %s", r, text());
		result("and was not", strcmp(allowed, "1") != 0, "allowed: %s", allowed);
	}
	r = vhc_dev_set_worker_sched(b.dev, 0, SCHED_FIFO, 1);
	result("no real-time priority without CAP_SYS_NICE",
	       r == -EPERM && strstr(vhc_ctx_get_error(b.ctx)->hint, "CAP_SYS_NICE") &&
		       sched_getscheduler(tid) == SCHED_OTHER,
	       "%d: %s", r, text());
	r = vhc_dev_stop(b.dev);
	r2 = vhc_dev_start(b.dev);
	result("nothing of this stops it", !r && !r2, "%s", text());
	bring_down(&b);
	return 0;
}

static int run_hidden(const char *mode)
{
	uint64_t mask = 2;
	int32_t tid = -1;
	int r;

	if (bring_up_memory(&b, 2))
		return 2;
	r = open_all(2, flags_of(mode));
	r = r ? r : bring_up_start(&b, 2);
	result("it still starts", !r, "%s", text());
	r = vhc_dev_get_worker(b.dev, 1, &tid);
	result("it reports that its worker is not known, and why",
	       r == -ENODATA && tid == -1 && strstr(text(), "PID namespace"), "%d: %s", r, text());
	r = vhc_dev_set_worker_cpus(b.dev, 1, &mask, 1);
	result("and pins no thread", r == -ENODATA && strstr(text(), "PID namespace"), "%d: %s", r,
	       text());
	bring_down(&b);
	return 0;
}

int main(int argc, char **argv)
{
	int r = 2;

	if (argc == 4 && !strcmp(argv[1], "user"))
		r = run_user(argv[2], argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "hidden"))
		r = run_hidden(argv[2]);
	if (r)
		fprintf(stderr, "limits: ended early\n");
	printf("1..%d\n", number);
	return r ? r : failed != 0;
}
