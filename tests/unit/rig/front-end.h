/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * front-end - the other side of a session: what a vhost-user front-end sends, above all QEMU.  After every
 * call the kernel must be sound.
 */
#ifndef TESTS_FRONT_END_H
#define TESTS_FRONT_END_H

#include "session.h"

#define FRONT_PEER     0x7f0000000000ull /* its own address of the memory with the rings */
#define FRONT_RAM_SIZE 0x100000ull
#define FRONT_ROOM     0x4000ull /* for each ring */
#define FRONT_LOG_SIZE 0x10000ull

struct front_end {
	struct rig rig; /* its kernel, context and tap */
	struct session session;
	int ram, log; /* files */
	bool broken;  /* sound_check() said no once */
};

void front_new(struct front_end *front, uint32_t pairs);
/** front_close() - nothing may be left, and the kernel must have been sound all the time. */
void front_close(struct front_end *front);

/** front_send() - a message, which must succeed.  Returns the answer's value. */
uint64_t front_send(struct front_end *front, struct session_message message);
uint64_t front_say(struct front_end *front, enum session_request request, uint32_t ring,
		   uint64_t value);
/** front_give() - a new eventfd, which is returned. */
int front_give(struct front_end *front, enum session_request request, uint32_t ring);
/** front_give_and_close() - the front-end keeps no eventfd after it has sent it. */
void front_give_and_close(struct front_end *front, enum session_request request, uint32_t ring);
/** front_table() - SET_MEM_TABLE with the first region, or with both. */
struct session_message front_table(const struct front_end *front, uint32_t regions);
void front_set_addr(struct front_end *front, uint32_t ring, uint64_t base, uint64_t log);
void front_set_log(struct front_end *front);
/** front_acked() - the features that it accepts. */
uint64_t front_acked(const struct front_end *front);

/** front_qemu_ring() - what QEMU sends of a ring when it starts the device: the call that counts comes last. */
void front_qemu_ring(struct front_end *front, uint32_t ring, uint32_t base);
/** front_start() - what QEMU sends until all rings run.  @more: features, besides those of front_acked(). */
void front_start(struct front_end *front, uint64_t more);

bool front_all_run(struct front_end *front);
bool front_none_runs(struct front_end *front);

#endif
