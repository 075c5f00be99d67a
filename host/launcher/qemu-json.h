/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's options as the arguments of its monitor's commands.
 */
#ifndef HOST_QEMU_JSON_H
#define HOST_QEMU_JSON_H

#include "launcher/launch.h"

/* host_qemu_fd_name() - what an fd is called, as in VHOSTCTL_FDS: "net0.tap.0".  Returns @buf. */
#define HOST_FD_NAME_MAX 64
const char *host_qemu_fd_name(const struct host_view *view, int fd, char buf[HOST_FD_NAME_MAX]);

/*
 * host_qemu_json() - the options that a token stands for, and the device's id.
 * @token: "netdev" or "device".  @first: the key of its first word.
 */
int host_qemu_json(const struct host_view *view, const char *token, const char *first,
		   struct json_object **ret, struct host_error *err);

#endif
