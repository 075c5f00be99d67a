/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spoil - what may be wrong with a message, one thing at a time; the first is nothing.
 */
#ifndef TESTS_BROKER_SPOIL_H
#define TESTS_BROKER_SPOIL_H

#include "wire.h"

#define SPOILS 19u

struct spoil {
	const char *name;
	void (*spoil)(struct wire_message *m);
};

extern const struct spoil spoils[SPOILS];

#endif
