/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * held - a device closes while a forked child has its fds open, as one between fork and exec has: vhost
 * stops, and does not touch the memory that the process then maps at the same address.  Prints TAP.
 */
#include <sched.h>
#include <sys/wait.h>

#include "threads.h"

#define FRAMES 22u

static struct virtqueue transmit;

static void init_transmit(int kick, int call)
{
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);

	virtqueue_init(&transmit, (char *)b.ram + bytes, bytes, BRING_UP_RING, BRING_UP_BUFFER,
		       kick, call);
}

/* A child that only holds what it inherited, until the other end of the pipe closes. */
static pid_t hold(int *ret_end)
{
	int ends[2];
	pid_t pid;
	char byte;

	if (pipe(ends))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	close(ends[0]);
	*ret_end = ends[1];
	return pid;
}

/* Other memory at the same address, with frames to send in a ring that looks like the one before. */
static bool remap(int kick, int call)
{
	void *same;

	munmap(b.ram, b.size);
	same = mmap(b.ram, b.size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (same != b.ram)
		return false;
	init_transmit(kick, call);
	for (uint32_t i = 0; i < FRAMES; i++)
		virtqueue_add(&transmit, virtqueue_get(&transmit), 12 + 60, false);
	virtqueue_kick(&transmit);
	return true;
}

/* Half a second is enough for a worker that goes on. */
static bool is_untouched(void)
{
	for (int i = 0; i < 50; i++) {
		if (__atomic_load_n(&transmit.used->idx, __ATOMIC_ACQUIRE))
			return false;
		usleep(10000);
	}
	return true;
}

int main(int argc, char **argv)
{
	int kick, call, end = -1, status = -1, r;
	pid_t child;

	if (unshare(CLONE_NEWNET) || bring_up_memory(&b, 1))
		return 2;
	r = open_all(1, flags_of(argc > 1 ? argv[1] : "default"));
	r = r ? r : bring_up_start(&b, 1);
	result("it starts", !r, "%s", text());
	if (r)
		return 1;
	kick = dup(vhc_ring_get_kick(b.dev, 1));
	call = dup(vhc_ring_get_call(b.dev, 1));
	init_transmit(kick, call);
	link_up();
	result("it sends", send_one(&transmit), "it does not");
	child = hold(&end);
	bring_down(&b);
	result("the same address is mapped again", remap(kick, call), "it is not");
	result("vhost does not touch the new memory", is_untouched(), "it did");
	close(end);
	result("the child held everything until then",
	       child > 0 && waitpid(child, &status, 0) == child && !status, "status %d", status);
	printf("1..%d\n", number);
	return failed != 0;
}
