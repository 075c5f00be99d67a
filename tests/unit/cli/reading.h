/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reading as the kernel could give it: two guests, of which the first has a net device on a bridge and a vsock
 * device that share a worker, and the second a net device that is stopped and has no link.
 */
#ifndef READING_H
#define READING_H

#include "look.h"

#define READING_NETNS 4026531840u
/* The name of the first guest's process: markup, a quote, a backslash, an escape and a byte that is no text. */
#define READING_NAME "<b>&\"\\N\033\377"

/* Plain data of this program: nothing of it is freed. */
const struct look_reading *reading_of_guests(void);

#endif
