/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind - the table of kinds, and the configuration space that each has.
 */
#include <string.h>

#include "kind.h"

static const struct broker_kind *const kinds[] = { &broker_kind_net, &broker_kind_vsock };

const struct broker_kind *broker_kind_get(enum vhc_type type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i]->type == type)
			return kinds[i];
	return NULL;
}

int session_get_config(struct session *session, struct wire_message *message)
{
	const struct broker_device *device = session->device;
	uint8_t space[WIRE_CONFIG_SIZE] = { 0 };

	device->kind->put_config(device, space);
	wire_reply_same(message);
	memcpy(message->payload.config.bytes, space + message->payload.config.offset,
	       message->payload.config.size);
	return 0;
}

int session_activate(struct session *session)
{
	const struct broker_kind *kind = session->device->kind;

	return kind->activate ? kind->activate(session) : 0;
}
