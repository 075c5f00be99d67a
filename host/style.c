/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of launcher styles.
 */
#include "kind.h"
#include "style.h"

static const struct host_token none[] = { { 0 } };

const struct host_style host_styles[] = {
	[HOST_STYLE_QEMU] = { .name = "qemu",
			      .options = HOST_TOLD_ALL,
			      .environ = "",
			      .tokens = host_qemu_tokens,
			      .use = { "-netdev @ID.netdev@ -device @ID.device@",
				       "-device @ID.device@" } },
	[HOST_STYLE_LISTEN_FDS] = { .name = "listen-fds",
				    .options = HOST_TOLD_ALL,
				    .environment = true,
				    .environ = ", LISTEN_FDS",
				    .tokens = none },
	[HOST_STYLE_ENV] = { .name = "env",
			     .options = HOST_TOLD_ALL,
			     .environment = true,
			     .environ = "",
			     .tokens = none },
};
