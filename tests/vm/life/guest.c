/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest - sets up a device on inherited fds and memory, runs the steps of a case, and exits.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define FEATURES   "version_1,mrg_rxbuf,event_idx,indirect_desc,csum,guest_csum,guest_tso4,host_tso4"
#define PATIENCE_S 60

static const uint64_t part_addr[PARTS] = {
	[PART_RINGS] = RINGS_ADDR,
	[PART_TX] = TX_ADDR,
	[PART_RX] = RX_ADDR,
	[PART_EXTRA] = EXTRA_ADDR,
};

void give_up(struct guest *guest, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	board_trouble(guest->board, "%s", text);
	_exit(1);
}

int must(struct guest *guest, int r)
{
	if (r < 0)
		give_up(guest, "%s (%d)", vhc_ctx_get_error(guest->ctx)->text, r);
	return r;
}

uint32_t guest_random(struct guest *guest, uint32_t limit)
{
	guest->random = guest->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(guest->random >> 33) % limit;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

struct patience patience_new(struct guest *guest)
{
	return (struct patience){ now(), board_moved(guest->board, RINGS_MAX) };
}

void patience_lose(struct guest *guest, struct patience *patience, const char *what)
{
	uint32_t moved = board_moved(guest->board, RINGS_MAX);

	if (moved != patience->moved)
		*patience = (struct patience){ now(), moved };
	else if (now() - patience->since > PATIENCE_S)
		give_up(guest, "nothing moves any more; waited for: %s", what);
	usleep(100);
}

void guest_move(struct guest *guest, uint32_t count, uint32_t but)
{
	uint32_t before = board_moved(guest->board, but);
	int64_t since = now();

	while (board_moved(guest->board, but) - before < count) {
		if (now() - since > PATIENCE_S)
			give_up(guest, "%u of %u buffers came back on the rings but %u, no more",
				board_moved(guest->board, but) - before, count, but);
		usleep(100);
	}
}

static bool is_quiet(const struct board *board)
{
	for (uint32_t f = 0; f < board->pairs; f++) {
		uint32_t injected = READ(board->injected[f]);
		uint32_t first = injected > 1024 ? injected - 1024 : 0;

		if (first < board->forgiven[f])
			first = board->forgiven[f];
		if (seen_first_missing(&board->seen[f], first) != injected ||
		    READ(board->acked[f]) != READ(board->ring[2 * f + 1].next_avail) ||
		    board->ring[2 * f + 1].next_used != board->ring[2 * f + 1].next_avail)
			return false;
	}
	return true;
}

void guest_settle(struct guest *guest)
{
	guest_wait(guest, is_quiet(guest->board));
}

void guest_pause(struct guest *guest)
{
	struct board *board = guest->board;

	WRITE(board->pause, board->pause + 1);
	guest_wait(guest, READ(board->paused) == board->pause);
	for (uint32_t i = 0; i < 2 * board->pairs; i++) { /* the driver's turn is over */
		pthread_mutex_lock(&guest->driver.ring[i].lock);
		pthread_mutex_unlock(&guest->driver.ring[i].lock);
	}
	guest_settle(guest);
}

void guest_resume(struct guest *guest)
{
	WRITE(guest->board->pause, guest->board->pause + 1);
	eventfd_write(FD_BELL_GUEST, 1);
	eventfd_write(FD_BELL_WIRE, 1);
}

/* ---------------------------------------------------------------------------------------- memory */

void *guest_map_part(struct guest *guest, int part)
{
	void *place = mmap(NULL, guest->ram.size[part], PROT_READ | PROT_WRITE, MAP_SHARED,
			   FD_MEMORY, (off_t)guest->ram.offset[part]);

	if (place == MAP_FAILED)
		give_up(guest, "mmap: %m");
	return place;
}

void guest_add_part(struct guest *guest, int part)
{
	must(guest, vhc_mem_add(guest->mem, VHC_ARG(vhc_region, .guest_addr = part_addr[part],
						    .size = guest->ram.size[part],
						    .user_addr = (uintptr_t)guest->where[part])));
}

void guest_del_part(struct guest *guest, int part)
{
	must(guest, vhc_mem_del(guest->mem, part_addr[part], guest->ram.size[part]));
}

static void open_memory(struct guest *guest)
{
	static const int parts[] = { PART_RINGS, PART_TX, PART_RX };

	must(guest, vhc_mem_new(guest->ctx, &guest->mem));
	for (int i = 0; i < 3; i++) {
		guest->where[parts[i]] = guest_map_part(guest, parts[i]);
		guest_add_part(guest, parts[i]);
	}
	must(guest, vhc_mem_commit(guest->mem));
}

/* ---------------------------------------------------------------------------------------- device */

void guest_open_device(struct guest *guest)
{
	must(guest, vhc_dev_open(guest->ctx, "net0", NULL,
				 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET,
					 .queue_pairs = guest->board->pairs),
				 &guest->dev));
	must(guest, vhc_dev_set_mem(guest->dev, guest->mem));
	must(guest, vhc_dev_set_tap(guest->dev, guest->tap));
}

void guest_set_eventfds(struct guest *guest)
{
	for (uint32_t i = 0; i < 2 * guest->board->pairs; i++) {
		must(guest, vhc_ring_set_kick(guest->dev, i, guest->driver.ring[i].kick));
		must(guest, vhc_ring_set_call(guest->dev, i, guest->driver.ring[i].call));
	}
}

void guest_set_ring(struct guest *guest, uint32_t ring)
{
	const struct ring *place = &guest->driver.ring[ring];
	const struct vhc_ring_addr *addr =
		VHC_ARG(vhc_ring_addr, .desc = ring_guest_addr(&guest->ram, place->desc),
			.avail = ring_guest_addr(&guest->ram, place->avail),
			.used = ring_guest_addr(&guest->ram, place->used));

	must(guest, vhc_ring_set_size(guest->dev, ring, guest->board->ring_size));
	must(guest, vhc_ring_set_addr(guest->dev, ring, addr));
}

static void set_up(struct guest *guest)
{
	struct vhc_features want, acked;

	must(guest, vhc_features_parse(guest->ctx, VHC_TYPE_NET, FEATURES, &want));
	must(guest, vhc_dev_offer_features(guest->dev, &want, &want, &acked));
	must(guest, vhc_dev_set_features(guest->dev, &acked, 0));
	for (uint32_t i = 0; i < 2 * guest->board->pairs; i++)
		guest_set_ring(guest, i);
}

static void recover(struct guest *guest)
{
	for (uint32_t i = 0; i < 2 * guest->board->pairs; i++)
		must(guest, vhc_ring_recover_base(guest->dev, i));
}

void guest_load(struct guest *guest)
{
	must(guest, vhc_dev_load(guest->dev, guest->board->state));
}

void guest_save(struct guest *guest)
{
	char *json;

	must(guest, vhc_dev_save(guest->dev, &json));
	if (strlen(json) >= STATE_MAX)
		give_up(guest, "a document of %zu bytes", strlen(json));
	strcpy(guest->board->state, json);
	free(json);
}

void guest_stop(struct guest *guest)
{
	uint32_t base;

	must(guest, vhc_dev_stop(guest->dev));
	for (uint32_t i = 0; i < 2 * guest->board->pairs; i++) {
		must(guest, vhc_ring_get_base(guest->dev, i, &base));
		guest->board->wrong_bases += base != guest->driver.ring[i].used->idx;
	}
}

static void open_all(struct guest *guest)
{
	int fds[PAIRS_MAX];

	for (uint32_t i = 0; i < guest->board->pairs; i++)
		fds[i] = FD_FIRST + (int)i;
	if (vhc_ctx_new(&guest->ctx))
		give_up(guest, "no context");
	must(guest, vhc_tap_open_fds(guest->ctx, fds, guest->board->pairs, &guest->tap));
	open_memory(guest);
	guest_open_device(guest);
	if (guest->board->begin == BEGIN_LOAD)
		guest_load(guest);
	else
		set_up(guest);
	if (guest->board->begin == BEGIN_RECOVER)
		recover(guest);
	guest_set_eventfds(guest);
	must(guest, vhc_dev_start(guest->dev));
	WRITE(guest->board->ready, 1);
}

static void close_all(struct guest *guest)
{
	vhc_dev_close(guest->dev);
	vhc_tap_close(guest->tap);
	vhc_mem_free(guest->mem);
	vhc_ctx_free(guest->ctx);
}

/* ------------------------------------------------------------------------------------------ life */

static bool do_cycles(struct guest *guest, const struct life_case *row)
{
	struct board *board = guest->board;

	for (uint32_t i = 0; board->cycles < board->cycles_wanted; i++) {
		if (row->per_child && i == row->per_child)
			return false;
		row->step(guest);
		WRITE(board->cycles, board->cycles + 1);
	}
	return true;
}

static void hand_over(struct guest *guest)
{
	guest_stop(guest);
	guest_save(guest);
	driver_end(&guest->driver);
	close_all(guest);
}

int guest_main(void)
{
	static struct guest guest;
	const struct life_case *row;
	struct board *head;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	head = mmap(NULL, sizeof(*head), PROT_READ, MAP_SHARED, FD_MEMORY, 0);
	if (head == MAP_FAILED || ram_map(&guest.ram, FD_MEMORY, head->pairs, head->arena))
		return 1;
	guest.board = ram_board(&guest.ram);
	guest.random = guest.board->seed + ++guest.board->processes;
	row = &life_cases[guest.board->case_id];
	driver_init(&guest.driver, &guest.ram);
	open_all(&guest);
	if (driver_run(&guest.driver))
		give_up(&guest, "no thread for the driver");
	if (row->begin)
		row->begin(&guest);
	if (row->step && !do_cycles(&guest, row)) {
		hand_over(&guest);
		return END_HANDED_OVER;
	}
	if (!row->kills)
		WRITE(guest.board->done, 1);
	while (!READ(guest.board->quit))
		usleep(1000);
	driver_end(&guest.driver);
	guest_stop(&guest);
	if (row->end)
		row->end(&guest);
	close_all(&guest);
	return END_DONE;
}
