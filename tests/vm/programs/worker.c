/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker PAIRS MODE KIND - the worker of each queue pair is found, is the one that does the work, and
 * is told where and how to run and how long to poll.  MODE is default, task or kthread; KIND, own or
 * kernel, is what a worker must be.  Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "threads.h"

#define PAIRS_MAX 4u
#define ROUNDS	  200u

static struct virtqueue transmit[PAIRS_MAX];

static unsigned long switches_of(int32_t tid)
{
	char value[64];
	unsigned long sum;

	status_of(tid, "voluntary_ctxt_switches", value, sizeof(value));
	sum = strtoul(value, NULL, 10);
	status_of(tid, "nonvoluntary_ctxt_switches", value, sizeof(value));
	return sum + strtoul(value, NULL, 10);
}

/* Only our own frames. */
static void no_ipv6(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "1", 1) != 1)
		printf("# IPv6 stays on\n");
	if (fd >= 0)
		close(fd);
}

static void find_rings(uint32_t pairs)
{
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);

	for (uint32_t i = 0; i < pairs; i++) {
		uint32_t ring = 2 * i + 1;

		virtqueue_init(&transmit[i], (char *)b.ram + ring * bytes, ring * bytes,
			       BRING_UP_RING, BRING_UP_BUFFER, vhc_ring_get_kick(b.dev, ring),
			       vhc_ring_get_call(b.dev, ring));
	}
}

static bool send_many(uint32_t pair, uint32_t frames)
{
	while (frames && send_one(&transmit[pair]))
		frames--;
	return !frames;
}

static int32_t tids[PAIRS_MAX];

static void each_is_found(uint32_t pairs, bool own)
{
	bool found = true, distinct = true, kind = true;
	char name[64], expected[64];

	for (uint32_t i = 0; i < pairs; i++) {
		found = !vhc_dev_get_worker(b.dev, i, &tids[i]) && found;
		for (uint32_t j = 0; j < i; j++)
			distinct = distinct && tids[i] != tids[j];
		kind = kind && is_own(tids[i]) == own &&
		       !!(stat_of(tids[i], 9) & PF_KTHREAD) == !own;
	}
	result("each pair's worker is found", found, "%s", text());
	result("no two are the same thread", distinct, "%d %d ...", tids[0], tids[1]);
	result(own ? "they are threads of this process" : "they are kernel threads", kind, "%d",
	       tids[0]);
	snprintf(expected, sizeof(expected), "vhost-%d", getpid());
	status_of(tids[0], "Name", name, sizeof(name));
	result("they have the kernel's name", !strcmp(name, expected), "%s", name);
}

static void it_does_the_work(uint32_t pairs, uint32_t pair)
{
	unsigned long before[PAIRS_MAX], now[PAIRS_MAX];
	bool sent, others = true;

	for (uint32_t i = 0; i < pairs; i++)
		before[i] = switches_of(tids[i]);
	sent = send_many(pair, ROUNDS);
	for (uint32_t i = 0; i < pairs; i++) {
		now[i] = switches_of(tids[i]) - before[i];
		/* one that worked before may only just have gone to sleep */
		others = others && (i == pair || now[i] <= 1);
	}
	result("a pair's frames are sent", sent, "pair %u", pair);
	result("its worker ran", now[pair] >= ROUNDS / 2, "%lu switches for %u frames", now[pair],
	       ROUNDS);
	result("and no other did", others, "%lu %lu %lu %lu", now[0], now[1], now[2], now[3]);
}

static void it_runs_where_it_is_told(uint32_t pair)
{
	for (uint64_t mask = 2; mask; mask--) {
		char allowed[64], expected[8];
		unsigned long cpu;
		bool sent;
		int r = vhc_dev_set_worker_cpus(b.dev, pair, &mask, 1);

		snprintf(expected, sizeof(expected), "%d", mask == 2);
		status_of(tids[pair], "Cpus_allowed_list", allowed, sizeof(allowed));
		result("a worker is pinned", !r && !strcmp(allowed, expected), "%s; allowed: %s",
		       r ? text() : "", allowed);
		sent = send_many(pair, ROUNDS);
		cpu = stat_of(tids[pair], 39);
		result("it works, there", sent && cpu == (mask == 2), "on processor %lu", cpu);
	}
	result("a processor that is not there",
	       vhc_dev_set_worker_cpus(b.dev, pair, &(uint64_t){ 1ull << 63 }, 1) == -EINVAL &&
		       strstr(text(), "none of them is online"),
	       "%s", text());
}

static void it_runs_as_it_is_told(uint32_t pair)
{
	static const struct {
		int policy, priority;
	} cases[] = { { SCHED_FIFO, 3 },
		      { SCHED_RR, 99 },
		      { SCHED_BATCH, 0 },
		      { SCHED_IDLE, 0 },
		      { SCHED_OTHER, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sched_param param = { -1 };
		int r = vhc_dev_set_worker_sched(b.dev, pair, cases[i].policy, cases[i].priority);
		int policy = sched_getscheduler(tids[pair]);

		sched_getparam(tids[pair], &param);
		result("a worker's scheduling is set",
		       !r && policy == cases[i].policy &&
			       param.sched_priority == cases[i].priority &&
			       send_many(pair, ROUNDS / 4),
		       "%s; policy %d, priority %d", r ? text() : "", policy, param.sched_priority);
	}
}

static void wishes_are_told_again(uint32_t pairs)
{
	uint64_t mask = 2;
	int32_t tid = 0;
	char allowed[64];
	int r;

	vhc_dev_close(b.dev);
	b.dev = NULL;
	r = vhc_dev_open(b.ctx, "net0", NULL,
			 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs,
				 .flags = VHC_DEV_WORKERS),
			 &b.dev);
	for (uint32_t i = 0; i < pairs && !r; i++) {
		r = vhc_dev_set_worker_cpus(b.dev, i, &mask, 1);
		if (!r)
			r = vhc_dev_set_worker_sched(b.dev, i, SCHED_FIFO, (int32_t)i + 1);
	}
	vhc_mem_free(b.mem);
	memset(b.ram, 0, b.size); /* new rings */
	r = r ? r : bring_up_start(&b, pairs);
	result("settings before the start", !r, "%s", text());
	for (uint32_t i = 0; i < pairs && !r; i++) {
		struct sched_param param = { -1 };

		r = vhc_dev_get_worker(b.dev, i, &tid);
		status_of(tid, "Cpus_allowed_list", allowed, sizeof(allowed));
		sched_getparam(tid, &param);
		if (strcmp(allowed, "1") || sched_getscheduler(tid) != SCHED_FIFO ||
		    param.sched_priority != (int)i + 1)
			r = -EIO;
	}
	result("are applied to each worker", !r, "%s; allowed: %s", text(), allowed);
}

static void busyloop(uint32_t pair)
{
	uint32_t us = 0, ring = 2 * pair + 1;
	struct timespec begin, end;
	int r = vhc_ring_set_busyloop(b.dev, ring, 50);

	r = r ? r : vhc_ring_get_busyloop(b.dev, ring, &us);
	result("a busyloop is set and read back while it runs", !r && us == 50, "%s; %u",
	       r ? text() : "", us);
	result("frames keep flowing", send_many(pair, ROUNDS), "pair %u", pair);
	r = vhc_ring_set_busyloop(b.dev, ring, 1000000);
	send_one(&transmit[pair]);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	r = r ? r : vhc_dev_stop(b.dev);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("# a stop right after a frame with the longest busyloop, 1 s, took %ld ms\n",
	       (long)(end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	result("it stops", !r, "%s", text());
	r = vhc_ring_get_busyloop(b.dev, ring, &us);
	result("a stop keeps it", !r && us == 1000000, "%u", us);
	r = vhc_ring_set_busyloop(b.dev, ring, 0);
	r = r ? r : vhc_dev_start(b.dev);
	result("and it starts again", !r && send_many(pair, ROUNDS), "%s", text());
}

static int run(uint32_t pairs, const char *mode, bool own)
{
	unsigned int fds;
	int r;

	if (!pairs || pairs > PAIRS_MAX || unshare(CLONE_NEWNET) || bring_up_memory(&b, pairs))
		return 2;
	no_ipv6();
	fds = count_fds();
	r = open_all(pairs, flags_of(mode));
	r = r ? r : bring_up_start(&b, pairs);
	result("it starts", !r && !link_up(), "%s", text());
	if (r)
		return 1;
	find_rings(pairs);
	each_is_found(pairs, own);
	for (uint32_t i = 0; i < pairs; i++)
		it_does_the_work(pairs, i);
	it_runs_where_it_is_told(pairs - 1);
	it_runs_as_it_is_told(0);
	if (pairs > 1)
		it_does_the_work(pairs, 1); /* nothing of this belonged to another process */
	busyloop(0);
	if (!strcmp(mode, "default"))
		wishes_are_told_again(pairs);
	bring_down(&b);
	result("no fd is left", count_fds() == fds, "%u before, %u now", fds, count_fds());
	return 0;
}

int main(int argc, char **argv)
{
	int r = 2;

	if (argc == 4)
		r = run((uint32_t)strtoul(argv[1], NULL, 10), argv[2], !strcmp(argv[3], "own"));
	if (r)
		fprintf(stderr, "worker: ended early\n");
	printf("1..%d\n", number);
	return r ? r : failed != 0;
}
