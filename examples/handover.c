/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * handover [QUEUE-PAIRS] - moves a device under traffic from one process to another without losing
 * anything: first after a stop, with a vhost-state document; then after kill -9, from its memory.
 *
 * Each process is exec'ed separately and opens a vhost device of its own, since the kernel ties a
 * device to the memory of its owner.  What is handed over, on a unix socket, are the tap's queues,
 * the guest's memory (a memfd), and the document.  The first process is the other end of the wire.
 * For the crash it also holds the tap and the memory, but never a vhost fd.  Needs root.
 */
#define _GNU_SOURCE 1

#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vhostconfig.h"
#include "fds.h"
#include "guest.h"

#define HANDOVERS    8u	    /* of each kind, spread over the traffic */
#define SILENCE	     20000  /* ms without a frame: the rest is lost */
#define DOCUMENT_MAX 65536u /* bytes */

static struct guest *guest;
static int fds[FDS_MAX]; /* the guest's memory, then its tap queues */
static struct vhc_ctx *ctx;

static int check(int r)
{
	if (r < 0)
		errx(1, "%s. %s", vhc_ctx_get_error(ctx)->text, vhc_ctx_get_error(ctx)->hint);
	return r;
}

/* ---------------------------------------------------------------------------------- handing over */

static void map_guest(void)
{
	guest = mmap(NULL, sizeof(*guest), PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	if (guest == MAP_FAILED)
		err(1, "the guest's memory");
}

/* With a document, or with an empty text. */
static void send_guest(int socket, const char *document)
{
	int r = fds_send(socket, document, fds, 1 + guest->pairs);

	if (r)
		errx(1, "cannot hand over the guest: %s", strerror(-r));
}

/* ---------------------------------------------------------------------------- a process with a device */

/* Without a document: its known features, and the bases that its memory shows. */
static void describe(struct vhc_dev *dev)
{
	struct vhc_features want, acked;

	check(vhc_features_parse(ctx, VHC_TYPE_NET, "version_1,mrg_rxbuf", &want));
	check(vhc_dev_offer_features(dev, &want, &want, &acked));
	check(vhc_dev_set_features(dev, &acked, 0));
	for (uint32_t i = 0; i < 2 * guest->pairs; i++) {
		struct queue *queue = &guest->queues[i];

		check(vhc_ring_set_size(dev, i, RING));
		check(vhc_ring_set_addr(dev, i,
					VHC_ARG(vhc_ring_addr,
						.desc = guest_addr(guest, queue->desc),
						.avail = guest_addr(guest, queue->avail),
						.used = guest_addr(guest, queue->used))));
		check(vhc_ring_recover_base(dev, i)); /* for a ring that never ran: its beginning */
	}
}

static struct vhc_dev *take_over(struct vhc_tap *tap, const char *document)
{
	struct vhc_mem *mem;
	struct vhc_dev *dev;

	check(vhc_mem_new(ctx, &mem));
	check(vhc_mem_add(
		mem, VHC_ARG(vhc_region, .size = sizeof(*guest), .user_addr = (uintptr_t)guest)));
	check(vhc_mem_commit(mem));
	check(vhc_dev_open(ctx, "net0", NULL,
			   VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = guest->pairs),
			   &dev));
	check(vhc_dev_set_mem(dev, mem));
	check(vhc_dev_set_tap(dev, tap));
	if (document[0])
		check(vhc_dev_load(dev, document));
	else
		describe(dev);
	for (uint32_t i = 0; i < 2 * guest->pairs; i++) { /* new eventfds: no document has them */
		check(vhc_ring_get_kick(dev, i));
		check(vhc_ring_get_call(dev, i));
	}
	check(vhc_dev_start(dev));
	vhc_mem_free(mem); /* the device holds on to it */
	return dev;
}

/* Runs the guest until @end is readable. */
static void drive(struct vhc_dev *dev, int end)
{
	struct pollfd polls[2 * GUEST_PAIRS + 1];
	uint32_t rings = 2 * guest->pairs;
	eventfd_t count;

	for (uint32_t i = 0; i < rings; i++)
		polls[i] = (struct pollfd){ check(vhc_ring_get_call(dev, i)), POLLIN, 0 };
	polls[rings] = (struct pollfd){ end, POLLIN, 0 };
	do {
		for (uint32_t i = 0; i < guest->pairs; i++) {
			guest_receive(guest, i, check(vhc_ring_get_kick(dev, 2 * i)));
			guest_transmit(guest, i, check(vhc_ring_get_kick(dev, 2 * i + 1)));
		}
		poll(polls, rings + 1, 1); /* nothing signals the progress of the other end */
		for (uint32_t i = 0; i < rings; i++)
			if (polls[i].revents)
				eventfd_read(polls[i].fd, &count);
	} while (!polls[rings].revents);
}

/* Receives a guest from stdin, runs it until SIGTERM, hands it over to stdout; both are sockets. */
static int run_device(void)
{
	static char document[DOCUMENT_MAX];
	struct vhc_tap *tap;
	struct vhc_dev *dev;
	sigset_t term;
	char *json;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (vhc_ctx_new(&ctx) || fds_receive(STDIN_FILENO, document, sizeof(document), fds) < 0)
		errx(1, "no guest was received");
	map_guest();
	check(vhc_tap_open_fds(ctx, &fds[1], guest->pairs, &tap));
	dev = take_over(tap, document);
	drive(dev, signalfd(-1, &term, SFD_CLOEXEC));
	check(vhc_dev_stop(dev));
	check(vhc_dev_save(dev, &json));
	send_guest(STDOUT_FILENO, json);
	free(json);
	vhc_dev_close(dev);
	vhc_tap_close(tap);
	vhc_ctx_free(ctx);
	return 0;
}

/* --------------------------------------------------------------------------------- the other end */

static struct other_end other;

static void open_wire(const char *name)
{
	struct sockaddr_ll addr = { AF_PACKET, htons(ETH_P_IP), (int)if_nametoindex(name) };
	struct ifreq link = { .ifr_flags = IFF_UP };

	other.wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP));
	strncpy(link.ifr_name, name, IFNAMSIZ - 1);
	if (other.wire < 0 || ioctl(other.wire, SIOCSIFFLAGS, &link) ||
	    bind(other.wire, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "packet socket on %s", name);
}

/* Exchanges frames until @number of each flow arrived at both ends.  False: the rest is lost. */
static bool traffic(uint32_t number)
{
	struct pollfd polls = { other.wire, POLLIN, 0 };
	bool all = false;

	for (int silence = 0; !all && silence < SILENCE;
	     silence = poll(&polls, 1, 1) ? 0 : silence + 1) {
		other_end_turn(&other, guest);
		all = true;
		for (uint32_t f = 0; f < guest->pairs; f++)
			all = all && other.out[f].below >= number &&
			      __atomic_load_n(&guest->in[f].below, __ATOMIC_ACQUIRE) >= number;
	}
	return all;
}

struct process {
	pid_t pid;
	int hand, heir; /* its stdout, and the other end, which is its successor's stdin */
};

static struct process spawn(int in)
{
	struct process process;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		err(1, "socketpair");
	process = (struct process){ fork(), pair[0], pair[1] };
	if (!process.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in, STDIN_FILENO);
		dup2(pair[0], STDOUT_FILENO);
		execl("/proc/self/exe", "handover", "run", NULL);
		_exit(127);
	}
	if (process.pid < 0)
		err(1, "fork");
	close(in);
	return process;
}

/* Ends a process, which hands over the guest; if killed, we do.  Returns whether it ended that way. */
static bool end(struct process *process, int signal)
{
	int status = 0;

	kill(process->pid, signal);
	waitpid(process->pid, &status, 0);
	if (signal == SIGKILL)
		send_guest(process->hand, "");
	close(process->hand);
	return signal == SIGKILL ? WIFSIGNALED(status) : status == 0;
}

/* Runs one guest in several processes.  Returns whether nothing was lost or duplicated. */
static bool hand_over(uint32_t pairs, const char *how, int signal)
{
	uint32_t lost = 0, twice = 0, wrong = 0;
	struct process now;
	bool good = true;
	int first[2];

	fds[0] = memfd_create("guest", MFD_CLOEXEC);
	if (fds[0] < 0 || ftruncate(fds[0], sizeof(*guest)) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, first))
		err(1, "the guest's memory");
	map_guest();
	guest_init(guest, pairs);
	other = (struct other_end){ .wire = other.wire };
	send_guest(first[0], "");
	now = spawn(first[1]);
	close(first[0]);
	for (uint32_t i = 1; i <= HANDOVERS && good; i++) {
		good = traffic(i * GUEST_FRAMES / (HANDOVERS + 1));
		good = end(&now, signal) && good;
		now = spawn(now.heir);
	}
	good = good && traffic(GUEST_FRAMES);
	good = end(&now, SIGTERM) && good;
	close(now.heir);
	for (uint32_t f = 0; f < pairs; f++) {
		lost += 2 * GUEST_FRAMES - guest->in[f].below - other.out[f].below;
		twice += guest->in[f].twice + other.out[f].twice;
		wrong += guest->in[f].wrong + other.out[f].wrong;
	}
	printf("%s %u times, %u pairs: of %u frames, %u lost, %u duplicated, %u wrong\n", how,
	       HANDOVERS, pairs, 2 * pairs * GUEST_FRAMES, lost, twice, wrong);
	munmap(guest, sizeof(*guest));
	close(fds[0]);
	return good && !lost && !twice && !wrong;
}

int main(int argc, char **argv)
{
	struct vhc_tap *tap;
	uint32_t pairs;
	bool good;

	if (argc == 2 && !strcmp(argv[1], "run"))
		return run_device();
	pairs = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
	if (!pairs || pairs > GUEST_PAIRS)
		errx(2, "usage: handover [QUEUE-PAIRS], 1 to %u", GUEST_PAIRS);
	if (vhc_ctx_new(&ctx) || unshare(CLONE_NEWNET))
		err(1, "cannot create a network namespace");
	check(vhc_tap_open(ctx, NULL, VHC_ARG(vhc_tap_args, .queues = pairs), &tap));
	for (uint32_t i = 0; i < pairs; i++)
		fds[1 + i] = check(vhc_tap_get_fd(tap, i));
	open_wire(vhc_tap_get_name(tap));
	good = hand_over(pairs, "stopped and handed over", SIGTERM);
	good = hand_over(pairs, "killed and taken over", SIGKILL) && good;
	vhc_tap_close(tap);
	vhc_ctx_free(ctx);
	return good ? 0 : 1;
}
