/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * board - the memory that outlives every process of the guest: the guest's own (rings, buffers), and
 * a board on which the wire and the guest record what the other must know.
 *
 * A guest can be killed between any two instructions.  So everything its successor resumes from is
 * here, and everything that must be consistent at all times is written by one store.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "seen.h"

#define PAIRS_MAX     4u
#define RINGS_MAX     (2 * PAIRS_MAX)
#define RING_SIZE_MAX 1024u
#define PAGE	      4096u
#define RX_BUFFER     2048u /* one in each page of the arena, so that a page is one buffer */
#define TX_CHAIN      4u    /* descriptors that a frame may take */
#define TX_HEAD	      128u  /* bytes for what comes before a frame's body */
#define RING_BYTES    (8u * PAGE)
#define STATE_MAX     (256u * 1024u)

/* The guest-physical addresses of its memory. */
#define RINGS_ADDR 0x100000ull
#define TX_ADDR	   0x10000000ull
#define RX_ADDR	   0x40000000ull
#define EXTRA_ADDR 0x100000000ull
#define EXTRA_SIZE (4u << 20)

enum { /* the parts of the file, one after another */
       PART_BOARD,
       PART_RINGS,
       PART_TX,
       PART_RX,
       PART_EXTRA,
       PARTS
};

/* fds that the guest's process inherits; after these come tap queues, kicks and calls. */
enum { FD_MEMORY = 3, FD_BELL_GUEST, FD_BELL_WIRE, FD_FIRST };

/* What the wire does wrong once, at the end, to show that the test detects it. */
enum wrong { WRONG_NOTHING, WRONG_LOST, WRONG_TWICE, WRONG_DAMAGED };

/* How a process of the guest begins. */
enum { BEGIN_FRESH, BEGIN_LOAD, BEGIN_RECOVER };

/* How the dirty log is read; the last two lose pages, to show that the test detects it. */
enum harvest { HARVEST_LIBRARY, HARVEST_FILE, HARVEST_DROP, HARVEST_DRAIN };

/* How it ends.  Anything else is a failure. */
enum { END_DONE = 0, END_HANDED_OVER = 10 };

/* What the driver knows of a ring.  Positions never wrap; index = (position - origin) mod 2^16. */
struct ring_state {
	uint32_t origin;
	uint32_t next_avail; /* may be behind the ring's own index after a kill */
	uint32_t next_used;
	uint32_t reserved;
};

struct counts {
	uint64_t duplicated, corrupt, foreign, big, merged;
};

struct board {
	/* written before the first guest begins */
	uint64_t seed;
	uint32_t pairs, ring_size, arena, cycles_wanted;
	uint32_t in_window, out_window; /* frames of a flow that may be in flight */
	uint32_t kind;			/* enum frame_kind */
	uint32_t case_id;		/* a row of the table of cases */
	uint32_t per_child;		/* planned cycles in one process */
	uint32_t harvest;		/* enum harvest */
	char link[16];

	/* the wire's */
	uint32_t begin;		      /* BEGIN_ of the process that starts next */
	uint32_t acked[PAIRS_MAX];    /* transmitted frames of a flow that arrived, without a gap */
	uint32_t injected[PAIRS_MAX]; /* frames of a flow that were sent to the guest */
	uint32_t last_call, quit;     /* no new frames; exit */
	uint32_t paused;	      /* the guest's pause, as the wire last saw it */

	/* the guest's */
	uint32_t cycles, processes, done;
	uint32_t ready;		      /* the link is set up for the guest's features */
	uint32_t pause;		      /* odd: no frames except */
	uint32_t budget;	      /* this many, on the wire */
	uint32_t flood;		      /* frames to send regardless of the window */
	uint32_t forgiven[PAIRS_MAX]; /* frames below this are not waited for any more */
	struct counts in[PAIRS_MAX];  /* by ring; frames to the guest */
	struct ring_state ring[RINGS_MAX];
	struct seen seen[PAIRS_MAX]; /* received frames, by flow */
	uint64_t numbers[16];	     /* what a case counted; see its row */
	uint64_t missed_interrupts, wrong_bases;
	char trouble[2048]; /* why the guest gave up */
	uint32_t state_length;
	char state[STATE_MAX]; /* the document of a handover */
};

/* The file, mapped. */
struct ram {
	int fd;
	unsigned char *part[PARTS];
	size_t size[PARTS];
	size_t offset[PARTS];
};

/* Creates the file for that many pairs, or maps it if @fd is valid. */
int ram_map(struct ram *ram, int fd, uint32_t pairs, uint32_t arena);
void ram_unmap(struct ram *ram);

static inline struct board *ram_board(const struct ram *ram)
{
	return (struct board *)ram->part[PART_BOARD];
}

/* Prints the state of everything, for people. */
void board_describe(const struct ram *ram);

/* Buffers used on all rings except one (RINGS_MAX for all): shows that frames move. */
uint32_t board_moved(const struct board *board, uint32_t but);

/* Records why the guest gives up; the first reason is kept. */
void board_trouble(struct board *board, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define READ(x)	    __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define WRITE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELEASE)

#endif
