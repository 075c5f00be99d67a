/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * form - the payloads that messages have, and the fds that come with them.
 */
#ifndef WIRE_FORM_H
#define WIRE_FORM_H

#include "wire.h"

enum wire_form {
	WIRE_FORM_EMPTY,
	WIRE_FORM_EMPTY_FD, /* and one fd */
	WIRE_FORM_U64,
	WIRE_FORM_RING,	   /* index and value */
	WIRE_FORM_RING_FD, /* index; one fd unless a bit says that there is none */
	WIRE_FORM_ADDR,
	WIRE_FORM_TABLE, /* regions, and an fd for each */
	WIRE_FORM_SLOT,	 /* a region; an fd may come with it, which is not needed */
	WIRE_FORM_SLOT_FD,
	WIRE_FORM_LOG, /* and one fd */
	WIRE_FORM_IOTLB,
	WIRE_FORM_CONFIG,
};

#endif
