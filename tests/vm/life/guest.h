/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest - one process of the guest: the device, as a hypervisor would have it, and the driver.  What
 * a case does to the device is done here, while the driver thread and the wire keep running.
 */
#ifndef GUEST_H
#define GUEST_H

#include "board.h"
#include "driver.h"
#include "vhostconfig.h"

struct dirty;

struct guest {
	struct ram ram;
	struct board *board;
	struct driver driver;
	struct vhc_ctx *ctx;
	struct vhc_mem *mem;
	struct vhc_tap *tap;
	struct vhc_dev *dev;
	void *where[PARTS]; /* the device's mapping of each part */
	uint64_t random;
	struct dirty *dirty;
};

/* What is done to the guest.  Rows are in cases.c. */
struct life_case {
	const char *name;
	const char *what;				  /* a cycle is */
	bool kills;					  /* the wire's process does the cycles */
	uint32_t ring_size, arena, in_window, out_window; /* 0 for the usual */
	uint32_t per_child; /* cycles in one process before it hands over; 0 for all */
	void (*begin)(struct guest *guest);
	void (*step)(struct guest *guest);
	void (*end)(struct guest *guest); /* the device is stopped */
	const char *numbers[16];	  /* what board->numbers are */
};

extern const struct life_case life_cases[];

/* board->numbers of "kill": kills with frames in flight, and what was found after them. */
enum { KILL_BUSY, KILL_TAKEN_AGAIN, KILL_WAITING };

/* Runs one guest process, which was exec'ed with its fds in their places. */
int guest_main(void);

/* Gives up, with the library's text, when @r is an error. */
int must(struct guest *guest, int r);
__attribute__((noreturn, format(printf, 2, 3))) void give_up(struct guest *guest,
							     const char *format, ...);

/* A random number below @limit. */
uint32_t guest_random(struct guest *guest, uint32_t limit);

/* Waits until that many buffers were used on all rings except one; gives up if they are not. */
void guest_move(struct guest *guest, uint32_t count, uint32_t but);

/* Waits for a condition; gives up, naming it, if nothing at all moves for a long time. */
#define guest_wait(guest, condition)                                      \
	do {                                                              \
		struct patience patience_ = patience_new(guest);          \
		while (!(condition))                                      \
			patience_lose((guest), &patience_, (#condition)); \
	} while (0)

struct patience {
	int64_t since;
	uint32_t moved;
};

struct patience patience_new(struct guest *guest);
void patience_lose(struct guest *guest, struct patience *patience, const char *what);

/* No frame is in flight, and none is sent, until guest_resume(). */
void guest_pause(struct guest *guest);
void guest_settle(struct guest *guest); /* all that was sent meanwhile arrived */
void guest_resume(struct guest *guest);

/* The device: opened on fds, then set up from a document, from the memory, or fresh. */
void guest_open_device(struct guest *guest);
void guest_set_eventfds(struct guest *guest);
void guest_load(struct guest *guest);
void guest_save(struct guest *guest);
void guest_set_ring(struct guest *guest, uint32_t ring);

/* Stops the device and compares each base with the ring's used index. */
void guest_stop(struct guest *guest);

/* The region of a part; and the same at another address. */
void guest_add_part(struct guest *guest, int part);
void guest_del_part(struct guest *guest, int part);
void *guest_map_part(struct guest *guest, int part);

#endif
