/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * life CASE [--pairs N] [--cycles N] [--kind small|gso|mixed] [--seed N] - a guest under load in both
 * directions, to which something is done many times: is any frame lost, duplicated or damaged?  See
 * cases.c for the cases.  --harvest file|drop|drain reads the dirty log in another way; drop and drain
 * must lose pages.  --wrong lost|twice|damaged does that to one frame, which must be detected.
 *
 * This process holds what outlives the guest's processes: tap queues, the guest's memory, eventfds;
 * never a vhost fd.  It is also the wire.  Prints TAP, and a line of numbers that starts with
 * "# life".  Needs root; creates a network namespace of its own.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "report.h"
#include "wire.h"

#define STALL_S	   90 /* how long nothing may move */
#define WRONG_S	   5
#define ARENA	   1024u
#define RING_SIZE  256u
#define IN_WINDOW  64u
#define OUT_WINDOW 96u
#define EARLY	   16u /* kills for each one that comes while the process starts */
#define EARLY_US   60000u
#define KILL_AFTER 300u /* buffers, at most */

static const char *const harvests[] = { [HARVEST_LIBRARY] = "library",
					[HARVEST_FILE] = "file",
					[HARVEST_DROP] = "drop",
					[HARVEST_DRAIN] = "drain" };

static const char *const wrongs[] = { [WRONG_NOTHING] = "nothing",
				      [WRONG_LOST] = "lost",
				      [WRONG_TWICE] = "twice",
				      [WRONG_DAMAGED] = "damaged" };

static struct ram ram;
static struct board *board;
static struct wire wire;
static const struct life_case *row;
static pid_t guest;
static int guest_fd = -1;
static uint64_t chance;
static enum wrong wrong;
static int64_t patience = STALL_S;
static struct {
	uint32_t moved; /* kill when that many buffers were used */
	bool early;	/* or just some time after the start */
} sentence;

static uint32_t pick(uint32_t limit)
{
	chance = chance * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(chance >> 33) % limit;
}

static int64_t seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* ----------------------------------------------------------------------------------------- set-up */

/* Reserves the numbers of the guest's fds. */
static void reserve_fds(void)
{
	int null;

	close_range(3, ~0u, 0);
	null = open("/dev/null", O_RDWR); /* is the first of them */
	for (int fd = null + 1; fd < FD_FIRST + 5 * (int)PAIRS_MAX; fd++)
		if (fcntl(null, F_DUPFD, fd) != fd)
			err(1, "fd %d", fd);
}

static void put_fd(int fd, int place)
{
	if (fd < 0 || dup2(fd, place) < 0)
		err(1, "fd for %d", place);
}

static void open_link(void)
{
	struct vhc_ctx *ctx;
	struct vhc_tap *tap;

	if (vhc_ctx_new(&ctx) || unshare(CLONE_NEWNET))
		err(1, "cannot create a network namespace");
	if (vhc_tap_open(ctx, NULL, VHC_ARG(vhc_tap_args, .queues = board->pairs), &tap))
		errx(1, "%s", vhc_ctx_get_error(ctx)->text);
	snprintf(board->link, sizeof(board->link), "%s", vhc_tap_get_name(tap));
	for (uint32_t i = 0; i < board->pairs; i++)
		put_fd(vhc_tap_get_fd(tap, i), FD_FIRST + (int)i);
	vhc_tap_close(tap);
	vhc_ctx_free(ctx);
}

static void open_all(uint32_t pairs)
{
	uint32_t arena = row->arena ? row->arena : ARENA;

	reserve_fds();
	if (ram_map(&ram, -1, pairs, arena))
		err(1, "the guest's memory");
	board = ram_board(&ram);
	board->pairs = pairs;
	board->arena = arena;
	board->ring_size = row->ring_size ? row->ring_size : RING_SIZE;
	board->in_window = row->in_window ? row->in_window : IN_WINDOW;
	board->out_window = row->out_window ? row->out_window : OUT_WINDOW;
	frame_pattern(ram.part[PART_TX] + pairs * TX_HEADS_BYTES);
	put_fd(ram.fd, FD_MEMORY);
	put_fd(eventfd(0, EFD_NONBLOCK), FD_BELL_GUEST);
	put_fd(eventfd(0, EFD_NONBLOCK), FD_BELL_WIRE);
	for (uint32_t i = 0; i < 4 * pairs; i++)
		put_fd(eventfd(0, EFD_NONBLOCK), FD_FIRST + (int)(pairs + i));
	open_link();
	if (wire_open(&wire, &ram))
		err(1, "packet socket on %s", board->link);
}

/* ------------------------------------------------------------------------------- guest's processes */

static void start_guest(uint32_t begin)
{
	board->begin = begin;
	guest = fork();
	if (!guest) {
		execl("/proc/self/exe", "vm-life", "guest", NULL);
		_exit(127);
	}
	if (guest_fd >= 0)
		close(guest_fd);
	guest_fd = guest < 0 ? -1 : (int)syscall(SYS_pidfd_open, guest, 0);
	if (guest_fd < 0)
		err(1, "no process for the guest");
	sentence.early = row->kills && pick(EARLY) == 0;
	sentence.moved = board_moved(board, RINGS_MAX) + pick(KILL_AFTER);
}

/* The process ended by itself.  Returns false if the test cannot continue. */
static bool guest_ended(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);

	guest = 0;
	if (code == END_HANDED_OVER) {
		start_guest(BEGIN_LOAD);
		return true;
	}
	if (code != END_DONE || !board->quit)
		printf("# a process of the guest ended with %d\n", code);
	return false;
}

/* What a killed process left: unused transmit buffers, and frames that it has not received. */
static void look_at_remains(void)
{
	uint32_t again = 0, waiting = 0;

	for (uint32_t f = 0; f < board->pairs; f++) {
		struct ring ring;

		ring_place(&ring, &ram, 2 * f + 1);
		again += (uint16_t)(ring.avail->idx - ring.used->idx);
		waiting += board->injected[f] - wire.arrived[f];
	}
	board->numbers[KILL_BUSY] += again || waiting;
	board->numbers[KILL_TAKEN_AGAIN] += again;
	board->numbers[KILL_WAITING] += waiting;
}

/* At any moment, which may be while it starts. */
static void kill_guest(void)
{
	if (sentence.early)
		usleep(pick(EARLY_US));
	else if (pick(2))
		for (volatile uint32_t spin = pick(100000); spin; spin--)
			;
	kill(guest, SIGKILL);
	waitpid(guest, NULL, 0);
	look_at_remains();
	board->cycles++;
	start_guest(BEGIN_RECOVER);
}

static bool must_die(void)
{
	return row->kills && board->cycles < board->cycles_wanted &&
	       (sentence.early || (int32_t)(board_moved(board, RINGS_MAX) - sentence.moved) >= 0);
}

/* -------------------------------------------------------------------------------------------- run */

/* Nothing may stall before everything is done.  Returns false if something did. */
static bool goes_on(void)
{
	static uint32_t before;
	static int64_t since;
	uint32_t now = board_moved(board, RINGS_MAX) + board->cycles + board->injected[0] +
		       board->acked[0];

	if (now != before || !since)
		since = seconds();
	before = now;
	if (seconds() - since < patience)
		return true;
	printf("# nothing moved for %d s\n", (int)patience);
	return false;
}

static void check_end(void)
{
	if (row->kills && board->cycles >= board->cycles_wanted)
		WRITE(board->done, 1);
	if (READ(board->done))
		WRITE(board->last_call, 1);
	if (!board->last_call || board->quit || !wire_all_arrived(&wire))
		return;
	if (wrong && patience == STALL_S) {
		patience = WRONG_S;
		wire_do_wrong(&wire, wrong);
	}
	if (!wrong || board->in[0].duplicated) /* a lost or damaged frame never arrives */
		WRITE(board->quit, 1);
}

/* Returns whether the guest ended normally. */
static bool run(void)
{
	int status;

	start_guest(BEGIN_FRESH);
	while (goes_on()) {
		bool some = wire_turn(&wire);

		if (waitpid(guest, &status, WNOHANG) == guest && !guest_ended(status))
			return board->quit && status == 0;
		if (must_die())
			kill_guest();
		check_end();
		if (!some)
			wire_sleep(&wire, guest_fd);
	}
	return false;
}

/* --------------------------------------------------------------------------------------- arguments */

static uint32_t find(const char *const *names, size_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	errx(2, "what is %s?", name);
}

#define FIND(names, name) find(names, sizeof(names) / sizeof((names)[0]), name)

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pairs", required_argument, NULL, 'p' },
		{ "cycles", required_argument, NULL, 'c' },
		{ "kind", required_argument, NULL, 'k' },
		{ "seed", required_argument, NULL, 's' },
		{ "harvest", required_argument, NULL, 'h' },
		{ "wrong", required_argument, NULL, 'w' },
		{ 0 },
	};
	uint32_t pairs = 1, cycles = 100, kind = KIND_MIXED, harvest = HARVEST_LIBRARY;
	bool ended;

	if (argc == 2 && !strcmp(argv[1], "guest"))
		return guest_main();
	chance = (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == 'p')
			pairs = (uint32_t)strtoul(optarg, NULL, 0);
		else if (o == 'c')
			cycles = (uint32_t)strtoul(optarg, NULL, 0);
		else if (o == 'k')
			kind = FIND(frame_kinds, optarg);
		else if (o == 's')
			chance = strtoull(optarg, NULL, 0);
		else if (o == 'h')
			harvest = FIND(harvests, optarg);
		else if (o == 'w')
			wrong = FIND(wrongs, optarg);
		else
			return 2;
	}
	for (row = life_cases; row->name && optind < argc && strcmp(row->name, argv[optind]);)
		row++;
	if (optind + 1 != argc || !row->name || !pairs || pairs > PAIRS_MAX)
		errx(2,
		     "usage: vm-life CASE [--pairs 1 to %u] [--cycles N] [--kind small|gso|mixed] "
		     "[--seed N] [--harvest library|file|drop|drain] [--wrong lost|twice|damaged]",
		     PAIRS_MAX);
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_all(pairs);
	board->kind = kind;
	board->harvest = harvest;
	board->seed = chance;
	board->cycles_wanted = cycles;
	board->case_id = (uint32_t)(row - life_cases);
	ended = run();
	if (guest > 0) {
		kill(guest, SIGKILL);
		waitpid(guest, NULL, 0);
	}
	return report(&ram, &wire, row, ended);
}
