/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork MODE - while a process sends frames, its forked child calls every transition and setter, and
 * closes everything: each is refused, and the frames are not disturbed.  MODE is default, task or
 * kthread.  Prints TAP.
 */
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>

#include "threads.h"

static struct virtqueue transmit;

/* The rings of one pair run; those of the other are for the child. */
static int prepare(uint32_t flags)
{
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);
	int r = open_all(2, flags);

	r = r ? r : bring_up_start(&b, 1);
	if (r)
		return r;
	virtqueue_init(&transmit, (char *)b.ram + bytes, bytes, BRING_UP_RING, BRING_UP_BUFFER,
		       vhc_ring_get_kick(b.dev, 1), vhc_ring_get_call(b.dev, 1));
	return link_up() ?: vhc_dirty_start(b.mem);
}

static int start_other_pair(void)
{
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);
	struct virtqueue queue;

	virtqueue_init(&queue, (char *)b.ram + 2 * bytes, 2 * bytes, BRING_UP_RING, BRING_UP_BUFFER,
		       vhc_ring_get_kick(b.dev, 2), vhc_ring_get_call(b.dev, 2));
	vhc_ring_set_size(b.dev, 2, BRING_UP_RING);
	vhc_ring_set_addr(b.dev, 2, VHC_ARG(vhc_ring_addr, VIRTQUEUE_ADDR(&queue)));
	return vhc_dev_start(b.dev);
}

static int stop(void)
{
	return vhc_dev_stop(b.dev);
}

static int reset(void)
{
	return vhc_dev_reset(b.dev);
}

static int set_call(void)
{
	return vhc_ring_set_call(b.dev, 1, eventfd(0, EFD_CLOEXEC));
}

static int no_call(void)
{
	return vhc_ring_set_call(b.dev, 1, -1);
}

static int set_kick(void)
{
	return vhc_ring_set_kick(b.dev, 1, eventfd(0, EFD_CLOEXEC));
}

static int set_busyloop(void)
{
	return vhc_ring_set_busyloop(b.dev, 1, 50);
}

static int get_busyloop(void)
{
	uint32_t us;

	return vhc_ring_get_busyloop(b.dev, 1, &us);
}

static int set_cpus(void)
{
	return vhc_dev_set_worker_cpus(b.dev, 0, &(uint64_t){ 1 }, 1);
}

static int set_sched(void)
{
	return vhc_dev_set_worker_sched(b.dev, 0, SCHED_IDLE, 0);
}

static int set_offloads(void)
{
	struct vhc_features acked = b.acked;

	vhc_features_add(&acked, 1);
	return vhc_tap_set_features(b.tap, &acked, 0);
}

static int start_ring(void)
{
	return vhc_ring_start(b.dev, 2);
}

static int stop_ring(void)
{
	return vhc_ring_stop(b.dev, 1);
}

static int reset_ring(void)
{
	return vhc_ring_reset(b.dev, 0);
}

static int save(void)
{
	char *json;

	return vhc_dev_save(b.dev, &json);
}

static int commit(void)
{
	static _Alignas(4096) char page[4096];

	vhc_mem_add(b.mem, VHC_ARG(vhc_region, .guest_addr = b.size, .size = sizeof(page),
				   .user_addr = (uintptr_t)page));
	return vhc_mem_commit(b.mem);
}

static int log_off(void)
{
	return vhc_dirty_stop(b.mem);
}

static int next_pass(void)
{
	return vhc_dirty_sync(b.mem);
}

/* The pages that are dirty, or an error. */
static int read_log(void)
{
	uint64_t bitmap[64] = { 0 }, pages = 0;
	int r = vhc_dirty_read(b.mem, 0, b.size, bitmap, 0, &pages);

	return r ? r : (int)pages;
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {
	{ "start", start_other_pair },
	{ "start of a ring", start_ring },
	{ "stop", stop },
	{ "stop of a ring", stop_ring },
	{ "call eventfd", set_call },
	{ "no call eventfd", no_call },
	{ "kick eventfd", set_kick },
	{ "busyloop", set_busyloop },
	{ "busyloop", get_busyloop },
	{ "processors", set_cpus },
	{ "scheduling", set_sched },
	{ "offloads", set_offloads },
	{ "commit", commit },
	{ "snapshot", save },
	{ "pass over the dirty log", next_pass },
	{ "pages of the dirty log", read_log },
	{ "dirty log off", log_off },
	{ "reset of a ring", reset_ring },
	{ "reset", reset },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* The exit status is the number of the call that failed, from 1. */
static int child(void)
{
	int bad = 0;

	for (size_t i = 0; i < CALLS; i++) {
		int r = calls[i].call();

		if (r != -EPERM || !strstr(text(), "forked child")) {
			printf("# %s: %d: %s\n", calls[i].name, r, text());
			bad = bad ? bad : (int)i + 1;
		}
	}
	bring_down(&b);
	fflush(stdout);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned int frames = 0, fds = count_fds();
	int32_t worker = 0, same = 0;
	bool going = true;
	int status = -1, r;
	pid_t pid;

	if (unshare(CLONE_NEWNET) || bring_up_memory(&b, 2))
		return 2;
	r = prepare(flags_of(argc > 1 ? argv[1] : "default"));
	result("it starts", !r && send_one(&transmit), "%s", text());
	if (r)
		return 1;
	vhc_dev_get_worker(b.dev, 0, &worker);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(child());
	while (going && waitpid(pid, &status, WNOHANG) == 0) {
		going = send_one(&transmit);
		frames++;
	}
	printf("# %u frames meanwhile\n", frames);
	result("each call in the forked child is refused, with the reason", status == 0,
	       "see above for the call");
	for (int i = 0; i < 1000 && going; i++)
		going = send_one(&transmit);
	result("the owner's frames keep flowing", going, "they stopped");
	result("the dirty log has their pages", !next_pass() && read_log() >= 1, "%s", text());
	result("it has its worker", !vhc_dev_get_worker(b.dev, 0, &same) && same == worker, "%s",
	       text());
	result("and its settings", sched_getscheduler(worker) == SCHED_OTHER, "the child's");
	result("the owner stops it", !vhc_dev_stop(b.dev), "%s", text());
	result("and starts it", !vhc_dev_start(b.dev) && send_one(&transmit), "%s", text());
	result("and resets it", !vhc_dev_reset(b.dev), "%s", text());
	bring_down(&b);
	result("no fd is left", count_fds() == fds, "some are");
	printf("1..%d\n", number);
	return failed != 0;
}
