/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sound - what must be so in the kernel after any call of the library, whatever failed in it.
 */
#ifndef TESTS_SOUND_H
#define TESTS_SOUND_H

#include "crowd.h"

/**
 * sound_check() - a ring that runs is in the memory that its vhost fd has, and logs only to a dirty log
 * that is mapped and long enough; no I/O virtual address is mapped twice.  Says on stderr what is not.
 */
bool sound_check(struct fake *fake);

/** sound_in_memory() - is a range of user addresses in one region of the memory that a vhost fd has? */
bool sound_in_memory(const struct fake_vhost *vhost, uint64_t user, uint64_t size);

/** sound_stopped() - no ring of a vhost fd runs.  Says on stderr which does. */
bool sound_stopped(const struct fake_vhost *vhost);

#endif
