/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a vhost-setup document may say, but to no effect.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "host.h"
#include "setup/setup.h"

/* Who connects to a socket writes to it. */
static bool group_is_idle(const struct host_socket *socket)
{
	return socket->group && !(host_socket_mode(socket) & S_IWGRP);
}

void host_setup_advise(const struct host_setup *setup, void (*say)(void *data, const char *line),
		       void *data)
{
	char line[300];

	for (size_t i = 0; i < setup->devices.count; i++) {
		const struct host_device *device = host_device(setup, i);

		if (!group_is_idle(&device->socket))
			continue;
		snprintf(line, sizeof(line),
			 "%s: the group \"%s\" of its socket may not connect with mode %04o: set "
			 "\"mode\": \"0660\" in \"socket\"",
			 device->id, device->socket.group, host_socket_mode(&device->socket));
		say(data, line);
	}
}
